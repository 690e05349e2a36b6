"""Static pages in signbench's own style: its style sheet, the script of its tables, and what every page needs to be safe."""
