"""From what raters typed to what counts: correct, wrong, open until a person decides it, or blank."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from signbench.errors import InputError, nearest
from signbench.study.answers import Answer, Study
from signbench.study.lemmatisers import lemmatiser
from signbench.study.letters import cleaned, parts
from signbench.study.lexicon import Lexicon, check_signs
from signbench.study.settings import IgnoredSheet, StudySettings

REVISION = 1
"""Rises when the same answers and settings would be judged otherwise."""

BETWEEN_PARTS = " / "
"""Stands between the several answers of one cell in a normal form."""

Outcome = Literal["correct", "wrong", "open", "blank"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of one answer.

    Attributes:
        answer: the answer.
        normalised: its normal form; empty where it is blank.
        outcome: ``correct``; ``wrong``: a person or another sign's accepted answers decided so; ``open``: it matched nothing and
            counts as wrong until a person decides it; ``blank``: it says nothing, and counts as wrong where ``settings.blank`` is
            ``wrong`` and is left out where that is ``leave-out``.
        understood: what was understood, for tables of confusions: the sign whose accepted answer it is (the clip's own first), else
            the normal form; empty where it is blank.
    """

    answer: Answer
    normalised: str
    outcome: Outcome
    understood: str


@dataclass(frozen=True, slots=True)
class _Verdict:
    normalised: str
    outcome: Outcome
    understood: str


class Normaliser:
    """Brings answers into the normal form of one study, and knows which of them it accepts.

    Attributes:
        lemmatiser: name and versions of the lemmatiser, or ``none``.
        accepted: sign -> the normal forms of its accepted answers.
        targets: normal form of an accepted answer -> the signs that accept it.
    """

    def __init__(self, settings: StudySettings) -> None:
        """Reads the study's dictionary and accepted answers.

        Raises:
            InputError: the lemmatiser is not there; the dictionary leads from one lemma to another, or a variant to two; an
                accepted answer says nothing.
        """
        self._language = settings.language
        self._lemma, self.lemmatiser = lemmatiser(settings)
        self._dictionary: dict[str, str] = {}
        self._dictionary = self._read_dictionary(settings.dictionary)
        self._blank = frozenset(self._clean(answer) for answer in settings.blank_answers)
        self.accepted: dict[str, frozenset[str]] = {}
        self.targets: dict[str, tuple[str, ...]] = {}
        for sign, answers in settings.signs.items():
            forms = {answer: self.normal(answer) for answer in answers}
            silent = [answer for answer, form in forms.items() if not form]
            if silent:
                raise InputError(f"study.yaml: sign {sign} accepts {silent[0]!r}, which says nothing; write a word.")
            self.accepted[sign] = frozenset(forms.values())
            for form in forms.values():
                self.targets[form] = tuple(dict.fromkeys((*self.targets.get(form, ()), sign)))
        self._known = {*self.targets, *self._dictionary.values()}

    def normal(self, text: str) -> str:
        """The normal form of one answer: cleaned, then the dictionary's lemma of the whole, else the lemma of each word.

        Args:
            text: as it was typed.

        Returns:
            The normal form, empty where nothing was said.
        """
        whole = self._clean(text)
        if whole in self._dictionary:
            return self._dictionary[whole]
        lemmas = self._lemmas(whole)
        return self._dictionary.get(lemmas, lemmas)

    def verdict(self, sign: str, text: str, decisions: Mapping[tuple[str, str], str]) -> _Verdict:
        """Judges one answer.

        Args:
            sign: the clip's sign.
            text: as it was typed.
            decisions: what a person decided, (sign, normal form) -> ``yes``, ``no`` or a lemma; a person comes before the accepted
                answers.

        Raises:
            InputError: a decision is a lemma that the study does not know.
        """
        accepted, whole = self.accepted[sign], self.normal(text)
        pieces = [piece for piece in dict.fromkeys(self.normal(part) for part in parts(text)) if piece]
        in_parts = bool(pieces) and all(piece in accepted for piece in pieces)
        if not pieces or whole in accepted or (whole in self._known and not in_parts):
            pieces = [whole]
        form = BETWEEN_PARTS.join(pieces)
        understood = BETWEEN_PARTS.join(self._sign(piece, sign) for piece in pieces)
        decision = decisions.get((sign, form))
        if decision is not None and whole:
            return self._decided(sign, form, decision, understood)
        if all(piece in accepted for piece in pieces):
            return _Verdict(form, "correct", sign)
        if self._says_nothing(text):
            return _Verdict("", "blank", "")
        known = all(piece in self.targets for piece in pieces)
        return _Verdict(form, "wrong" if known else "open", understood)

    def _decided(self, sign: str, form: str, decision: str, understood: str) -> _Verdict:
        if decision == "yes":
            return _Verdict(form, "correct", sign)
        if decision == "no":
            return _Verdict(form, "wrong", form if understood == sign else understood)
        lemma = self.normal(decision)
        if decision in self.accepted:
            return _Verdict(form, "correct" if decision == sign else "wrong", decision)
        if lemma not in self._known:
            raise InputError(
                f"lexicon: the decision {decision!r} on {form!r} (sign {sign}) is neither yes nor no, nor a lemma of this study. "
                f"{nearest(lemma, self._known)}"
            )
        return _Verdict(form, "correct" if lemma in self.accepted[sign] else "wrong", self._sign(lemma, sign))

    def _sign(self, form: str, own: str) -> str:
        """The sign that a normal form names: the clip's own where that accepts it, else the only one; else the form itself."""
        signs = self.targets.get(form, ())
        if own in signs:
            return own
        return signs[0] if len(signs) == 1 else form

    def _says_nothing(self, text: str) -> bool:
        whole = self._clean(text)
        if not whole or whole in self._blank:
            return True
        pieces = [piece for piece in map(self._clean, parts(text)) if piece]
        return bool(pieces) and all(piece in self._blank for piece in pieces)

    def _clean(self, text: str) -> str:
        return cleaned(text, self._language)

    def _lemmas(self, text: str) -> str:
        return " ".join(self._clean(self._lemma(word)) or word for word in text.split())

    def _read_dictionary(self, dictionary: Mapping[str, str]) -> dict[str, str]:
        read: dict[str, str] = {}
        for variant, lemma in dictionary.items():
            form, target = self._clean(variant), self._lemmas(self._clean(lemma))
            if not form or not target:
                raise InputError(f"study.yaml: the dictionary's entry {variant!r}: {lemma!r} says nothing; write words.")
            if read.get(form, target) != target:
                raise InputError(f"study.yaml: the dictionary leads {variant!r} to {read[form]!r} and to {target!r}; keep one.")
            read[form] = target
        for variant, target in read.items():
            if read.get(target, target) != target:
                raise InputError(
                    f"study.yaml: the dictionary leads {variant!r} to {target!r}, and that to {read[target]!r}; lead both to one."
                )
        return read


