"""What each metric can and cannot see: known degradations in rising strength, and what they do to every score."""
