"""The value that Python calls return for a run that is kept in a folder."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from signbench.errors import IncompleteError, SignbenchError
from signbench.runs.folder import RunFolder
from signbench.runs.result import Result, Score, read_result
from signbench.scoring.ranks import Ranks


@dataclass(frozen=True, kw_only=True)
class FinishedRun:
    """A finished run of a task: its folder and its result.

    ``finished["ssim"]`` is short for ``finished.result["ssim"]``.

    Attributes:
        folder: the folder with predictions, records and the result. A repeated call resumes there.
        result: the scores with intervals, coverage and signatures.

    Example:
        >>> import signbench
        >>> finished = signbench.run("synthsign/text-to-pose", "ground-truth", limit=1)  # doctest: +SKIP
        >>> finished["ape"].value, str(finished.folder)  # doctest: +SKIP
        (0.0, 'runs/synthsign-text-to-pose-ground-truth-0d2b9f4c')
    """

    folder: Path
    result: Result

    def __getitem__(self, metric: str) -> Score:
        """The score of a metric, in any spelling of its name.

        Raises:
            KeyError: the metric was not measured.
        """
        return self.result[metric]

    def _repr_html_(self) -> str:
        """The table of scores that a notebook shows."""
        return self.result._repr_html_()


def on_every_rank(work: Callable[[], tuple[RunFolder, Result] | None]) -> FinishedRun:
    """Distributes a result to every process of a script that torchrun started, of which only the first has folded it.

    Args:
        work: runs the task; returns the result on the first rank and None on the others.

    Raises:
        IncompleteError: on the other ranks, if the first ended early.
    """
    ranks = Ranks.from_environment()
    try:
        outcome = work()
    except BaseException:
        if ranks.first:
            with contextlib.suppress(SignbenchError):
                ranks.agree({"error": True}, patient=False)
        raise
    if outcome is not None:
        folder, result = outcome
        ranks.agree({"folder": str(folder.path.absolute())})
        return FinishedRun(folder=folder.path, result=result)
    message = ranks.agree(None)
    if "error" in message:
        raise IncompleteError("rank 0 ended early; see its error message and run.json.")
    path = Path(message["folder"])
    return FinishedRun(folder=path, result=read_result(RunFolder(path).result_json))
