"""The result of a human study as a versioned JSON document."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from signbench.documents.models import Document, VersionedDocument
from signbench.documents.versions import Form


class Estimate(Document):
    """A value with its uncertainty."""

    value: float | None
    """Null if nothing was measured."""
    interval: tuple[float, float] | None
    """95 % interval; null with the reason in ``interval_note``."""
    interval_note: str
    """How the interval was computed, or why there is none."""


class Counts(Document):
    """Numbers of answers by outcome."""

    answers: int
    """Answers that count: the denominator of the accuracy."""
    correct: int
    """Of ``answers``, those that are correct."""
    open: int
    """Of ``answers``, those that matched nothing; they count as wrong until a person decides."""
    blank: int
    """Blank answers."""
    left_out: int
    """Blank answers that are not counted in ``answers``; 0 if blank answers count as wrong."""


class PackScore(Document):
    """The Sign Understandability Score of one pack."""

    pack: str
    """Its name."""
    raters: int
    """Number of raters who took part."""
    signs: int
    """Number of signs that were shown."""
    counts: Counts
    """Of its answers."""
    sus: Estimate
    """Mean accuracy over its signs."""


class SignScore(Document):
    """The score of one sign of one pack."""

    pack: str
    """In which it was shown."""
    sign: str
    """The sign that its clips are meant to show."""
    clips: tuple[str, ...]
    """Its clips, in alphabetical order."""
    counts: Counts
    """Of its answers."""
    accuracy: float | None
    """Share of correct answers; null if no answer counts."""
    interval: tuple[float, float] | None
    """Wilson's 95 % interval of ``accuracy``, which treats the raters as a sample."""


class ClipScore(Document):
    """The score of one clip, to be joined with a run's ``per_clip.parquet``."""

    clip: str
    """Its id."""
    pack: str
    """In which it was shown."""
    sign: str
    """The sign that it is meant to show."""
    answers: int
    """Answers that count."""
    correct: int
    """Of ``answers``, those that are correct."""
    accuracy: float | None
    """Share of correct answers; null if no answer counts."""


class Confusion(Document):
    """What was understood instead of a sign."""

    pack: str
    """In which the sign was shown."""
    sign: str
    """The sign that was shown."""
    understood: str
    """What was understood; empty for a blank answer."""
    answers: int
    """Number of such answers."""
    outcome: Literal["wrong", "open", "blank"]
    """``open``: no person has decided yet."""


class RaterScore(Document):
    """One rater in one pack."""

    pack: str
    """That the rater answered."""
    rater: str
    """Pseudonym."""
    group: str | None
    """The rater's group; null if the sheets do not give it."""
    answers: int
    """Answers that count."""
    correct: int
    """Of ``answers``, those that are correct."""
    accuracy: float | None
    """Share of correct answers; null if no answer counts."""
    deviation: float | None
    """``accuracy`` minus the mean accuracy of all raters on the same signs."""
    outlier: bool
    """According to ``outlier_rule``; outliers are not excluded from any score."""
    seconds: float | None
    """Median time of an answer; null if the sheets have no times."""
    fast: bool
    """According to the rule of ``speed``; fast raters are not excluded from any score."""


class OrderPart(Document):
    """One part of the raters' orders of presentation."""

    part: int
    """Number of the part, from 1."""
    parts: int
    """Number of parts."""
    answers: int
    """Answers that count."""
    correct: int
    """Of ``answers``, those that are correct."""
    sus: Estimate
    """Mean over signs of the accuracy of the answers in this part."""


class Fatigue(Document):
    """Accuracy by position in each rater's order of presentation."""

    parts: tuple[OrderPart, ...]
    """From first to last; empty if no order is known."""
    change: Estimate
    """Accuracy of the last part minus that of the first, over the signs that were seen in both; negative if it fell."""
    raters_without: int
    """Number of raters, summed over packs, whose order is unknown or too short; they are in no part."""


class Speed(Document):
    """Time per answer."""

    answers: int
    """Number of answers that have a time."""
    right: float | None
    """Median seconds of correct answers."""
    wrong: float | None
    """Median seconds of all other answers."""
    raters: int
    """Number of raters with times, summed over packs."""
    fast_raters: int
    """Of ``raters``, those who are fast according to ``fast_rule``."""
    fast_rule: str
    """When a rater counts as fast, in words."""
    note: str | None
    """Why there are no times."""


class Agreement(Document):
    """Krippendorff's alpha, nominal."""

    of: Literal["answers", "correctness"]
    """Normalised answers, of which blank ones are missing; or whether the answers are correct, for all that count."""
    alpha: float | None
    """1 is full agreement, 0 agreement by chance; null with the reason in ``note``."""
    clips: int
    """Number of clips that at least two raters answered."""
    values: int
    """Number of answers to these clips."""
    note: str | None = None
    """Why there is no alpha."""


