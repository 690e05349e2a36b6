"""Foreign code, which is not part of signbench: its isolation, and its identity by content."""
