"""The result of a run: a versioned document, the same in Python and on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from signbench.documents.models import Document, VersionedDocument
from signbench.documents.versions import Form
from signbench.errors import InputError, nearest

if TYPE_CHECKING:
    import pandas as pd


class MissingClip(Document):
    """A clip that a metric could not measure."""

    clip: str
    """Its id."""
    reason: str
    """One sentence."""
    counted_as: Literal["worst value", "left out"]
    """How it affects the score."""


class Level(Document):
    """A level with which a score through a judge is compared, measured on the same clips."""

    value: float | None
    """Null if it could not be measured."""
    interval: tuple[float, float] | None
    """95 % interval over clips, or null."""
    clips: int
    """Number of measured clips."""


class Judged(Document):
    """Ceiling and chance of a score through a judge that is compared with the corpus."""

    ceiling: Level
    """The judge on the references themselves."""
    chance: Level
    """The judge on references dealt to other clips, as by the anchor ``shuffled``."""
    between: float | None
    """(score - chance) / (ceiling - chance): 0 at chance, 1 at the ceiling; null if one of them is."""


class Score(Document):
    """One metric's number, and how it was measured."""

    metric: str
    """Canonical name: ``name:key=value,...`` with the parameters that differ from their default, in alphabetical order; after an
    ``@`` the judge through which it is measured."""
    label: str | None = None
    """The name of this row in the requested suite, such as ``BLEU-1``."""
    headline: bool = False
    """Whether it is in a leaderboard's first columns."""
    value: float | None
    """The score; null if nothing was measured, with the reason in ``note``."""
    interval: tuple[float, float] | None
    """95 % interval over clips; null with the reason in ``interval_note``."""
    interval_note: str | None = None
    """The method of the interval, or why there is none."""
    unit: str
    """``1`` for a pure number."""
    direction: Literal["higher", "lower", "reference"]
    """Which way is better; ``reference``: the closer to ``reference_value``."""
    clips: int
    """Number of measured clips."""
    coverage: float = Field(ge=0, le=1)
    """Measured clips over expected clips."""
    std: float | None = None
    """Standard deviation over clips (N - 1), if the score is a mean of clips and N is at least 2."""
    reference_value: float | None = None
    """The same metric for the references themselves, if that exists."""
    seen: float | None = None
    """Share of the references' key points that the predictions have."""
    surplus: float | None = None
    """Share of the predictions' key points that the references lack."""
    duration_ratio: float | None = None
    """Mean over clips of the prediction's duration divided by the reference's, if the two may differ in length."""
    pixels: str | None = None
    """Families of the predictions' stored pixels, such as ``yuv420p-bt709-limited+rgb``; the references' are in the signature."""
    samples: tuple[int, int] | None = None
    """Numbers of predicted and of reference vectors of a distance between distributions."""
    warnings: tuple[str, ...] = ()
    """Flags such as ``rank_deficient``: fewer vectors than dimensions, so that the distance is biased."""
    unavailable: bool = False
    """Whether it was not measured because weights are not present, as ``note`` says; it is neither missing nor failed."""
    note: str | None = None
    """Notes that the reader should know before using the number."""
    missing: tuple[MissingClip, ...] = ()
    """Expected clips that were not measured."""
    judged: Judged | None = Field(default=None, exclude_if=lambda judged: judged is None)
    """Ceiling and chance of a score through a judge; left out if there are none."""
    signature: str | None
    """The measure part: two numbers may stand in one column only if it is the same; null if nothing was measured."""


class Subset(Document):
    """A restriction that taints a result: it covers only a part of the clips."""

    limit: int | None = None
    """The number of clips, the first ones in order of id."""
    clips: tuple[str, ...] | None = None
    """The selected clips."""


class TaskSplit(Document):
    """The row of a leaderboard that a run belongs to."""

    name: str
    """That of the task."""
    version: int
    """That of the task."""
    split: str
    """That of the corpus."""


class Result(VersionedDocument):
    """The result of a run. ``result["ssim"]`` is the score of that metric, in any spelling of its name."""

    form = Form("a result", "schema_version", 1, again="repeat the run's command", missing="the run has not finished")

    schema_version: Literal[1] = 1
    """Version of this document."""
    kind: Literal["measure", "score", "run"] = "measure"
    """``measure``: two folders; ``score``: predictions of a task; ``run``: generated, then scored."""
    status: Literal["complete", "incomplete"]
    """Complete if every metric measured at least the coverage floor's share of the expected clips."""
    task: TaskSplit | None = None
    """The scored task, if there is one."""
    generator: dict[str, Any] | None = None
    """The card of the generator, if signbench generated; ``sees: references`` marks an anchor, which is never ranked."""
    coverage_floor: float = 1.0
    """Share of the clips below which a metric leaves the run incomplete."""
    own_copy: bool = False
    """Whether the references are a user's own copy of a data set whose clips the task does not know."""
    expected_clips: int
    """Number of expected clips."""
    subset: Subset | None = None
    """Set if the run covers only a part of the clips."""
    protocol: dict[str, Any]
    """How the two sides were aligned."""
    scores: tuple[Score, ...]
    """In the requested order."""

    def __getitem__(self, metric: str) -> Score:
        """The score of a metric.

        Args:
            metric: its name in any spelling: ``dtw``, ``dtw:variant=slrtp``.

        Raises:
            KeyError: it was not measured.
        """
        from signbench.metrics import registry

        try:
            wanted = registry.create(metric).canonical
        except InputError:
            wanted = metric
        for score in self.scores:
            if score.metric == wanted:
                return score
        raise KeyError(f"{metric} was not measured. {nearest(metric, [score.metric for score in self.scores])}")

    def only(self, metrics: Sequence[str]) -> Result:
        """The result with some of its scores.

        Args:
            metrics: their names in any spelling, in the wanted order.

        Raises:
            InputError: a metric does not exist or was not measured.
        """
        try:
            scores = {score.metric: score for score in (self[metric] for metric in metrics)}
        except KeyError as error:
            raise InputError(str(error.args[0])) from error
        return self.model_copy(update={"scores": tuple(scores.values())})

    @property
    def signatures(self) -> dict[str, str]:
        """Metric -> how it was measured, without those whose weights were not present."""
        return {score.metric: score.signature for score in self.scores if score.signature is not None}

    def to_pandas(self) -> pd.DataFrame:
        """One row per metric: value, interval, unit, direction, clips, coverage and so on as columns, metric as index."""
        import pandas as pd

        rows = []
        for score in self.scores:
            row = score.model_dump(exclude={"interval", "missing"})
            row["low"], row["high"] = score.interval or (None, None)
            row["missing"] = len(score.missing)
            rows.append(row)
        first = ["metric", "value", "low", "high", "std", "unit", "direction", "clips", "coverage"]
        frame = pd.DataFrame(rows)
        return frame[first + [name for name in frame.columns if name not in first]].set_index("metric")

    def _repr_html_(self) -> str:
        """The table of scores that a notebook shows."""
        shown = self.to_pandas()[["value", "low", "high", "unit", "direction", "clips", "coverage"]]
        return str(shown.to_html(na_rep="", float_format="{:.4g}".format))

    @property
    def exit_code(self) -> int:
        """0 if complete, 3 if incomplete, 4 if nothing was measured."""
        if all(score.value is None for score in self.scores):
            return 4
        return 0 if self.status == "complete" else 3


def read_result(path: Path) -> Result:
    """Reads ``result.json``.

    Raises:
        InputError: it does not exist, is damaged, or of another version.
    """
    return Result.read(path)
