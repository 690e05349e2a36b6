"""The result of a human study: a versioned document, the same in Python and on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from signbench.documents import parse_json
from signbench.errors import InputError

STUDY_RESULT_VERSION = 2
SCHEMA_FILE = Path(__file__).with_name("study_result.schema.json")


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Estimate(_Document):
    """A number with its uncertainty."""

    value: float | None
    """Null where nothing was measured."""
    interval: tuple[float, float] | None
    """95 %; null with the reason in ``interval_note``."""
    interval_note: str
    """How the interval was made, or why there is none."""


class Counts(_Document):
    """How many answers there are, and what became of them."""

    answers: int
    """That count: the accuracy's denominator."""
    correct: int
    """Of ``answers``: correct ones."""
    open: int
    """Of ``answers``: matched nothing and count as wrong until a person decides them."""
    blank: int
    """Say nothing."""
    left_out: int
    """Blank ones that are not among ``answers``; 0 where blank answers count as wrong."""


class PackScore(_Document):
    """The Sign Understandability Score of one pack."""

    pack: str
    """Its name."""
    raters: int
    """Who took part in it."""
    signs: int
    """That were shown in it."""
    counts: Counts
    """Of its answers."""
    sus: Estimate
    """Mean over its signs of the accuracy per sign."""


class SignScore(_Document):
    """One sign of one pack."""

    pack: str
    """Where it was shown."""
    sign: str
    """What was to be understood."""
    clips: tuple[str, ...]
    """That showed it, in alphabetical order."""
    counts: Counts
    """Of its answers."""
    accuracy: float | None
    """Share of correct answers; null where none counts."""
    interval: tuple[float, float] | None
    """Wilson's 95 % interval of ``accuracy``, for these raters as a sample of raters."""


class ClipScore(_Document):
    """One clip, for joining with a run's ``per_clip.parquet``."""

    clip: str
    """Its id."""
    pack: str
    """Where it was shown."""
    sign: str
    """What it was to show."""
    answers: int
    """That count."""
    correct: int
    """Of them."""
    accuracy: float | None
    """Share of correct answers; null where none counts."""


class Confusion(_Document):
    """What was understood in place of a sign."""

    pack: str
    """Where the sign was shown."""
    sign: str
    """What was shown."""
    understood: str
    """What was understood; empty where the answer says nothing."""
    answers: int
    """How many said so."""
    outcome: Literal["wrong", "open", "blank"]
    """``open``: no person has decided yet."""


class RaterScore(_Document):
    """One rater in one pack."""

    pack: str
    """Which they answered."""
    rater: str
    """Pseudonym."""
    group: str | None
    """Of raters."""
    answers: int
    """That count."""
    correct: int
    """Of them."""
    accuracy: float | None
    """Share of correct answers; null where none counts."""
    deviation: float | None
    """``accuracy`` less the mean accuracy of all raters on the same signs."""
    outlier: bool
    """By ``outlier_rule``. Nobody is left out of a score for it."""
    seconds: float | None
    """Median time of an answer; null where the sheets have none."""
    fast: bool
    """By the rule of ``speed``. Nobody is left out of a score for it."""


class OrderPart(_Document):
    """One part of the raters' own orders of presentation."""

    part: int
    """From 1, the beginning."""
    parts: int
    """How many there are."""
    answers: int
    """That count."""
    correct: int
    """Of them."""
    sus: Estimate
    """Mean over signs of the accuracy of the answers in this part."""


class Fatigue(_Document):
    """Accuracy by place in each rater's own order."""

    parts: tuple[OrderPart, ...]
    """From the beginning to the end; empty where there is no order."""
    change: Estimate
    """Accuracy of the last part less that of the first, over the signs that were seen in both; below 0: it fell."""
    raters_without: int
    """Raters, pack by pack, whose order is not known or too short; they are in no part."""


class Speed(_Document):
    """How long answers took."""

    answers: int
    """That have a time."""
    right: float | None
    """Median seconds of correct answers."""
    wrong: float | None
    """Median seconds of all others."""
    raters: int
    """Raters, pack by pack, who have times."""
    fast_raters: int
    """Of them: who are fast by ``fast_rule``."""
    fast_rule: str
    """When a rater is fast."""
    note: str | None
    """Why there are no times."""


class Agreement(_Document):
    """Krippendorff's alpha, nominal."""

    of: Literal["answers", "correctness"]
    """Normalised answers, where a blank one is missing; or whether the answers are correct, for all that count."""
    alpha: float | None
    """1: full agreement, 0: as by chance; null with the reason in ``note``."""
    clips: int
    """That at least two raters answered."""
    values: int
    """Answers to these clips."""
    note: str | None = None
    """Why there is no alpha."""


