"""Tasks: what is given, what is handed in, which clips are expected, and by which metrics they are scored."""
