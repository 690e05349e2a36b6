"""How long tests wait for what should come."""

from __future__ import annotations

PATIENCE = 1200.0
"""Seconds after which something counts as hung: so long that a busy machine is never taken for one."""
