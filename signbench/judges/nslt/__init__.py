"""NSLT: neural sign language translation with recurrent networks and attention, on pictures or on key points."""