class GroupScore(_Document):
    """A group of raters."""

    group: str
    """Its name."""
    raters: int
    """In it."""
    answers: int
    """That count."""
    correct: int
    """Of them."""
    sus: float | None
    """Mean over the signs that it answered of its accuracy per sign."""


class GroupComparison(_Document):
    """Two groups of raters, on the signs that both answered."""

    first: str
    """A group."""
    second: str
    """Another."""
    signs: int
    """That both answered."""
    difference: Estimate
    """Mean over these signs of the first one's accuracy less the second's."""
    p_value: float | None
    """Two-sided permutation test; null where nothing can be tested."""
    p_adjusted: float | None
    """After Holm, over all pairs of groups."""


class Correlation(_Document):
    """How a metric and the raters agree about the clips."""

    metric: str
    """Canonical name."""
    direction: Literal["higher", "lower", "reference"] | None
    """Which way of the metric is better; null where the run does not say."""
    coefficient: Literal["pearson", "spearman", "kendall"]
    """Kendall's is tau-b."""
    value: Estimate
    """As computed: a metric of direction ``lower`` that agrees with the raters has a negative one."""
    within_packs: Estimate | None
    """The same after the packs' own levels are taken out; null with one pack."""
    clips: int
    """That have both numbers."""
    p_value: float | None
    """Two-sided permutation test of ``within_packs``, of ``value`` with one pack; null where there is no coefficient."""
    p_adjusted: float | None
    """After Holm, over all coefficients of all metrics."""
    signature: str | None
    """How the metric was measured."""


class Correlations(_Document):
    """A run's metrics against the raters."""

    rows: tuple[Correlation, ...]
    """Metric by metric, in the run's order."""
    only_in_study: int
    """Clips of the study that the run does not have."""
    only_in_run: int
    """Clips of the run that the study does not have."""
    without_values: tuple[str, ...]
    """Metrics that have no value for any common clip, such as distances between distributions."""
    note: str
    """How the numbers were made."""


class StudyResult(_Document):
    """What a study measured. SUS is the Sign Understandability Score, not the System Usability Scale."""

    schema_version: Literal[2] = 2
    name: str
    """Of the study."""
    raters: int
    """Who took part in at least one pack."""
    answered_nothing: int
    """Raters who wrote nothing at all: they took no part, and are in no number."""
    signs: int
    """Over all packs; a sign of two packs counts twice."""
    unanswered_packs: tuple[str, ...]
    """Packs into which nobody wrote anything; they are in no number."""
    counts: Counts
    """Of all answers."""
    mean_over_signs: Estimate
    """SUS as the mean over all signs of the accuracy per sign: every sign counts the same."""
    mean_of_packs: Estimate
    """SUS as the mean of the packs' SUS: every pack counts the same."""
    if_open_were_correct: float | None
    """``mean_over_signs``, if every open answer were decided to be correct; the least it can become is ``mean_over_signs``."""
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
    """When a rater is an outlier."""
    agreement: tuple[Agreement, ...]
    """On normalised answers and on correctness."""
    groups: tuple[GroupScore, ...]
    """Empty where the sheets name none."""
    group_comparisons: tuple[GroupComparison, ...]
    """Each two groups."""
    fatigue: Fatigue
    """Accuracy by place in the raters' orders."""
    speed: Speed
    """How long answers took."""
    correlations: Correlations | None = Field(default=None)
    """With a run's metrics, where one was given."""
    method: tuple[str, ...]
    """How answers were judged and counted, in words."""
    import_notes: tuple[str, ...]
    """What there was to know about the sheets."""
    signature: str
    """What was shown and how answers were judged: two scores may stand in one column only where it is the same."""

    def as_json(self) -> dict[str, Any]:
        """Plain values; no NaN."""
        content: dict[str, Any] = self.model_dump(mode="json")
        return content

    def json_bytes(self) -> bytes:
        """The document as a file holds it: the same bytes for the same study."""
        return (json.dumps(self.as_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a study's result, which ships beside this module."""
    schema = StudyResult.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"signbench-study-result-{STUDY_RESULT_VERSION}",
        **schema,
    }


def read_study_result(path: Path) -> StudyResult:
    """Reads a study's result.

    Raises:
        InputError: not there, damaged, or of another version.
    """
    try:
        content = parse_json(path.read_bytes())
        version = content.get("schema_version") if isinstance(content, dict) else None
        if isinstance(version, int) and version > STUDY_RESULT_VERSION:
            raise InputError(f"{path} was written by a newer signbench; use that one.")
        if isinstance(version, int) and version < STUDY_RESULT_VERSION:
            raise InputError(f"{path} was written by an older signbench, which scored studies otherwise; score the study again.")
        return StudyResult.model_validate(content)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist; write it with: signbench study score STUDY --json > {path}.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is not a study's result: {str(error).splitlines()[0]}.") from error
