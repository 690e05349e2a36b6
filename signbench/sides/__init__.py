"""The inputs of ``measure``: folders, containers, tables of texts, features and labels."""
