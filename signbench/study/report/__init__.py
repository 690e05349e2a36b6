"""Presents the result of a study: printed tables, and the HTML report with its figures."""
