"""Metrics: each clip's sufficient statistics, and their fold into a score."""
