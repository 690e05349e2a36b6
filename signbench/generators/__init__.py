"""Generators, which turn prompts into signing: the interface, the trivial generators, and the folder of productions."""