class GroupScore(Document):
    """The score of a group of raters."""

    group: str
    """Its name."""
    raters: int
    """Number of its raters."""
    answers: int
    """Answers that count."""
    correct: int
    """Of ``answers``, those that are correct."""
    sus: float | None
    """Mean accuracy over the signs that the group answered."""


class GroupComparison(Document):
    """Two groups of raters, compared on the signs that both answered."""

    first: str
    """Name of one group."""
    second: str
    """Name of the other group."""
    signs: int
    """Number of signs that both answered."""
    difference: Estimate
    """Mean over these signs of the first group's accuracy minus the second's."""
    p_value: float | None
    """Of a two-sided permutation test; null if nothing can be tested."""
    p_adjusted: float | None
    """Corrected by Holm's method over all pairs of groups."""


class Correlation(Document):
    """Correlation between a metric and the accuracies of the clips."""

    metric: str
    """Canonical name."""
    direction: Literal["higher", "lower", "reference"] | None
    """Which values of the metric are better; null if the run does not say."""
    coefficient: Literal["pearson", "spearman", "kendall"]
    """Kendall's is tau-b."""
    value: Estimate
    """The coefficient; negative for a metric of direction ``lower`` that agrees with the raters."""
    within_packs: Estimate | None
    """The coefficient without differences between packs; null with one pack."""
    clips: int
    """Number of clips that have both values."""
    p_value: float | None
    """Of a two-sided permutation test of ``within_packs``, or of ``value`` with one pack; null if there is no coefficient."""
    p_adjusted: float | None
    """Corrected by Holm's method over all coefficients of all metrics."""
    signature: str | None
    """How the metric was measured."""


class Correlations(Document):
    """Correlations between a run's metrics and the accuracies of the clips."""

    rows: tuple[Correlation, ...]
    """Metric by metric, in the run's order."""
    only_in_study: int
    """Number of clips of the study that are not in the run."""
    only_in_run: int
    """Number of clips of the run that are not in the study."""
    without_values: tuple[str, ...]
    """Metrics without a value for any common clip, such as distances between distributions."""
    note: str
    """How the p-values were computed."""


class StudyResult(VersionedDocument):
    """The result of a study. SUS is the Sign Understandability Score, not the System Usability Scale."""

    form = Form(
        "a study's result",
        "schema_version",
        2,
        again="score the study again",
        missing="signbench study score STUDY --json prints one",
        older="which scored studies differently; score the study again",
    )

    schema_version: Literal[2] = 2
    """Of this form."""
    name: str
    """Of the study."""
    raters: int
    """Number of raters who took part in at least one pack."""
    answered_nothing: int
    """Number of raters who wrote nothing at all; they did not take part and are not counted elsewhere."""
    signs: int
    """Number of signs, summed over packs."""
    unanswered_packs: tuple[str, ...]
    """Packs in which nobody wrote anything; they are not counted elsewhere."""
    counts: Counts
    """Of all answers."""
    mean_over_signs: Estimate
    """SUS as the mean accuracy over all signs: every sign has the same weight."""
    mean_of_packs: Estimate
    """SUS as the mean of the packs' SUS: every pack has the same weight."""
    if_open_were_correct: float | None
    """``mean_over_signs`` if every open answer were correct: an upper bound, as ``mean_over_signs`` is the lower bound."""
    packs: tuple[PackScore, ...]
    """In alphabetical order."""
    per_sign: tuple[SignScore, ...]
    """By pack and sign."""
    per_clip: tuple[ClipScore, ...]
    """By pack and clip."""
    confusions: tuple[Confusion, ...]
    """By pack and sign, the most frequent first."""
    per_rater: tuple[RaterScore, ...]
    """By pack and rater."""
    outlier_rule: str
    """When a rater counts as an outlier, in words."""
    agreement: tuple[Agreement, ...]
    """On normalised answers and on correctness."""
    groups: tuple[GroupScore, ...]
    """Empty if the sheets do not give groups."""
    group_comparisons: tuple[GroupComparison, ...]
    """Every pair of groups."""
    fatigue: Fatigue
    """Accuracy by position in the raters' orders of presentation."""
    speed: Speed
    """Time per answer."""
    correlations: Correlations | None = Field(default=None)
    """With the metrics of a run, if one was given."""
    method: tuple[str, ...]
    """How answers were judged and counted, in sentences."""
    import_notes: tuple[str, ...]
    """Notes of the import about the sheets."""
    signature: str
    """What was shown and how answers were judged: two scores may be compared only if it is the same."""


def read_study_result(path: Path) -> StudyResult:
    """Reads a study's result.

    Raises:
        InputError: the file does not exist, is damaged, or has another version.
    """
    return StudyResult.read(path)
