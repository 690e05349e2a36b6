"""Leaderboards: rows that papers published, rows that were measured, and which of them can be compared."""
