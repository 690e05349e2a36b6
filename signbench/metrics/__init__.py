"""Metrics: each clip's sufficient statistics, and their fold into a score."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signbench.metrics.torchmetric import as_torchmetric

__all__ = ["as_torchmetric"]


def __getattr__(name: str) -> object:
    if name == "as_torchmetric":  # torchmetrics brings torch, which most uses of this package do without
        from signbench.metrics.torchmetric import as_torchmetric

        return as_torchmetric
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
