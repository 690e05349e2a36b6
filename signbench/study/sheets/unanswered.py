"""Missing answers: one rule for empty cells of wide sheets and for missing rows of long sheets.

A participant who answered nothing in a pack did not take part in it. For those who took part, a clip without an answer counts as a
blank answer or as not shown, according to ``unanswered`` in the mapping.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from signbench.errors import InputError, listing
from signbench.study.settings import ShownClip, StudySettings
from signbench.study.sheets.reading import ReadSheet, SheetAnswer

ANSWERED_NOTHING = "participants who answered nothing at all, left out"


def has_visible_text(text: str) -> bool:
    """Whether an answer has a visible character; a dash or a question mark counts as an answer."""
    return any(not letter.isspace() and unicodedata.category(letter) not in ("Cf", "Cc") for letter in text)


def resolve_missing(
    kept: Sequence[SheetAnswer], sheets: Mapping[int, ReadSheet], settings: StudySettings
) -> tuple[list[SheetAnswer], dict[str, int]]:
    """Applies the rule for missing answers.

    Args:
        kept: at most one answer of each rater to each clip of each pack.
        sheets: the sheets by their number.
        settings: ``unanswered``.

    Returns:
        The answers that count, including blank ones; and what was done -> how often.

    Raises:
        InputError: nobody answered anything; or ``unanswered`` is not set and most rows of a pack are missing, so that the clips
            may not have been shown.
    """
    clips: dict[str, dict[str, ShownClip]] = defaultdict(dict)
    for sheet in sheets.values():
        for clip in sheet.clips:
            clips[clip.pack or ""].setdefault(clip.clip, clip)
    given: dict[tuple[str, str], dict[str, SheetAnswer]] = defaultdict(dict)
    for answer in kept:
        given[answer.identity, answer.shown.pack or ""][answer.shown.clip] = answer
    silent = {key for key, answers in given.items() if not any(has_visible_text(answer.text) for answer in answers.values())}
    taking_part = {identity for identity, pack in given if (identity, pack) not in silent}
    if not taking_part:
        raise InputError("these sheets contain no answers at all; check that the mapping names the columns with the answers.")
    notes = {
        ANSWERED_NOTHING: len({identity for identity, _ in given} - taking_part),
        "packs in which a participant answered nothing, counted as not shown": sum(key[0] in taking_part for key in silent),
    }
    found: list[SheetAnswer] = []
    absent: Counter[str] = Counter()
    present: Counter[str] = Counter()
    empty = 0
    for (identity, pack), answers in given.items():
        if (identity, pack) in silent:
            continue
        written = {clip: answer for clip, answer in answers.items() if has_visible_text(answer.text)}
        found += written.values()
        empty += len(clips[pack]) - len(written)
        present[pack] += len(answers)
        absent[pack] += len(clips[pack]) - len(answers)
        if settings.meaning_of_unanswered == "blank":
            some = next(iter(written.values()))
            found += [answers.get(clip) or _blank(some, shown) for clip, shown in clips[pack].items() if clip not in written]
    if settings.unanswered is None:
        _check_guess(present, absent)
    meaning = "blank" if settings.meaning_of_unanswered == "blank" else "not shown"
    notes[f"missing answers of participants who answered other clips of the pack, counted as {meaning}"] = empty
    answered = {answer.shown.clip for answer in found if has_visible_text(answer.text)}
    if without_answers := sorted({clip for shown in clips.values() for clip in shown} - answered):
        notes[f"clips that nobody answered ({listing(without_answers)})"] = len(without_answers)
    return found, {note: count for note, count in notes.items() if count}


def _blank(some: SheetAnswer, shown: ShownClip) -> SheetAnswer:
    """A blank answer of the rater who gave ``some``, to another clip of the same pack."""
    return replace(some, shown=shown, text="", order=None, time=None, own_time=False)


def _check_guess(present: Mapping[str, int], absent: Mapping[str, int]) -> None:
    for pack, count in sorted(absent.items()):
        if count > present[pack]:
            raise InputError(
                f"pack {pack}: its participants have {present[pack]:,} rows, and {count:,} more are missing if each of them saw "
                "every clip. Set 'unanswered: not-shown' in the mapping if these clips were not shown to them, otherwise "
                "'unanswered: blank'."
            )
