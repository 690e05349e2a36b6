"""Prepares a study: how many raters and signs it needs, and its packs, videos and blank sheets."""
