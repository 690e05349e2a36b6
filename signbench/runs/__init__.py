"""The run folder: its specification, its records, its result, and the tables made from it."""
