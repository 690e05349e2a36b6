"""Comparing runs, and rows of leaderboards as runs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from signbench.leaderboard.finding import run_or_row
from signbench.progress import Progress, silent
from signbench.runs import comparison
from signbench.runs.comparison import Comparison
from signbench.scoring.finished import FinishedRun


def compare(
    *runs: str | Path | FinishedRun,
    metrics: Sequence[str] | str | None = None,
    leaderboards: str | Path | None = None,
    progress: Progress = silent,
) -> Comparison:
    """Compares runs on the same clips, each with the first: differences with intervals, paired tests, the clips that moved most.

    Args:
        runs: two or more: what :func:`signbench.score` and :func:`signbench.run` return, run folders, or rows of leaderboards
            as ``task/split/row`` or by their entries' folders.
        metrics: only these metrics; None: all that the runs share.
        leaderboards: folder of leaderboards; None: those of the current folder, then those shipped with signbench.
        progress: called with the current step, the number of metrics compared so far, and their total number.

    Raises:
        InputError: fewer than two runs, one of them named twice, something that is neither a run nor a row, or a metric that was
            not measured.
        IncompleteError: a run has not finished.
        NotComparableError: the runs are of different clips.

    Example:
        >>> import signbench
        >>> found = signbench.compare("runs/mine", "synthsign/text-to-pose/test/nearest", metrics="dtw")  # doctest: +SKIP
        >>> (metric,) = found.pairs[0].metrics  # doctest: +SKIP
        >>> metric.difference, metric.interval, metric.p_holm, metric.better  # doctest: +SKIP
        (0.0118, (0.0094, 0.0143), 0.0002, 'first')
    """
    folder = None if leaderboards is None else Path(leaderboards)
    names = [str(run.folder if isinstance(run, FinishedRun) else run) for run in runs]
    with ExitStack() as stack:
        opened = [stack.enter_context(run_or_row(name, folder)) for name in names]
        return comparison.compare(opened, [metrics] if isinstance(metrics, str) else metrics, progress)
