"""The folder of productions: prompts, manifest, reading and checks."""
