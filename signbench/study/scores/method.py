"""Describes in sentences how a study's answers were judged and counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signbench.study.judging.lemmatisers import lemmatiser
from signbench.study.sheets.answers import IMPORT_FORM, IMPORT_RECORD

if TYPE_CHECKING:
    from signbench.study.judging.lexicon import Lexicon
    from signbench.study.sheets.answers import Study

_RESUBMISSIONS = {
    "refuse": "Nobody answered a clip twice.",
    "first": "If a rater answered a clip twice, the first answer counts.",
    "last": "If a rater answered a clip twice, the last answer counts.",
}


def method(study: Study, lexicon: Lexicon | None) -> tuple[str, ...]:
    """Every choice between typed answers and scores, one sentence each.

    Args:
        study: with its settings.
        lexicon: a person's decisions about open answers.

    Raises:
        InputError: the study's lemmatiser is not installed.
    """
    settings = study.settings
    name = lemmatiser(settings)[1]
    words = sum(len(answers) for answers in settings.signs.values())
    return (
        f"The answers are in the language {settings.language!r}.",
        "An answer is correct if the whole answer, or every part of it, has the normal form of an accepted answer of the sign.",
        f"There are {words:,} accepted answers for {_counted(len(settings.signs), 'sign')}. Similar spellings are not accepted.",
        "No lemmatiser was used." if name == "none" else f"Each word was reduced to its lemma by {name}.",
        f"The dictionary maps {_counted(len(settings.dictionary), 'variant')} to lemmas."
        if settings.dictionary
        else "There is no dictionary.",
        _lexicon(lexicon),
        "A rater who wrote nothing at all in a pack did not take part in it and is not counted.",
        "If a rater who answered other clips of the pack has no answer to a clip, the answer is blank."
        if settings.meaning_of_unanswered == "blank"
        else "If a rater who answered other clips of the pack has no answer to a clip, the clip was not shown to that rater.",
        'A blank answer, or one such as "don\'t know", counts as wrong: the sign was not understood.'
        if settings.blank == "wrong"
        else 'A blank answer, or one such as "don\'t know", is left out.',
        _RESUBMISSIONS[settings.resubmissions],
    )


@dataclass(frozen=True)
class ImportRecord:
    """What the record of an import says about the sheets.

    Attributes:
        notes: one sentence each.
        answered_nothing: number of participants who wrote nothing at all, and are not in the table.
    """

    notes: tuple[str, ...]
    answered_nothing: int

    @classmethod
    def of(cls, study: Study) -> ImportRecord:
        """Reads the record of a study from its ``import.json``."""
        record = IMPORT_FORM.read(study.folder / IMPORT_RECORD)
        return cls(tuple(map(str, record.get("notes", ()))), int(record.get("counts", {}).get("answered_nothing", 0)))


def _lexicon(lexicon: Lexicon | None) -> str:
    if lexicon is None or not lexicon.decisions:
        return "No lexicon was given: answers that matched nothing are undecided, and count as wrong."
    yes, no = (sum(decision == word for decision in lexicon.decisions.values()) for word in ("yes", "no"))
    other = len(lexicon.decisions) - yes - no
    return (
        f"A person decided about {_counted(len(lexicon.decisions), 'answer')} that matched nothing: {yes} correct, {no} wrong, "
        f"{other} with another meaning (lexicon {lexicon.digest[:12]})."
    )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
