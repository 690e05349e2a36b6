"""The human column of a row: what people understood of its clips, as counts for each sign. No answers and no raters are kept."""

from __future__ import annotations

import json
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from signbench.documents import parse_json
from signbench.errors import InputError

if TYPE_CHECKING:
    from signbench.study.result import Estimate, StudyResult

HUMAN_VERSION = 1


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class HumanEstimate(_Document):
    """A Sign Understandability Score (SUS) with its uncertainty."""

    value: float | None
    """Share of correct answers; null where nothing was measured."""
    interval: tuple[float, float] | None
    """95 %."""
    interval_note: str
    """How the interval was made, or why there is none."""


class SignCount(_Document):
    """One sign of one pack."""

    pack: str
    """Where it was shown."""
    sign: str
    """What was to be understood."""
    correct: int = Field(ge=0)
    """Correct answers."""
    answers: int = Field(ge=0)
    """Answers that count."""


class HumanScore(_Document):
    """What ``study.json`` holds. SUS is the Sign Understandability Score, not the System Usability Scale."""

    human_version: Literal[1] = 1
    study: str
    """Name of the study."""
    raters: int = Field(ge=1)
    """How many people answered."""
    clips: int = Field(ge=1)
    """How many of the row's clips they saw."""
    per_sign: tuple[SignCount, ...] = Field(min_length=1)
    """By pack and sign."""
    mean_over_signs: HumanEstimate
    """SUS as the mean over all signs: every sign counts the same."""
    mean_of_packs: HumanEstimate
    """SUS as the mean of the packs' SUS: every pack counts the same."""
    signature: str
    """How answers were judged: two scores may stand in one column only where it is the same."""

    def json_bytes(self) -> bytes:
        """The file's content."""
        return (json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()

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
            clips=len({row.clip for row in result.per_clip}),
            per_sign=tuple(
                SignCount(pack=row.pack, sign=row.sign, correct=row.counts.correct, answers=row.counts.answers)
                for row in result.per_sign
            ),
            mean_over_signs=estimate(result.mean_over_signs),
            mean_of_packs=estimate(result.mean_of_packs),
            signature=result.signature,
        )


def read_human(path: Path) -> HumanScore:
    """Reads a ``study.json``.

    Raises:
        InputError: not there, damaged, or of another version.
    """
    try:
        content = parse_json(path.read_bytes())
        version = content.get("human_version") if isinstance(content, dict) else None
        if isinstance(version, int) and version > HUMAN_VERSION:
            raise InputError(f"{path} was written by a newer signbench; use that one.")
        return HumanScore.model_validate(content)
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} does not hold a study's counts: {str(error).splitlines()[0]}; submit the study again.") from error


def study_result(study: Path, lexicon: Path | None) -> StudyResult:
    """The result of a study: of its folder, or of a file that ``signbench study score --json`` printed.

    Args:
        study: the folder or the file.
        lexicon: what a person decided about open answers, for a folder.

    Raises:
        InputError: it is neither, or cannot be scored.
    """
    if study.is_file():
        from signbench.study.result import read_study_result

        return read_study_result(study)
    from signbench.study.answers import read_study
    from signbench.study.lexicon import read_lexicon
    from signbench.study.scoring import score_study

    return score_study(read_study(study), read_lexicon(lexicon) if lexicon is not None else None)
