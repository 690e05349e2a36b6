"""A study's result for people: printed tables, and the HTML report with its figures."""
