"""The interface of a metric.

A metric turns one clip into a *record*, its sufficient statistics, and folds records into a score. Resuming, sharding, intervals,
tests and subsets are implemented once, on top of these two steps.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, nearest
from signbench.foreign.content import code_digest
from signbench.media.modalities import FileKind
from signbench.metrics.pairs import Pair

if TYPE_CHECKING:
    from signbench.extractors.base import Extractor

Record = dict[str, NDArray[Any]]
"""A clip's sufficient statistics: arrays of fixed shape, except for a leading frame axis."""

Direction = Literal["higher", "lower", "reference"]
IntervalMethod = Literal["bootstrap", "jackknife", "share"]
View = Literal["frames", "pose", "lengths", "observations", "text", "features", "labels", "likelihood", "judged"]
FILE_KIND_OF_VIEW: Mapping[View, FileKind] = {
    "frames": "video",
    "observations": "video",
    "pose": "pose",
    "text": "text",
    "features": "features",
    "labels": "labels",
}
"""The kind of file that a view is made from. Lengths are those of key points or of video, and a judge reads either."""
EITHER_KIND: frozenset[View] = frozenset({"lengths", "judged"})
"""Views that are made from key points or video, whichever a task or side has."""

Weights = NDArray[np.integer[Any]]
Value = str | int | float | bool
Limits = tuple[float | None, float | None]
"""The smallest and the largest possible score; None if there is no limit."""


class Records(Protocol):
    """Records of one metric over the clips of a run: re-iterable, in order of clip id, read clip by clip."""

    def __len__(self) -> int:
        """Number of clips."""

    def __iter__(self) -> Iterator[Record]:
        """Records in order of clip id."""

    def __getitem__(self, index: int, /) -> Record:
        """The record of the clip at an index of that order, for folds that need some clips again."""


class Recorder(Protocol):
    """Collects the record of one clip, chunk by chunk, so that memory does not grow with the clip's length."""

    def update(self, pair: Pair) -> None:
        """Adds the next chunk of the clip. Key points come as a single chunk."""

    def finish(self) -> Record:
        """The clip's record, after its last chunk."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a metric.

    Attributes:
        name: as on the command line.
        default: its default value, whose type is the parameter's type.
        doc: one sentence for ``signbench metrics show``.
        choices: the allowed values, or None for any of the type.
        several: whether choices may be joined with ``+``.
    """

    name: str
    default: Value
    doc: str
    choices: tuple[Value, ...] | None = None
    several: bool = False

    def parse(self, metric: str, text: str) -> Value:
        """Reads a value from the command line.

        Raises:
            InputError: it is not a value of this parameter; the message lists the valid ones.
        """
        value: Value
        where = f"metric {metric}: parameter {self.name}"
        if isinstance(self.default, bool):
            if text not in ("true", "false"):
                raise InputError(f"{where} is true or false, not {text!r}.")
            value = text == "true"
        elif isinstance(self.default, (int, float)):
            try:
                value = int(text) if isinstance(self.default, int) else float(text)
            except ValueError:
                raise InputError(f"{where} is a number, not {text!r}.") from None
            if not math.isfinite(value):
                raise InputError(f"{where} must be finite, not {text!r}.")
        else:
            value = text
        if self.choices is not None:
            for item in text.split("+") if self.several else [value]:
                if item not in self.choices:
                    raise InputError(f"{where} cannot be {text!r}. {nearest(str(item), map(str, self.choices))}")
        return value


