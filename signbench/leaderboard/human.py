"""The human column of a row: what people understood of its clips, as counts for each sign. No answers and no raters are kept."""

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
"""Of the least width that the counts alone give: what the chance of the draws may take away."""


_MORE = "ask more people about more signs, or leave the study out"


class HumanEstimate(Document):
    """A Sign Understandability Score (SUS) with its uncertainty."""

    value: float | None
    """Share of correct answers; null where nothing was measured."""
    interval: tuple[float, float] | None
    """95 %."""
    interval_note: str
    """How the interval was made, or why there is none."""


class SignCount(Document):
    """One sign of one pack."""

    pack: str
    """Where it was shown."""
    sign: str
    """What was to be understood."""
    clips: tuple[str, ...] = Field(min_length=1)
    """That showed it."""
    correct: int = Field(ge=0)
    """Correct answers."""
    answers: int = Field(ge=0)
    """Answers that count."""


class HumanScore(VersionedDocument):
    """What ``study.json`` holds. SUS is the Sign Understandability Score, not the System Usability Scale."""

    form = Form(
        "the counts of a study",
        "human_version",
        2,
        again="submit the study again",
        older="which scored studies differently; submit the study again",
    )

    human_version: Literal[2] = 2
    """Of this form."""
    study: str
    """Name of the study."""
    raters: int = Field(ge=1)
    """How many people answered."""
    per_sign: tuple[SignCount, ...] = Field(min_length=1)
    """By pack and sign."""
    mean_over_signs: HumanEstimate
    """SUS as the mean over all signs: every sign counts the same."""
    mean_of_packs: HumanEstimate
    """SUS as the mean of the packs' SUS: every pack counts the same."""
    signature: str
    """What was shown and how answers were judged: two scores may stand in one column only where it is the same."""

    @property
    def signs(self) -> int:
        """How many signs were shown, over all packs."""
        return len(self.per_sign)

    @property
    def shown(self) -> str:
        """What the signature has to say of the clips, signs and packs."""
        return shown_part((row.pack, row.sign, clip) for row in self.per_sign for clip in row.clips)

    def derived(self) -> tuple[float | None, float | None]:
        """SUS both ways, from the counts: mean over signs, mean of packs."""
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
        """What of a study's result a leaderboard keeps.

        Args:
            result: of the study.
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
    """What is wrong with a row's human score: what its counts do not give, and what no study can have found.

    Args:
        folder: of the entry.
        human: its ``study.json``.
        clips: of the entry's run; None: not known.
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
            yield problem(f"the interval of {name}, from {low:g} to {high:g}, is none around {estimate.value:.6g} between 0 and 1")
        elif estimate.interval[1] - estimate.interval[0] < NARROWER * narrowest:
            width = estimate.interval[1] - estimate.interval[0]
            yield problem(f"the interval of {name} is {width:.4f} wide, and the counts of the signs alone make it {narrowest:.4f}")
    yield from (problem(fault) for fault in _signature_faults(human))


def _count_faults(human: HumanScore) -> Iterator[str]:
    if any(row.correct > row.answers for row in human.per_sign):
        yield "a sign has more correct answers than answers"
    if row := next((row for row in human.per_sign if row.answers > human.raters * len(row.clips)), None):
        yield f"{row.answers} answers to {row.sign} are more than {human.raters} raters can give to {len(row.clips)} clips"


def _clip_faults(human: HumanScore, clips: Collection[str] | None) -> Iterator[str]:
    names = [(row.pack, row.sign) for row in human.per_sign]
    if len(set(names)) < len(names):
        yield "a sign stands twice in one pack"
    sign_of: dict[str, str] = {}
    for row in human.per_sign:
        for clip in row.clips:
            if sign_of.setdefault(clip, row.sign) != row.sign:
                yield f"clip {clip} shows two signs"
    if clips is not None and (foreign := sorted(set(sign_of) - set(clips))):
        yield f"{len(foreign)} clips are not the row's, such as {foreign[0]}"


def _signature_faults(human: HumanScore) -> Iterator[str]:
    from signbench.runs.signature import parse

    try:
        said = parse(human.signature)
    except InputError as error:
        yield str(error).rstrip(".")
        return
    for key, value in (part.split(":", 1) for part in human.shown.split("|")):
        if said.get(key) != value:
            yield f"the signature has {key}:{said.get(key, 'nothing')}, and what was shown gives {value}"
    if said["metric"] != STUDY_METRIC or not said.get("revision", "").isdecimal():
        yield "the signature is not that of a study's score"


def _narrowest(human: HumanScore) -> tuple[float, float]:
    """How wide an interval over raters and signs must be at least: what the counts of the signs alone say of the variance.

    A two-way bootstrap has the variance of the signs' accuracies, and more than that of single answers where raters do not differ.
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
        InputError: not there, damaged, or of another version.
    """
    return HumanScore.read(path)


def study_result(study: Path, lexicon: Path | None) -> StudyResult:
    """The result of a study: of its folder, or of a file that ``signbench study score --json`` printed.

    Args:
        study: the folder or the file.
        lexicon: what a person decided about open answers, for a folder.

    Raises:
        InputError: it is neither, or cannot be scored.
    """
    if study.is_file():
        from signbench.study.scores.result import read_study_result

        return read_study_result(study)
    from signbench.study.judging.lexicon import read_lexicon
    from signbench.study.scoring import score_study
    from signbench.study.sheets.answers import read_study

    return score_study(read_study(study), read_lexicon(lexicon) if lexicon is not None else None)
