"""How a study's answers were judged and counted, in sentences for a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signbench.documents import parse_json
from signbench.study.judging.lemmatisers import lemmatiser
from signbench.study.sheets.answers import IMPORT_RECORD

if TYPE_CHECKING:
    from signbench.study.judging.lexicon import Lexicon
    from signbench.study.sheets.answers import Study

_RESUBMISSIONS = {
    "refuse": "Nobody answered a clip twice.",
    "first": "Where a rater answered a clip twice, the first answer counts.",
    "last": "Where a rater answered a clip twice, the last answer counts.",
}


def method(study: Study, lexicon: Lexicon | None) -> tuple[str, ...]:
    """Every choice between typed answers and scores, a sentence each.

    Args:
        study: with its settings.
        lexicon: what a person decided about open answers.

    Raises:
        InputError: the study's lemmatiser is not installed.
    """
    settings = study.settings
    name = lemmatiser(settings)[1]
    words = sum(len(answers) for answers in settings.signs.values())
    return (
        f"The answers are in the language {settings.language!r}.",
        "An answer is correct where the whole of it, or every part of it, has the normal form of an accepted answer of the sign.",
        f"Accepted answers: {words:,} for {_counted(len(settings.signs), 'sign')}. Nothing is accepted for being similar.",
        "No lemmatiser was used." if name == "none" else f"Each word was brought to its lemma by {name}.",
        f"The dictionary brings {_counted(len(settings.dictionary), 'variant')} to a lemma."
        if settings.dictionary
        else "There is no dictionary.",
        _lexicon(lexicon),
        "A rater who wrote nothing at all into a pack took no part in it and is in no number.",
        "A clip without an answer of a rater who answered others of the pack was shown, and the answer is blank."
        if settings.meaning_of_unanswered == "blank"
        else "A clip without an answer of a rater who answered others of the pack was not shown to that rater.",
        "A blank answer, or one that says that the rater does not know, counts as wrong: the sign was not understood."
        if settings.blank == "wrong"
        else "A blank answer, or one that says that the rater does not know, is left out.",
        _RESUBMISSIONS[settings.resubmissions],
    )


@dataclass(frozen=True)
class ImportRecord:
    """What a study's import left to know of its sheets.

    Attributes:
        notes: a sentence each.
        answered_nothing: participants who wrote nothing at all, and are not in the table.
    """

    notes: tuple[str, ...]
    answered_nothing: int

    @classmethod
    def of(cls, study: Study) -> ImportRecord:
        """That of a study, from its ``import.json``."""
        record = parse_json((study.folder / IMPORT_RECORD).read_bytes())
        return cls(tuple(map(str, record.get("notes", ()))), int(record.get("counts", {}).get("answered_nothing", 0)))


def _lexicon(lexicon: Lexicon | None) -> str:
    if lexicon is None or not lexicon.decisions:
        return "No lexicon was given: no person decided about answers that matched nothing, and they count as wrong."
    yes, no = (sum(decision == word for decision in lexicon.decisions.values()) for word in ("yes", "no"))
    other = len(lexicon.decisions) - yes - no
    return (
        f"A person decided about {_counted(len(lexicon.decisions), 'answer')} that matched nothing: {yes} correct, {no} wrong, "
        f"{other} with what was meant (lexicon {lexicon.digest[:12]})."
    )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
