"""A study's judged answers as arrays of raters and signs.

The rows of a study's table are the clips that each rater was shown. A rater who wrote nothing at all in a pack did not take part in
it; a rater who wrote something saw every clip that the table lists for them, and answers left empty are blank.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, NotComparableError
from signbench.study.judging.normalisation import Judgement
from signbench.study.sheets.unanswered import has_visible_text


@dataclass(frozen=True, kw_only=True, eq=False)
class PackResponses:
    """The answers of one pack.

    Several clips of one sign in the pack are one sign; a cell then counts several answers.

    Attributes:
        name: of the pack.
        signs: in alphabetical order, S of them.
        raters: int64 ``(R,)``, indices into :attr:`Responses.raters` of the raters of this pack, ascending.
        correct: float32 ``(R, S)``, number of correct answers.
        answered: float32 ``(R, S)``, number of answers that count, without blank ones that are left out.
    """

    name: str
    signs: tuple[str, ...]
    raters: NDArray[np.int64]
    correct: NDArray[np.float32]
    answered: NDArray[np.float32]

    def accuracies(self) -> NDArray[np.float64]:
        """Share of correct answers to each sign: float64 ``(S,)``, NaN where no answer counts."""
        return share(self.correct.sum(axis=0, dtype=np.float64), self.answered.sum(axis=0, dtype=np.float64))


@dataclass(frozen=True, eq=False)
class Responses:
    """The answers of a study.

    Attributes:
        raters: pseudonyms, in an order that depends on the answers and not on the pseudonyms.
        groups: each rater's group, None if the sheets do not give it.
        packs: in alphabetical order.
    """

    raters: tuple[str, ...]
    groups: tuple[str | None, ...]
    packs: tuple[PackResponses, ...]

    def linked(self) -> NDArray[np.int64]:
        """A number for each rater, equal for raters of one pack and of packs that share a rater: int64 ``(len(raters),)``.

        Raters with the same number are drawn together, so that a rater of two packs counts equally often in both.
        """
        number = np.arange(len(self.raters))
        changed = True
        while changed:
            before = number.copy()
            for pack in self.packs:
                number[pack.raters] = number[pack.raters].min()
            changed = not np.array_equal(before, number)
        return number


def took_part(judgements: Iterable[Judgement]) -> list[Judgement]:
    """Removes the answers of raters who wrote nothing at all in a pack, as an import does, for tables from other sources.

    A rater who left every field of a pack empty did not work on it. "Don't know" is an answer.

    Args:
        judgements: of all answers of a study.

    Returns:
        The answers of the raters who took part in the pack, in their order.
    """
    given = list(judgements)
    wrote = {(judgement.answer.pack, judgement.answer.rater) for judgement in given if has_visible_text(judgement.answer.text)}
    return [judgement for judgement in given if (judgement.answer.pack, judgement.answer.rater) in wrote]


def responses(judgements: Sequence[Judgement], *, count_blank: bool) -> Responses:
    """Counts judged answers by pack, rater and sign.

    Args:
        judgements: of all answers of a study, in any order.
        count_blank: blank answers count as wrong; otherwise they are left out.

    Raises:
        InputError: a rater is in two groups.
        NotComparableError: no answer counts, so nothing was measured.
    """
    counted = [judgement for judgement in judgements if count_blank or judgement.outcome != "blank"]
    if not counted:
        raise NotComparableError("the study has no answer that counts; nothing was measured.")
    group: dict[str, str | None] = {}
    for judgement in judgements:
        answer = judgement.answer
        if group.setdefault(answer.rater, answer.group) != answer.group:
            raise InputError(f"rater {answer.rater} is in the groups {group[answer.rater]} and {answer.group}; keep one.")
    raters = _in_order(judgements, count_blank=count_blank)
    index_of = {rater: index for index, rater in enumerate(raters)}
    by_pack: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        by_pack.setdefault(judgement.answer.pack, []).append(judgement)
    return Responses(
        raters,
        tuple(group[rater] for rater in raters),
        tuple(_pack(name, by_pack[name], index_of, count_blank=count_blank) for name in sorted(by_pack)),
    )


def _in_order(judgements: Iterable[Judgement], *, count_blank: bool) -> tuple[str, ...]:
    """Raters sorted by their answers, first by what affects the score.

    Random draws depend on this order. If it depended on the pseudonyms, which may differ between imports, the same sheets could
    give different intervals. Raters with equal answers are interchangeable.
    """
    counted: defaultdict[str, list[tuple[str, str, str, bool, bool]]] = defaultdict(list)
    written: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
    for judgement in judgements:
        answer = judgement.answer
        counts = count_blank or judgement.outcome != "blank"
        counted[answer.rater].append((answer.pack, answer.sign, answer.clip, counts, judgement.outcome == "correct"))
        more = (answer.group, judgement.outcome, judgement.normalised, answer.text, answer.order, answer.seconds)
        written[answer.rater].append((answer.pack, answer.sign, answer.clip, *map(repr, more)))
    return tuple(sorted(counted, key=lambda rater: (sorted(counted[rater]), sorted(written[rater]), rater)))


def share(part: NDArray[np.floating], whole: NDArray[np.floating]) -> NDArray[np.float64]:
    """``part / whole`` in float64, NaN where ``whole`` is 0."""
    quotient = np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan)
    np.divide(part, whole, out=quotient, where=whole > 0, dtype=np.float64)
    return quotient


def _pack(name: str, judgements: Sequence[Judgement], index_of: dict[str, int], *, count_blank: bool) -> PackResponses:
    signs = tuple(sorted({judgement.answer.sign for judgement in judgements}))
    column = {sign: index for index, sign in enumerate(signs)}
    raters = np.array(sorted({index_of[judgement.answer.rater] for judgement in judgements}), dtype=np.int64)
    row = {int(rater): index for index, rater in enumerate(raters)}
    correct = np.zeros((len(raters), len(signs)), dtype=np.float32)
    answered = np.zeros_like(correct)
    for judgement in judgements:
        if count_blank or judgement.outcome != "blank":
            cell = row[index_of[judgement.answer.rater]], column[judgement.answer.sign]
            answered[cell] += 1
            correct[cell] += judgement.outcome == "correct"
    return PackResponses(name=name, signs=signs, raters=raters, correct=correct, answered=answered)
