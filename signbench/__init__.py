"""signbench: the evaluation harness for sign-language generation.

>>> import signbench
>>> result = signbench.measure("references", "predictions", metrics=["ssim", "dtw"])  # doctest: +SKIP
>>> result["ssim"].value, result["ssim"].interval  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signbench.errors import SignbenchError
    from signbench.media.pose import Pose
    from signbench.runs.result import Result, Score
    from signbench.scoring.measure import measure
    from signbench.scoring.torchmetric import as_torchmetric

__all__ = ["Pose", "Result", "Score", "SignbenchError", "__version__", "as_torchmetric", "measure"]

_HOMES = {
    "Pose": "signbench.media.pose",
    "Result": "signbench.runs.result",
    "Score": "signbench.runs.result",
    "SignbenchError": "signbench.errors",
    "as_torchmetric": "signbench.scoring.torchmetric",
    "measure": "signbench.scoring.measure",
}


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used, so that ``import signbench`` and ``signbench --help`` are quick."""
    import importlib

    if name == "__version__":
        from importlib.metadata import version

        return version("signbench")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'signbench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