def judge(study: Study, lexicon: Lexicon | None = None) -> tuple[Judgement, ...]:
    """Judges every answer of a study, in the order of its table.

    An answer is correct when the whole of it is an accepted one of the clip's sign, or, split at ``, ; /`` and "or", every part is.
    Nothing is accepted for being similar.

    Args:
        study: the answers and how to judge them.
        lexicon: what a person decided about answers that matched nothing.

    Raises:
        InputError: the study's dictionary, accepted answers or lemmatiser cannot be used, or a decision is no known lemma.
    """
    normaliser = Normaliser(study.settings)
    decisions = _decisions(normaliser, study, lexicon)
    seen: dict[tuple[str, str], _Verdict] = {}
    judged = []
    for answer in study.answers:
        key = (answer.sign, answer.text)
        if (verdict := seen.get(key)) is None:
            verdict = seen[key] = normaliser.verdict(*key, decisions)
        judged.append(Judgement(answer, verdict.normalised, verdict.outcome, verdict.understood))
    return tuple(judged)


def unused_decisions(study: Study, lexicon: Lexicon) -> tuple[tuple[str, str], ...]:
    """The (sign, answer) pairs of a lexicon that no answer of the study has, in order; a changed dictionary leaves such behind.

    Raises:
        InputError: see :func:`judge`.
    """
    normaliser = Normaliser(study.settings)
    given = {(judgement.answer.sign, judgement.normalised) for judgement in judge(study, lexicon)}
    return tuple(
        (sign, answer)
        for sign, answer in sorted(lexicon.decisions)
        if (sign, answer) not in given and (sign, normaliser.verdict(sign, answer, {}).normalised) not in given
    )


def signature(study: Study, lexicon: Lexicon | None = None) -> str:
    """Every choice that may move a number between the typed answers and the judgements, as ``key:value|key:value``.

    Raises:
        InputError: the study's lemmatiser is not installed.
    """
    settings = study.settings
    pairs = {
        "normalisation": str(REVISION),
        "language": settings.language,
        "lemmatiser": lemmatiser(settings)[1],
        "accepted": _digest({sign: sorted(answers) for sign, answers in settings.signs.items()}),
        "dictionary": _digest(settings.dictionary) if settings.dictionary else "none",
        "blank": settings.blank,
        "blank-answers": _digest(sorted(settings.blank_answers)),
        "resubmissions": settings.resubmissions,
        "unanswered": settings.meaning_of_unanswered,
        "answered-nothing": "left-out",
        "rows": _rows_left_out(settings),
        "lexicon": lexicon.digest[:12] if lexicon is not None and lexicon.decisions else "none",
    }
    return "|".join(f"{key}:{value}" for key, value in pairs.items())


def _rows_left_out(settings: StudySettings) -> str:
    chosen = [
        [sheet.leave_out_rows, sheet.keep_rows]
        for sheet in settings.sheets
        if not isinstance(sheet, IgnoredSheet) and (sheet.keep_rows or any(sheet.leave_out_rows.values()))
    ]
    return _digest(chosen) if chosen else "all"


def _decisions(normaliser: Normaliser, study: Study, lexicon: Lexicon | None) -> dict[tuple[str, str], str]:
    """The lexicon by normal form: an entry counts as it is written, and in its normal form where that has no entry of its own.

    Raises:
        InputError: it speaks of a sign that the study does not have, or decides one normal form in two ways.
    """
    if lexicon is None:
        return {}
    check_signs(lexicon, study.settings.signs)
    derived: dict[tuple[str, str], str] = {}
    for (sign, answer), decision in lexicon.decisions.items():
        key = (sign, normaliser.verdict(sign, answer, {}).normalised)
        if key not in lexicon.decisions and derived.setdefault(key, decision) != decision:
            raise InputError(f"lexicon: {key[1]!r}, for the sign {sign!r}, is decided in two ways under two spellings; keep one.")
    return {**derived, **lexicon.decisions}


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]
