"""The report of one or several runs: static pages with scores, distributions, and clips side by side."""
