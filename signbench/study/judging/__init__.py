"""Judges answers: correct, wrong, blank, or open until a person decides."""
