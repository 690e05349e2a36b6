"""Leaderboards: rows that papers published, rows that were measured, and what may stand beside what."""
