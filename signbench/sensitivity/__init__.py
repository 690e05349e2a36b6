"""What each metric can and cannot see: known degradations of increasing strength, and their effect on every score."""
