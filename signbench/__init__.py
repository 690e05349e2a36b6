"""signbench: the evaluation harness for sign-language generation.

>>> import signbench
>>> result = signbench.measure("references", "predictions", metrics=["ssim", "dtw"])  # doctest: +SKIP
>>> result["ssim"].value, result["ssim"].interval  # doctest: +SKIP

This is the public interface; its names keep their meaning from one version to the next. Each name is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signbench.errors import IncompleteError, InputError, MediaError, NotComparableError, SignbenchError
    from signbench.generators.base import Card, Generator
    from signbench.judges.base import Judge, JudgedClip
    from signbench.leaderboard.compare import compare
    from signbench.media.motion import Motion
    from signbench.media.pose import Pose
    from signbench.metrics.base import Metric
    from signbench.predictions.prompts import Production, Prompt
    from signbench.report.notebook import plot, show
    from signbench.runs.comparison import Comparison, MetricComparison, PairOfRuns
    from signbench.runs.result import Judged, Result, Score
    from signbench.scoring.finished import FinishedRun
    from signbench.scoring.measure import measure
    from signbench.scoring.run import run
    from signbench.scoring.score import score
    from signbench.scoring.torchmetric import as_torchmetric
    from signbench.scoring.train import train

__all__ = [
    "Card",
    "Comparison",
    "FinishedRun",
    "Generator",
    "IncompleteError",
    "InputError",
    "Judge",
    "Judged",
    "JudgedClip",
    "MediaError",
    "Metric",
    "MetricComparison",
    "Motion",
    "NotComparableError",
    "PairOfRuns",
    "Pose",
    "Production",
    "Prompt",
    "Result",
    "Score",
    "SignbenchError",
    "__version__",
    "as_torchmetric",
    "compare",
    "measure",
    "plot",
    "run",
    "score",
    "show",
    "train",
]

_HOMES = {
    "Card": "signbench.generators.base",
    "Comparison": "signbench.runs.comparison",
    "FinishedRun": "signbench.scoring.finished",
    "Generator": "signbench.generators.base",
    "IncompleteError": "signbench.errors",
    "InputError": "signbench.errors",
    "Judge": "signbench.judges.base",
    "Judged": "signbench.runs.result",
    "JudgedClip": "signbench.judges.base",
    "MediaError": "signbench.errors",
    "Metric": "signbench.metrics.base",
    "MetricComparison": "signbench.runs.comparison",
    "Motion": "signbench.media.motion",
    "NotComparableError": "signbench.errors",
    "PairOfRuns": "signbench.runs.comparison",
    "Pose": "signbench.media.pose",
    "Production": "signbench.predictions.prompts",
    "Prompt": "signbench.predictions.prompts",
    "Result": "signbench.runs.result",
    "Score": "signbench.runs.result",
    "SignbenchError": "signbench.errors",
    "as_torchmetric": "signbench.scoring.torchmetric",
    "compare": "signbench.leaderboard.compare",
    "measure": "signbench.scoring.measure",
    "plot": "signbench.report.notebook",
    "run": "signbench.scoring.run",
    "score": "signbench.scoring.score",
    "show": "signbench.report.notebook",
    "train": "signbench.scoring.train",
}


def __getattr__(name: str) -> Any:
    """Imports a public name on first use, so that ``import signbench`` and ``signbench --help`` are quick."""
    import importlib

    if name == "__version__":
        from importlib.metadata import version

        return version("signbench")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'signbench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
