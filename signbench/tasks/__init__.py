"""Tasks: prompts, required output, expected clips, and metrics."""
