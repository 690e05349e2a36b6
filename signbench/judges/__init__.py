"""Judges: trained networks that answer about a clip, one folder each."""
