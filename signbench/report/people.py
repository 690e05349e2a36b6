"""What people understood of a run's productions, from a study that showed them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from signbench.errors import InputError
from signbench.study.scores.result import ClipScore, StudyResult
from signbench.study.scoring import study_result

MOST_SHOWN = 6
"""Misunderstood clips that get a player."""


@dataclass(frozen=True)
class Understood:
    """What people understood of one clip.

    Attributes:
        clip: its id.
        sign: the sign that it shows.
        answers: number of answers that count.
        correct: number of them that name the sign.
        instead: what was understood instead of this sign, in all of its clips of the pack, with the number of answers.
    """

    clip: str
    sign: str
    answers: int
    correct: int
    instead: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class People:
    """A study next to a run.

    Attributes:
        result: of the study.
        clips: clips of the run, the least understood first.
    """

    result: StudyResult
    clips: tuple[Understood, ...]

    @property
    def misunderstood(self) -> list[str]:
        """Clips that are worth a player: the least understood, but none that everybody understood."""
        return [each.clip for each in self.clips if each.correct < each.answers][:MOST_SHOWN]


def people_of(study: Path, clips: Collection[str]) -> People:
    """What people understood of clips.

    Args:
        study: a study's folder, or the result that ``signbench study score --json`` printed.
        clips: ids of the run's clips.

    Raises:
        InputError: it is neither of the two, cannot be scored, or showed none of these clips.
    """
    result = study_result(study, None)
    known = set(clips)
    found = [_understood(score, result) for score in result.per_clip if score.clip in known and score.answers]
    if not found:
        example = f", but {result.per_clip[0].clip}" if result.per_clip else ""
        raise InputError(f"{study} showed none of the run's clips{example}; name the clips in its mapping as in the run.")
    return People(result, tuple(sorted(found, key=lambda each: (each.correct / each.answers, each.clip))))


def _understood(score: ClipScore, result: StudyResult) -> Understood:
    instead: Sequence[tuple[str, int]] = [
        (each.understood, each.answers) for each in result.confusions if (each.pack, each.sign) == (score.pack, score.sign)
    ]
    return Understood(score.clip, score.sign, score.answers, score.correct, tuple(instead))
