"""How long tests wait for an expected event."""

from __future__ import annotations

PATIENCE = 1200.0
"""Seconds after which something is considered hung: long enough that a busy machine is never mistaken for it."""
