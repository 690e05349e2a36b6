"""What it means that an answer is missing: one rule for empty cells of wide sheets and for rows that long sheets do not have.

Whoever answered nothing of a pack did not take part in it. Of those who did, a clip without an answer is a blank answer to
it, or was not shown, as the mapping says (``unanswered``).
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from signbench.errors import InputError, listing
from signbench.study.settings import ShownClip, StudySettings
from signbench.study.sheets.reading import Given, ReadSheet

NOBODY = "participants who answered nothing at all, left out"


def is_said(text: str) -> bool:
    """Whether a cell holds anything that can be seen; a dash or a question mark is an answer, which says nothing."""
    return any(not letter.isspace() and unicodedata.category(letter) not in ("Cf", "Cc") for letter in text)


def settle(kept: Sequence[Given], sheets: Mapping[int, ReadSheet], settings: StudySettings) -> tuple[list[Given], dict[str, int]]:
    """Applies the rule.

    Args:
        kept: at most one answer of each rater to each clip of each pack.
        sheets: the sheets by their number.
        settings: ``unanswered``.

    Returns:
        The answers that count, blank ones among them; and what was done -> how often.

    Raises:
        InputError: nobody answered anything; or most clips of a pack have no row of those who answered others, so that it cannot be
            guessed whether they were shown.
    """
    clips: dict[str, dict[str, ShownClip]] = defaultdict(dict)
    for sheet in sheets.values():
        for clip in sheet.clips:
            clips[clip.pack or ""].setdefault(clip.clip, clip)
    given: dict[tuple[str, str], dict[str, Given]] = defaultdict(dict)
    for answer in kept:
        given[answer.identity, answer.shown.pack or ""][answer.shown.clip] = answer
    silent = {key for key, answers in given.items() if not any(is_said(answer.text) for answer in answers.values())}
    taking_part = {identity for identity, pack in given if (identity, pack) not in silent}
    if not taking_part:
        raise InputError("nobody answered anything in these sheets; check that the mapping names the columns with the answers.")
    nobody = len({identity for identity, _ in given} - taking_part)
    notes = {
        NOBODY: nobody,
        "packs in which a participant answered nothing, taken as not shown": sum(key[0] in taking_part for key in silent),
    }
    found: list[Given] = []
    absent: Counter[str] = Counter()
    present: Counter[str] = Counter()
    empty = 0
    for (identity, pack), answers in given.items():
        if (identity, pack) in silent:
            continue
        said = {clip: answer for clip, answer in answers.items() if is_said(answer.text)}
        found += said.values()
        empty += len(clips[pack]) - len(said)
        present[pack] += len(answers)
        absent[pack] += len(clips[pack]) - len(answers)
        if settings.meaning_of_unanswered == "blank":
            some = next(iter(said.values()))
            found += [answers.get(clip) or _blank(some, shown) for clip, shown in clips[pack].items() if clip not in said]
    if settings.unanswered is None:
        _check_guess(present, absent)
    meaning = "blank" if settings.meaning_of_unanswered == "blank" else "as not shown"
    notes[f"clips without an answer of somebody who answered others of the pack, taken {meaning}"] = empty
    answered = {answer.shown.clip for answer in found if is_said(answer.text)}
    if nobodys := sorted({clip for shown in clips.values() for clip in shown} - answered):
        notes[f"clips that nobody answered ({listing(nobodys)})"] = len(nobodys)
    return found, {note: count for note, count in notes.items() if count}


def _blank(some: Given, shown: ShownClip) -> Given:
    """A blank answer of the rater who gave ``some``, to another clip of the same pack."""
    return replace(some, shown=shown, text="", order=None, time=None, own_time=False)


def _check_guess(present: Mapping[str, int], absent: Mapping[str, int]) -> None:
    for pack, count in sorted(absent.items()):
        if count > present[pack]:
            raise InputError(
                f"pack {pack}: participants have {present[pack]:,} rows, and {count:,} more would be theirs if each had seen every "
                "clip of the pack. Write 'unanswered: not-shown' into the mapping if these were not shown, else "
                "'unanswered: blank'."
            )
