"""Frozen networks that turn a clip's frames into observations."""
