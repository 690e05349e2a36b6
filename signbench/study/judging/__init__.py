"""What an answer counts as: correct, wrong, blank, or open until a person decides."""
