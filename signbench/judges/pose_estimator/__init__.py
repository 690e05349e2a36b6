"""Whole-body key points of each frame, by heat maps."""
