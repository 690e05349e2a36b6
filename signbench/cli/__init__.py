"""The command line: one module per command group, which parses, calls and prints."""