def spell(value: Value) -> str:
    """A parameter's value as written on the command line and in signatures."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return str(value)


class Metric(ABC):
    """One metric with its parameters.

    Subclasses declare the class attributes, and define :meth:`recorder`, :meth:`clip_value`, and :meth:`score` (or inherit
    :class:`MeanOfClips`). Instances are immutable, and picklable by their name and parameters.

    Attributes:
        name: as on the command line.
        parameters: the available parameters.
        direction: which direction is better.
        view: the decoded form of both sides that it receives.
        pairs_frames: whether it compares frame t with frame t, so that both sides need the same length.
        revision: rises when the metric's numbers change.
        limits: the smallest and the largest possible score, in the metric's unit; None if there is no limit.
        of_equal_sides: the score of a clip whose production equals its reference, if hardly any other clip has it; else None.
        interval_method: ``bootstrap`` for means and ratios of sums; ``share`` if every clip is correct or wrong, and the score is
            the share of correct ones; ``jackknife`` if the bootstrap is biased.
        needs_rate: whether its number depends on the frame rate, so that both sides need the same rate, which is in the signature.
        needs_labels: whether it groups clips by the references' labels.
        summary: one sentence for the list of metrics.
    """

    name: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    direction: ClassVar[Direction]
    view: ClassVar[View]
    pairs_frames: ClassVar[bool]
    revision: ClassVar[int] = 1
    limits: ClassVar[Limits] = (None, None)
    of_equal_sides: ClassVar[float | None] = None
    interval_method: ClassVar[IntervalMethod] = "bootstrap"
    needs_rate: ClassVar[bool] = False
    needs_labels: ClassVar[bool] = False
    summary: ClassVar[str]

    def __init__(self, **given: Value) -> None:
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                hint = nearest(name, known) if known else "It has none."
                raise InputError(f"metric {self.name} has no parameter {name}. {hint}")
        self._given = {name: known[name].parse(self.name, spell(value)) for name, value in given.items()}
        values = {parameter.name: self._given.get(parameter.name, parameter.default) for parameter in self.parameters}
        self._values = self.settled(values)
        self.check()

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self._given)

    def __getitem__(self, parameter: str) -> Any:
        return self._values[parameter]

    def settled(self, values: Mapping[str, Value]) -> Mapping[str, Value]:
        """The parameters with one spelling for one meaning, so that equal metrics have equal names.

        Args:
            values: name -> value, of every parameter.
        """
        return values

    def check(self) -> None:
        """Refuses parameters that cannot be combined.

        Raises:
            InputError: the message says which.
        """

    def check_frames(self, height: int, width: int, frames: int) -> None:
        """Refuses clips that the metric cannot measure, based on their headers.

        Args:
            height: of the images, in pixels, after resizing.
            width: of the images, in pixels, after resizing.
            frames: number of compared frames.

        Raises:
            InputError: the message says what the metric requires.
        """

    @property
    def extractor(self) -> Extractor | None:
        """The network that a metric of the view ``observations`` uses for both sides; None for all others."""
        return None

    def note(self, records: Records) -> str | None:
        """Notes on how the score was computed, such as clips that the metric leaves out by its definition."""
        return None

    def warnings(self, records: Records) -> tuple[str, ...]:
        """Flags of the score in JSON, such as ``rank_deficient``."""
        return ()

    def samples(self, records: Records) -> tuple[int, int] | None:
        """The numbers of predicted and of reference vectors of a distance between distributions; else None."""
        return None

    def clip_shares(self, records: Records) -> NDArray[np.float64]:
        """The weight of each clip in a score that is a share (``interval_method`` = ``share``).

        Returns:
            float64 ``(N,)``, adding up to 1; equal by default.
        """
        return np.full(len(records), 1 / len(records))

    @property
    def canonical(self) -> str:
        """``name:key=value,...`` with the parameters that differ from their default, in alphabetical order."""
        changed = [
            f"{parameter.name}={spell(self[parameter.name])}"
            for parameter in sorted(self.parameters, key=lambda parameter: parameter.name)
            if self[parameter.name] != parameter.default
        ]
        return f"{self.name}:{','.join(changed)}" if changed else self.name

    @property
    def signed_revision(self) -> str:
        """Its revision in signatures and records; with digits of its source files' digest if it is not signbench's."""
        code = code_digest(type(self))
        return str(self.revision) if code is None else f"{self.revision}+{code}"

    def resolved(self) -> Mapping[str, Value]:
        """Every parameter that the numbers depend on, including defaults, as listed in the signature."""
        return dict(sorted(self._values.items()))

    @property
    @abstractmethod
    def unit(self) -> str:
        """The unit of the score; ``1`` for a pure number."""

    @abstractmethod
    def recorder(self) -> Recorder:
        """A new recorder for one clip."""

    def record(self, pairs: Iterable[Pair]) -> Record:
        """The record of one clip from all of its chunks."""
        recorder = self.recorder()
        for pair in pairs:
            recorder.update(pair)
        return recorder.finish()

    @abstractmethod
    def clip_value(self, record: Record) -> float | None:
        """The clip's own value, for tables and comparisons; None if a single clip has none."""

    @abstractmethod
    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        """The fold: one score per row of weights.

        Args:
            records: N records in order of clip id.
            weights: int ``(B, N)``, how often each clip counts; all ones is the plain score, 0 leaves a clip out.

        Returns:
            float64 ``(B,)``; NaN for a row without any clip.
        """

    def reference_score(self, records: Records, weights: Weights) -> NDArray[np.float64] | None:
        """The same fold over the references alone, or None if the metric has no such value."""
        return None

    def seen(self, records: Records, weights: Weights) -> NDArray[np.float64] | None:
        """Share of the references' key points that the predictions have, ``(B,)``; None for metrics without key points."""
        return None

    def surplus(self, records: Records, weights: Weights) -> NDArray[np.float64] | None:
        """Share of the predictions' key points that the references lack, ``(B,)``; None for metrics without key points."""
        return None

    def missing(self) -> Record | None:
        """The record that a missing production counts as (the metric's worst value), or None: left out and counted."""
        return None

    @property
    def needs_scale(self) -> bool:
        """Whether its number depends on the unit of the coordinates, so that both sides must have the same image size."""
        return False

    @property
    def mean_of_clips(self) -> bool:
        """Whether the score is the mean of the clips' own values."""
        return False


class MeanOfClips(Metric):
    """A metric whose score is the weighted mean of its clips' values, which every record has."""

    @property
    def mean_of_clips(self) -> bool:
        return True

    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        values = np.array([self.clip_value(record) for record in records], dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            return weighted_sum(values, weights) / weighted_sum(np.ones_like(values), weights)


def weighted_sum(values: NDArray[np.float64], weights: Weights) -> NDArray[np.float64]:
    """Sum of values in order of clip id, float64, once per row of weights.

    Summed clip by clip rather than by BLAS, whose order of addition depends on the machine and its threads.

    Args:
        values: float64 ``(N,)``.
        weights: int ``(B, N)``.

    Returns:
        float64 ``(B,)``.
    """
    total = np.zeros(weights.shape[0], dtype=np.float64)
    for index, value in enumerate(values):
        total += weights[:, index] * value
    return total


def ratio_of_sums(records: Records, weights: Weights, numerator: str, denominator: str) -> NDArray[np.float64]:
    """Weighted sum of one scalar field of the records over that of another; NaN if the denominator is 0."""
    rows = [(float(record[numerator]), float(record[denominator])) for record in records]
    above, below = np.array(rows, dtype=np.float64).reshape(-1, 2).T
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = weighted_sum(above, weights) / weighted_sum(below, weights)
    return np.where(np.isfinite(quotient), quotient, np.nan)


def _rebuild(kind: type[Metric], given: dict[str, Value]) -> Metric:
    return kind(**given)


def names(items: Sequence[Metric]) -> list[str]:
    """Canonical names in order."""
    return [item.canonical for item in items]
