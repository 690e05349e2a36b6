"""The result of a run: a versioned document, the same in Python and on disk."""

from __future__ import annotations

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
    """What it costs the score."""


class Level(Document):
    """A level that a score through a judge is read against, measured on the same clips."""

    value: float | None
    """Null where it could not be measured."""
    interval: tuple[float, float] | None
    """95 % interval over clips, or null."""
    clips: int
    """How many clips were measured."""


class Judged(Document):
    """What stands beside a score through a judge that is compared with the corpus."""

    ceiling: Level
    """The judge on the references themselves."""
    chance: Level
    """The judge on references dealt out to other clips, as the anchor ``shuffled`` deals them."""
    between: float | None
    """(score - chance) / (ceiling - chance): 0 at chance, 1 at the ceiling; null where one of them is."""


class Score(Document):
    """One metric's number, and how it was measured."""

    metric: str
    """Canonical name: ``name:key=value,...`` with the parameters that are not at their default, in alphabetical order; behind an
    ``@`` the judge through which it is measured."""
    label: str | None = None
    """How the table of the suite that was asked for names this row, such as ``BLEU-1``."""
    headline: bool = False
    """It stands in a leaderboard's first columns."""
    value: float | None
    """The score; null where nothing was measured, with the reason in ``note``."""
    interval: tuple[float, float] | None
    """95 % interval over clips; null with the reason in ``interval_note``."""
    interval_note: str | None = None
    """How the interval was made, or why there is none."""
    unit: str
    """``1`` for a pure number."""
    direction: Literal["higher", "lower", "reference"]
    """Which way is better; ``reference``: the closer to ``reference_value``."""
    clips: int
    """How many clips were measured."""
    coverage: float = Field(ge=0, le=1)
    """Measured clips over expected clips."""
    std: float | None = None
    """Standard deviation over clips (N - 1), where the score is a mean of clips and N is at least 2."""
    reference_value: float | None = None
    """The same measure of the references themselves, where there is one."""
    seen: float | None = None
    """Share of the references' key points that the predictions have."""
    surplus: float | None = None
    """Share of the predictions' key points that the references lack."""
    duration_ratio: float | None = None
    """Mean over clips of the prediction's duration over the reference's, wherever the two may differ in length."""
    pixels: str | None = None
    """Families of the predictions' stored pixels, such as ``yuv420p-bt709-limited+rgb``; those of the references are signed."""
    samples: tuple[int, int] | None = None
    """Vectors of the predictions and of the references that a distance between distributions rests on."""
    warnings: tuple[str, ...] = ()
    """Flags such as ``rank_deficient``: fewer vectors than dimensions, so that the distance is biased."""
    unavailable: bool = False
    """It was not measured because weights are not present, as ``note`` says; it counts neither as missing nor as failed."""
    note: str | None = None
    """What the reader should know before using the number."""
    missing: tuple[MissingClip, ...] = ()
    """Expected clips that were not measured."""
    judged: Judged | None = Field(default=None, exclude_if=lambda judged: judged is None)
    """Ceiling and chance of a score through a judge; left out where there are none."""
    signature: str | None
    """The measure part: two numbers may stand in one column only where it is the same; null where nothing was measured."""


class Subset(Document):
    """What taints a result: it covers only a part of the clips."""

    limit: int | None = None
    """The first so many clips in order of id."""
    clips: tuple[str, ...] | None = None
    """These clips."""


class TaskSplit(Document):
    """The row of a leaderboard that a run belongs to."""

    name: str
    """Of the task."""
    version: int
    """Of the task."""
    split: str
    """Of the corpus."""


class Result(VersionedDocument):
    """What a run measured. ``result["ssim"]`` is the score of that metric, in any spelling of its name."""

    form = Form("a result", "schema_version", 1, again="repeat the run's command", missing="the run has not finished")

    schema_version: Literal[1] = 1
    """Of this form."""
    kind: Literal["measure", "score", "run"] = "measure"
    """``measure``: two folders; ``score``: predictions of a task; ``run``: generated, then scored."""
    status: Literal["complete", "incomplete"]
    """Complete where every metric measured at least the coverage floor's share of the expected clips."""
    task: TaskSplit | None = None
    """What was scored, where it is a task."""
    generator: dict[str, Any] | None = None
    """The card of the generator, where signbench generated; ``sees: references`` marks an anchor, which is never ranked."""
    coverage_floor: float = 1.0
    """Share of the clips below which a metric leaves the run incomplete."""
    own_copy: bool = False
    """The references are a user's own copy of a data set whose clips the task does not know."""
    expected_clips: int
    """How many clips the run is about."""
    subset: Subset | None = None
    """Set where the run covers only a part of the clips."""
    protocol: dict[str, Any]
    """How the two sides were brought together."""
    scores: tuple[Score, ...]
    """In the order asked for."""

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

    @property
    def signatures(self) -> dict[str, str]:
        """Metric -> how it was measured, without those whose weights were not present."""
        return {score.metric: score.signature for score in self.scores if score.signature is not None}

    def to_pandas(self) -> pd.DataFrame:
        """One row per metric: value, interval, unit, direction, clips, coverage and the rest as columns, metric as index."""
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

    @property
    def exit_code(self) -> int:
        """0 complete, 3 incomplete, 4 where nothing was measured."""
        if all(score.value is None for score in self.scores):
            return 4
        return 0 if self.status == "complete" else 3


def read_result(path: Path) -> Result:
    """Reads ``result.json``.

    Raises:
        InputError: not there, damaged, or of another version.
    """
    return Result.read(path)
