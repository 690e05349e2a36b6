"""The human column of a row: what people understood, as counts for each sign, without single answers or raters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from signbench.documents.models import Document, VersionedDocument
from signbench.documents.versions import Form
from signbench.errors import InputError
from signbench.leaderboard.problems import Problem
from signbench.runs.signature import STUDY_METRIC
from signbench.study.scores.intervals import FEWEST, SampleSize, wilson_for_draws
from signbench.study.scores.signature import shown_part

if TYPE_CHECKING:
    from signbench.study.scores.result import Estimate, StudyResult

FILE = "study.json"
TOLERANCE = 1e-9
NARROWER = 0.8
"""How narrow an interval may be, as a share of the width that the counts imply: bootstrap draws vary by chance."""


_MORE = "ask more people about more signs, or leave the study out"


class HumanEstimate(Document):
    """A Sign Understandability Score (SUS) with its uncertainty."""

    value: float | None
    """Share of correct answers; null if nothing was measured."""
    interval: tuple[float, float] | None
    """95 % interval."""
    interval_note: str
    """How the interval was computed, or why there is none."""


class SignCount(Document):
    """One sign of one pack."""

    pack: str
    """The pack in which it was shown."""
    sign: str
    """The sign that was shown."""
    clips: tuple[str, ...] = Field(min_length=1)
    """The clips that showed it."""
    correct: int = Field(ge=0)
    """Number of correct answers."""
    answers: int = Field(ge=0)
    """Number of answers that count."""


class HumanScore(VersionedDocument):
    """The content of ``study.json``. SUS is the Sign Understandability Score, not the System Usability Scale."""

    form = Form(
        "the counts of a study",
        "human_version",
        2,
        again="submit the study again",
        older="which scored studies differently; submit the study again",
    )

    human_version: Literal[2] = 2
    """Version of this document."""
    study: str
    """Name of the study."""
    raters: int = Field(ge=1)
    """How many people answered."""
    per_sign: tuple[SignCount, ...] = Field(min_length=1)
    """Counts for each pack and sign."""
    mean_over_signs: HumanEstimate
    """SUS as the mean over all signs, with equal weight for every sign."""
    mean_of_packs: HumanEstimate
    """SUS as the mean of the packs' SUS, with equal weight for every pack."""
    signature: str
    """What was shown and how answers were judged; two scores are shown in one column only if it is the same."""

    @property
    def signs(self) -> int:
        """The number of signs that were shown, over all packs."""
        return len(self.per_sign)

    @property
    def shown(self) -> str:
        """The part of the signature that identifies the clips, signs and packs."""
        return shown_part((row.pack, row.sign, clip) for row in self.per_sign for clip in row.clips)

    def derived(self) -> tuple[float | None, float | None]:
        """SUS computed from the counts: the mean over signs and the mean of packs."""
        shares: defaultdict[str, list[Fraction]] = defaultdict(list)
        for row in self.per_sign:
            if row.answers:
                shares[row.pack].append(Fraction(row.correct, row.answers))
        packs = [sum(of_pack, Fraction()) / len(of_pack) for of_pack in shares.values()]
        signs = [share for of_pack in shares.values() for share in of_pack]
        if not signs:
            return None, None
        return float(sum(signs, Fraction()) / len(signs)), float(sum(packs, Fraction()) / len(packs))

    @classmethod
    def of(cls, result: StudyResult) -> HumanScore:
        """The part of a study's result that a leaderboard stores.

        Args:
            result: the study's result.
        """

        def estimate(found: Estimate) -> HumanEstimate:
            return HumanEstimate(value=found.value, interval=found.interval, interval_note=found.interval_note)

        return cls(
            study=result.name,
            raters=result.raters,
            per_sign=tuple(
                SignCount(pack=row.pack, sign=row.sign, clips=row.clips, correct=row.counts.correct, answers=row.counts.answers)
                for row in result.per_sign
            ),
            mean_over_signs=estimate(result.mean_over_signs),
            mean_of_packs=estimate(result.mean_of_packs),
            signature=result.signature,
        )


