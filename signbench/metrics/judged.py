"""A metric through a judge: ``accuracy@nearest``, ``bleu:order=4@slt``."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.judges.base import COMPARED_WITH_CORPUS, GIVES, Gives, Judge, Reads
from signbench.judges.registry import is_custom, judge_class
from signbench.metrics.base import Metric, Record, Recorder, Records, Value, View, Weights

Role = Literal["score", "ceiling", "chance"]
"""The clip that the judge is shown: the production, the reference, or the reference of another clip."""

GIVES_OF_VIEW: Mapping[View, tuple[Gives, ...]] = {
    "text": ("text", "gloss"),
    "labels": ("label",),
    "features": ("rows",),
    "pose": ("pose",),
    "likelihood": ("likelihood",),
}
"""The output that a judge must give for a metric of each view."""

Truth = Literal["text", "gloss", "word"]
"""The corpus's answers for a clip, which are listed among its inputs as ``reference.word``, for example."""

_TRUTH_OF_GIVES: Mapping[Gives, Truth] = {"text": "text", "likelihood": "text", "gloss": "gloss", "label": "word"}

_DELEGATED = ("name", "parameters", "direction", "pairs_frames", "revision", "limits", "interval_method", "needs_rate", "summary")


class JudgedMetric(Metric):
    """A metric that compares a judge's output for the production with the corpus or with its output for the reference.

    The fold is the metric's own. Its name is ``metric@judge``, or ``metric@judge.gives`` if the judge gives several observations
    that the metric accepts, and not the first of them is meant.

    Attributes:
        inner: the metric.
        on: the judge, and its output if that is not its first choice, as written after the ``@``.
        gives: the compared output.
        role: the clip that the judge is shown.
    """

    view = "judged"
    name = ""
    summary = ""
    direction = "higher"
    pairs_frames = False

    def __init__(self, inner: Metric, on: str, gives: Gives, role: Role = "score") -> None:
        self.inner = inner
        self.on = on
        self.gives = gives
        self.role = role
        self.__dict__.update({name: getattr(inner, name) for name in _DELEGATED})

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.inner, self.on, self.gives, self.role)

    def __getitem__(self, parameter: str) -> Any:
        return self.inner[parameter]

    @property
    def judge(self) -> str:
        """Name of the judge."""
        return judge_of(self.on)

    @property
    def has_levels(self) -> bool:
        """Whether a ceiling and a chance level can be measured: the corpus has the correct answer."""
        return self.gives in COMPARED_WITH_CORPUS

    @property
    def truth(self) -> Truth | None:
        """The corpus's answer that the metric needs for every clip, to compare or to group by; or None."""
        return _TRUTH_OF_GIVES.get(self.gives, "word" if self.inner.needs_labels else None)

    def at(self, role: Role) -> Self:
        """The same metric with another role."""
        other = copy.copy(self)
        other.role = role
        return other

    @property
    def canonical(self) -> str:
        return f"{self.inner.canonical}@{self.on}"

    @property
    def signed_revision(self) -> str:
        return self.inner.signed_revision

    def resolved(self) -> Mapping[str, Value]:
        return self.inner.resolved()

    @property
    def unit(self) -> str:
        return self.inner.unit

    def recorder(self) -> Recorder:
        return self.inner.recorder()

    def clip_value(self, record: Record) -> float | None:
        return self.inner.clip_value(record)

    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        return self.inner.score(records, weights)

    def reference_score(self, records: Records, weights: Weights) -> NDArray[np.float64] | None:
        return self.inner.reference_score(records, weights)

    def seen(self, records: Records, weights: Weights) -> NDArray[np.float64] | None:
        return self.inner.seen(records, weights)

    def surplus(self, records: Records, weights: Weights) -> NDArray[np.float64] | None:
        return self.inner.surplus(records, weights)

    def clip_shares(self, records: Records) -> NDArray[np.float64]:
        return self.inner.clip_shares(records)

    def note(self, records: Records) -> str | None:
        return self.inner.note(records)

    def warnings(self, records: Records) -> tuple[str, ...]:
        return self.inner.warnings(records)

    def samples(self, records: Records) -> tuple[int, int] | None:
        return self.inner.samples(records)

    def missing(self) -> Record | None:
        return self.inner.missing()

    @property
    def mean_of_clips(self) -> bool:
        return self.inner.mean_of_clips


def judge_of(on: str) -> str:
    """The judge's name in the part after the ``@``; that of a custom judge is the whole part."""
    name, _, gives = on.rpartition(".")
    return name if not is_custom(on) and gives in GIVES else on


def through(inner: Metric, on: str) -> JudgedMetric:
    """A metric through a judge.

    Args:
        inner: the metric.
        on: ``judge``, or ``judge.gives``. The code of a custom judge is not imported: :func:`of_judge` checks what it gives.

    Raises:
        InputError: there is no such judge, or it does not give what the metric compares.
    """
    name = judge_of(on)
    if not name:
        raise InputError(f"metric {inner.canonical}@{on} names no judge; write {inner.name}@JUDGE, see signbench judges list.")
    if not is_custom(name):
        return of_judge(inner, on, judge_class(name))
    possible = GIVES_OF_VIEW.get(inner.view, ())
    if not possible:
        raise InputError(f"metric {inner.canonical} compares nothing that a judge gives; measure it without a judge.")
    return JudgedMetric(inner, on, possible[0])


def of_judge(inner: Metric, on: str, judge: type[Judge]) -> JudgedMetric:
    """A metric through a judge whose class is imported; as :func:`through`.

    Raises:
        InputError: the judge does not give what the metric compares.
    """
    name = judge_of(on)
    fitting = [gives for gives in judge.gives if gives in GIVES_OF_VIEW.get(inner.view, ())]
    if not fitting:
        wanted = " or ".join(GIVES_OF_VIEW.get(inner.view, ())) or "nothing that a judge gives"
        raise InputError(
            f"metric {inner.canonical} compares {wanted}, and the judge {name} gives {', '.join(judge.gives)}; choose another one."
        )
    asked = on[len(name) + 1 :]
    if asked and asked not in fitting:
        raise InputError(
            f"metric {inner.canonical}@{on}: of the judge {name} it can compare {' or '.join(fitting)}, not {asked!r}."
        )
    gives = next(gives for gives in fitting if not asked or gives == asked)
    return JudgedMetric(inner, name if gives == fitting[0] else f"{name}.{gives}", gives)


def recorded(inner: Metric, on: str, signed: str | None) -> JudgedMetric:
    """A metric through a judge as a run recorded it; the judge itself need not be there.

    Args:
        inner: the metric.
        on: the part after the ``@``.
        signed: the judge in the run's signature, followed by the kind of answer; None if the metric was not measured.

    Raises:
        InputError: no run can have recorded it so.
    """
    possible = GIVES_OF_VIEW.get(inner.view, ())
    said = (possible[0] if possible else "") if signed is None else signed.rpartition("+")[2]
    gives = next((gives for gives in possible if gives == said), None)
    if gives is None:
        raise InputError(f"{inner.canonical}@{on} cannot compare {said!r}, as the run says; score the predictions again.")
    return JudgedMetric(inner, on, gives)


def reads_of(judge: Judge | type[Judge], modality: str) -> Reads | None:
    """The form in which a judge reads clips of a modality (``video``, ``pose`` or ``motion``); None if it cannot.

    Args:
        judge: a judge, or its class, which reads whatever one of its instances does.
        modality: of the clips.
    """
    wanted: Reads = "frames" if modality == "video" else "motion" if modality == "motion" else "pose"
    return wanted if wanted in judge.reads else None
