"""The time that tests wait for an expected event."""

from __future__ import annotations

PATIENCE = 1200.0
"""Seconds after which something is considered hung; long enough for a busy machine."""
