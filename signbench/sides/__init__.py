"""What ``measure`` reads: folders, containers, tables of texts, features and labels."""