def human_problems(folder: Path, human: HumanScore, clips: Collection[str] | None = None) -> Iterator[Problem]:
    """Checks that a row's human score follows from its counts, and that a study can have such counts.

    Args:
        folder: the entry's folder.
        human: its ``study.json``.
        clips: clips of the entry's run; None: unknown.

    Returns:
        What is wrong with it.
    """

    def problem(what: str, remedy: str = "submit the study again") -> Problem:
        return Problem(str(folder), "human", f"{FILE}: {what}", remedy)

    faults = [*_count_faults(human), *_clip_faults(human, clips)]
    yield from (problem(fault) for fault in faults)
    if faults:
        return
    answered = sum(row.answers > 0 for row in human.per_sign)
    for name, number in (("raters", human.raters), ("signs", answered)):
        if number < FEWEST:
            yield problem(
                f"a human score needs at least {FEWEST} {name}, and has {number}", "ask more people, or leave the study out"
            )
            return
    widths = _narrowest(human)
    for name, derived, narrowest in zip(("mean_over_signs", "mean_of_packs"), human.derived(), widths, strict=True):
        estimate: HumanEstimate = getattr(human, name)
        if derived is None or estimate.value is None or abs(estimate.value - derived) > TOLERANCE:
            yield problem(f"{name} is {_shown(estimate.value)}, but its counts give {_shown(derived)}")
        elif estimate.interval is None:
            yield problem(f"{name} has no interval", _MORE)
        elif not (0 <= estimate.interval[0] <= estimate.value <= estimate.interval[1] <= 1) or len(set(estimate.interval)) < 2:
            low, high = estimate.interval
            yield problem(f"the interval of {name}, from {low:g} to {high:g}, is not one around {estimate.value:.6g} within 0 to 1")
        elif estimate.interval[1] - estimate.interval[0] < NARROWER * narrowest:
            width = estimate.interval[1] - estimate.interval[0]
            yield problem(f"the interval of {name} is {width:.4f} wide, but the counts of the signs alone imply {narrowest:.4f}")
    yield from (problem(fault) for fault in _signature_faults(human))


def _count_faults(human: HumanScore) -> Iterator[str]:
    if any(row.correct > row.answers for row in human.per_sign):
        yield "a sign has more correct answers than answers"
    if row := next((row for row in human.per_sign if row.answers > human.raters * len(row.clips)), None):
        yield f"{row.answers} answers to {row.sign} are more than {human.raters} raters can give to {len(row.clips)} clips"


def _clip_faults(human: HumanScore, clips: Collection[str] | None) -> Iterator[str]:
    names = [(row.pack, row.sign) for row in human.per_sign]
    if len(set(names)) < len(names):
        yield "a sign occurs twice in one pack"
    sign_of: dict[str, str] = {}
    for row in human.per_sign:
        for clip in row.clips:
            if sign_of.setdefault(clip, row.sign) != row.sign:
                yield f"clip {clip} shows two signs"
    if clips is not None and (unknown := sorted(set(sign_of) - set(clips))):
        yield f"{len(unknown)} clips do not belong to the row, such as {unknown[0]}"


def _signature_faults(human: HumanScore) -> Iterator[str]:
    from signbench.runs.signature import parse

    try:
        said = parse(human.signature)
    except InputError as error:
        yield str(error).rstrip(".")
        return
    for key, value in (part.split(":", 1) for part in human.shown.split("|")):
        if said.get(key) != value:
            yield f"the signature has {key}:{said.get(key, 'nothing')}, but the clips that were shown give {key}:{value}"
    if said["metric"] != STUDY_METRIC or not said.get("revision", "").isdecimal():
        yield "the signature does not belong to a study's score"


def _narrowest(human: HumanScore) -> tuple[float, float]:
    """The width of the intervals that the counts of the signs alone imply, for the mean over signs and the mean of packs.

    A two-way bootstrap includes the variance of the signs' accuracies and at least that of independent answers.
    """
    of_pack: defaultdict[str, list[SignCount]] = defaultdict(list)
    for row in human.per_sign:
        if row.answers:
            of_pack[row.pack].append(row)
    sizes, variances = [], []
    for rows in of_pack.values():
        answers = np.array([row.answers for row in rows], dtype=np.float64)
        accuracy = np.array([row.correct for row in rows]) / answers
        sizes.append(len(rows))
        variances.append(accuracy.var() / len(rows) + (accuracy * (1 - accuracy) / answers).sum() / len(rows) ** 2)
    shares = np.array(sizes) / sum(sizes)
    found = []
    for value, weights in zip(human.derived(), (shares, np.full(len(sizes), 1 / len(sizes))), strict=True):
        variance = float((weights**2 * np.array(variances)).sum())
        if value is None or not 0 < value < 1 or not variance:
            found.append(0.0)
            continue
        low, high = wilson_for_draws(np.array([value]), np.array([variance]), SampleSize(10**9, 10**9))
        found.append(float(high[0] - low[0]))
    return found[0], found[1]


def _shown(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.10g}"


def read_human(path: Path) -> HumanScore:
    """Reads a ``study.json``.

    Raises:
        InputError: it is missing, damaged, or of another version.
    """
    return HumanScore.read(path)
