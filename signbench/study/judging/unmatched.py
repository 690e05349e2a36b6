"""Lists the answers that matched nothing, in a file in which a person decides about them."""

from __future__ import annotations

import difflib
import heapq
import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from signbench.errors import InputError
from signbench.spreadsheets import csv_bytes
from signbench.study.judging.lexicon import Lexicon
from signbench.study.judging.normalisation import Normaliser, judge
from signbench.study.sheets.answers import Study

COLUMNS = ("sign", "answer", "examples", "count", "nearest", "decision")
"""Columns of the file; a person fills in the last one."""

_EXAMPLES = 3
_NEAREST = 3
_COMPARED = 6
_CUTOFF = 0.5


@dataclass(frozen=True, kw_only=True)
class Unmatched:
    """An answer to a sign that no accepted answer, dictionary entry or decision covers.

    Attributes:
        sign: the sign that was shown.
        answer: the normal form.
        examples: what raters typed, the most frequent first.
        count: how often it was given.
        nearest: accepted answers of the study with similar spelling, the most similar first; shown to the person who decides, and
            used for nothing else.
    """

    sign: str
    answer: str
    examples: tuple[str, ...]
    count: int
    nearest: tuple[str, ...]


def unmatched(study: Study, lexicon: Lexicon | None = None) -> tuple[Unmatched, ...]:
    """Lists the open answers, the most frequent first.

    Args:
        study: the study.
        lexicon: the decisions so far.

    Raises:
        InputError: see :func:`signbench.study.judging.normalisation.judge`.
    """
    typed: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for judgement in judge(study, lexicon):
        if judgement.outcome == "open":
            typed[judgement.answer.sign, judgement.normalised][judgement.answer.text] += 1
    targets = {target: _pairs(target) for target in Normaliser(study.settings).targets}
    near = {answer: _near(answer, targets) for answer in {answer for _, answer in typed}}
    found = [
        Unmatched(
            sign=sign,
            answer=answer,
            examples=tuple(text for text, _ in texts.most_common(_EXAMPLES)),
            count=texts.total(),
            nearest=near[answer],
        )
        for (sign, answer), texts in typed.items()
    ]
    return tuple(sorted(found, key=lambda item: (-item.count, item.sign, item.answer)))


def adjudication_csv(items: Sequence[Unmatched], lexicon: Lexicon | None = None) -> bytes:
    """The file that a person fills in; earlier decisions are at its end, so that the new file replaces the old one."""
    rows: list[list[object]] = [
        [item.sign, item.answer, " | ".join(item.examples), item.count, ", ".join(item.nearest), ""] for item in items
    ]
    if lexicon is not None:
        rows += [[sign, answer, "", "", "", decision] for (sign, answer), decision in sorted(lexicon.decisions.items())]
    return csv_bytes(rows, COLUMNS)


def _near(answer: str, targets: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """The most similar targets; only those that share the most letter pairs are compared in detail, which is slow."""
    pairs = _pairs(answer)
    shortlist = heapq.nlargest(_COMPARED, targets, key=lambda target: len(pairs & targets[target]))
    return tuple(difflib.get_close_matches(answer, shortlist, n=_NEAREST, cutoff=_CUTOFF))


def _pairs(text: str) -> frozenset[str]:
    return frozenset(map("".join, itertools.pairwise(f" {text} ")))


def write_adjudication(path: Path, items: Sequence[Unmatched], lexicon: Lexicon | None = None) -> None:
    """Writes :func:`adjudication_csv` into a new file.

    Raises:
        InputError: the file exists, and may contain decisions; or it cannot be written.
    """
    content = adjudication_csv(items, lexicon)
    try:
        with path.open("xb") as stream:
            stream.write(content)
    except FileExistsError:
        raise InputError(f"{path} already exists and may contain decisions; choose another output file.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}; choose another output file.") from error
