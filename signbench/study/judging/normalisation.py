"""Normal forms of answers, and the judgement of each: correct, wrong, blank, or open until a person decides."""

from __future__ import annotations

import hashlib
import itertools
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from signbench.errors import InputError, nearest
from signbench.study.judging.alternatives import alternatives
from signbench.study.judging.lemmatisers import NOUNS_ARE_CAPITAL, lemmatiser
from signbench.study.judging.letters import cleaned, folded, tidied
from signbench.study.judging.lexicon import Lexicon, check_signs
from signbench.study.settings import IgnoredSheet, StudySettings
from signbench.study.sheets.answers import Answer, Study

REVISION = 2
"""Incremented when the same answers and settings would be judged differently."""

BETWEEN_PARTS = " / "
"""Separates the answers of one cell in a normal form."""

SIGN_NAMED = "sign:"
"""Prefix of a decision that is the name of a sign, because a sign may be called ``no``."""

Outcome = Literal["correct", "wrong", "open", "blank"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The judgement of one answer.

    Attributes:
        answer: the answer.
        normalised: its normal form; empty if it is blank.
        outcome: ``correct``; ``wrong``: decided by a person, or an accepted answer of another sign; ``open``: it matched nothing
            and counts as wrong until a person decides; ``blank``: it says nothing, and counts as wrong or is left out according
            to ``settings.blank``.
        understood: what was understood, for tables of confusions: the sign that accepts the answer (preferably the clip's own),
            otherwise the normal form; empty if it is blank.
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
    """Normalises the answers of one study, and knows which of them the study accepts.

    Attributes:
        lemmatiser: name and versions of the lemmatiser, or ``none``.
        accepted: sign -> the normal forms of its accepted answers.
        targets: normal form of an accepted answer -> the signs that accept it.
    """

    def __init__(self, settings: StudySettings) -> None:
        """Reads the study's dictionary and accepted answers.

        Raises:
            InputError: the lemmatiser is not available; the dictionary maps a lemma to another lemma, or a variant to two; an
                accepted answer has no word; or two signs accept each other's answers, but the study does not list them under both.
        """
        self._language = settings.language
        self._lemma, self.lemmatiser = lemmatiser(settings)
        self._dictionary: dict[str, str] = {}
        self._kept: frozenset[str] = frozenset()
        self._dictionary = self._read_dictionary(settings.dictionary)
        self._as_accepted: dict[str, str] = {}
        self._known: set[str] = set()
        self._blank = frozenset(self._clean(answer) for answer in settings.blank_answers)
        self.accepted: dict[str, frozenset[str]] = {}
        self.targets: dict[str, tuple[str, ...]] = {}
        written: dict[str, dict[str, list[str]]] = {}
        for sign, answers in settings.signs.items():
            for answer in answers:
                form = self._as_accepted.setdefault(self._clean(answer), self.normal(answer))
                if not form:
                    raise InputError(f"study.yaml: sign {sign} accepts {answer!r}, which contains no word; correct it.")
                written.setdefault(form, {}).setdefault(sign, []).append(answer)
            self.accepted[sign] = frozenset(form for form, signs in written.items() if sign in signs)
        for form, signs in written.items():
            _check_apart(form, signs)
            self.targets[form] = tuple(signs)
        self._known = {*self.targets, *self._dictionary.values()}

    def normal(self, text: str) -> str:
        """The normal form of one answer: the dictionary's lemma of the whole cleaned answer, otherwise the lemma of each word.

        An answer spelled like an accepted answer has the form of that answer. In languages that capitalise nouns, capitals are
        ignored if that gives a form that the study knows.

        Args:
            text: as it was typed.

        Returns:
            The normal form, empty if the answer has neither words nor symbols.
        """
        typed = tidied(text, self._language)
        whole = folded(typed, self._language)
        if whole in self._dictionary:
            return self._dictionary[whole]
        if whole in self._as_accepted:  # the lemmatiser may mistake another spelling of it for another word
            return self._as_accepted[whole]
        found = self._lemma_of(typed)
        if found not in self._known and self._language in NOUNS_ARE_CAPITAL:
            words = typed.split()
            readings = (" ".join(word.capitalize() for word in words), typed.lower())
            found = next((form for form in map(self._lemma_of, readings) if form in self._known), found)
        return found

    def form(self, sign: str, text: str) -> str:
        """The normal form of one answer to a sign, to which decisions refer; for several answers in one cell, that of each."""
        return BETWEEN_PARTS.join(self._pieces(sign, text))

    def knows(self, text: str) -> bool:
        """Whether text is the name of a sign, an accepted answer, or a lemma of the dictionary."""
        return text in self.accepted or self.normal(text) in self._known

    def verdict(self, sign: str, text: str, decisions: Mapping[tuple[str, str], str]) -> _Verdict:
        """Judges one answer.

        Args:
            sign: the clip's sign.
            text: as it was typed.
            decisions: of a person, (sign, normal form) -> ``yes``, ``no`` or a lemma; they take precedence over accepted answers.

        Raises:
            InputError: a decision is a lemma that the study does not know.
        """
        accepted, pieces = self.accepted[sign], self._pieces(sign, text)
        form = BETWEEN_PARTS.join(pieces)
        understood = BETWEEN_PARTS.join(self._sign(piece, sign) for piece in pieces)
        decision = decisions.get((sign, form))
        if decision is not None and form:
            return self._decided(sign, form, decision, understood)
        if all(piece in accepted for piece in pieces):
            return _Verdict(form, "correct", sign)
        if self._says_nothing(text):
            return _Verdict("", "blank", "")
        known = all(piece in self.targets for piece in pieces)
        return _Verdict(form, "wrong" if known else "open", understood)

    def _pieces(self, sign: str, text: str) -> list[str]:
        """The normal forms of the answers in one cell; that of the whole cell if it is known, or is the only answer."""
        accepted, whole = self.accepted[sign], self.normal(text)
        pieces = [piece for piece in dict.fromkeys(self.normal(part) for part in alternatives(text, self._language)) if piece]
        in_parts = bool(pieces) and all(piece in accepted for piece in pieces)
        if not pieces or whole in accepted or (whole in self._known and not in_parts):
            return [whole]
        return sorted(pieces)

    def _decided(self, sign: str, form: str, decision: str, understood: str) -> _Verdict:
        if decision == "yes":
            return _Verdict(form, "correct", sign)
        if decision == "no":
            return _Verdict(form, "wrong", form if understood == sign else understood)
        meant = decision.partition(":")[2].strip() if decision.casefold().startswith(SIGN_NAMED) else decision
        lemma = self.normal(meant)
        if meant in self.accepted:
            return _Verdict(form, "correct" if meant == sign else "wrong", meant)
        if lemma not in self._known:
            raise InputError(
                f"lexicon: the decision {decision!r} on {form!r} (sign {sign}) is neither yes, no nor a lemma of this study. "
                f"{nearest(lemma, self._known)}"
            )
        return _Verdict(form, "correct" if lemma in self.accepted[sign] else "wrong", self._sign(lemma, sign))

    def _sign(self, form: str, own: str) -> str:
        """The sign that accepts a normal form: the clip's own if it does, otherwise the only one; otherwise the form itself."""
        signs = self.targets.get(form, ())
        if own in signs:
            return own
        return signs[0] if len(signs) == 1 else form

    def _says_nothing(self, text: str) -> bool:
        whole = self._clean(text)
        if not whole or whole in self._blank:
            return True
        pieces = [piece for piece in map(self._clean, alternatives(text, self._language)) if piece]
        return bool(pieces) and all(piece in self._blank for piece in pieces)

    def _clean(self, text: str) -> str:
        return cleaned(text, self._language)

    def _lemma_of(self, typed: str) -> str:
        lemmas = self._lemmas(typed)
        return self._dictionary.get(lemmas, lemmas)

    def _lemmas(self, typed: str) -> str:
        """The lemma of each word of tidied text, except words that the dictionary maps to themselves."""
        words = [(word, folded(word, self._language)) for word in typed.split()]
        return " ".join(plain if plain in self._kept else self._clean(self._lemma(word)) or plain for word, plain in words)

    def _read_dictionary(self, dictionary: Mapping[str, str]) -> dict[str, str]:
        cleaned_pairs = [(variant, self._clean(variant), lemma, self._clean(lemma)) for variant, lemma in dictionary.items()]
        self._kept = frozenset(form for _, form, _, target in cleaned_pairs if form == target)
        read: dict[str, str] = {}
        for variant, form, lemma, kept in cleaned_pairs:
            target = kept if kept in self._kept else self._lemmas(tidied(lemma, self._language))
            if not form or not target:
                raise InputError(f"study.yaml: the dictionary entry {variant!r}: {lemma!r} contains no word; correct it.")
            if read.get(form, target) != target:
                raise InputError(f"study.yaml: the dictionary maps {variant!r} to {read[form]!r} and to {target!r}; keep one.")
            read[form] = target
        for variant, target in read.items():
            if read.get(target, target) != target:
                raise InputError(
                    f"study.yaml: the dictionary maps {variant!r} to {target!r}, and {target!r} to {read[target]!r}; map both to "
                    "the same lemma."
                )
        return read


def _check_apart(form: str, signs: Mapping[str, Sequence[str]]) -> None:
    """Refuses signs that share a normal form only because of lemmas, the dictionary or spelling, not because the study says so.

    Args:
        form: the normal form that they share.
        signs: sign -> its accepted answers with that form, as they are written.

    Raises:
        InputError: names both signs and both answers.
    """
    for (first, of_first), (second, of_second) in itertools.combinations(sorted(signs.items()), 2):
        if not {_as_listed(answer) for answer in of_first} & {_as_listed(answer) for answer in of_second}:
            raise InputError(
                f"study.yaml: the signs {first} ({of_first[0]!r}) and {second} ({of_second[0]!r}) would accept each other's "
                f"answers, because the lemmatiser, the dictionary or the spelling gives both the form {form!r}. Add "
                f"'{of_second[0]}: {of_second[0]}' to the dictionary to keep that word unchanged, remove the entry that maps them "
                "to one form, or list both answers under both signs."
            )


def _as_listed(answer: str) -> str:
    return " ".join(unicodedata.normalize("NFC", answer).casefold().split())


def judge(study: Study, lexicon: Lexicon | None = None) -> tuple[Judgement, ...]:
    """Judges every answer of a study, in the order of its table.

    An answer is correct if the clip's sign accepts the whole answer, or every part of it when it is split at commas, semicolons,
    slashes, line breaks and "or". Similarity is never enough.

    Args:
        study: the answers and how to judge them.
        lexicon: a person's decisions about answers that matched nothing.

    Raises:
        InputError: the study's dictionary, accepted answers or lemmatiser cannot be used, or a decision is not a known lemma.
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
    """The (sign, answer) pairs of a lexicon, sorted, that match no answer of the study, for example after the dictionary changed.

    Raises:
        InputError: see :func:`judge`.
    """
    normaliser = Normaliser(study.settings)
    given = _forms(normaliser, study)
    return tuple(
        (sign, answer)
        for sign, answer in sorted(lexicon.decisions)
        if (sign, answer) not in given and (sign, normaliser.form(sign, answer)) not in given
    )


def signature(study: Study, lexicon: Lexicon | None = None) -> str:
    """Every choice that affects the judgements, as ``key:value|key:value``.

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


def _forms(normaliser: Normaliser, study: Study) -> set[tuple[str, str]]:
    """(sign, normal form) of every answer."""
    return {(sign, normaliser.form(sign, text)) for sign, text in {(answer.sign, answer.text) for answer in study.answers}}


def _decisions(normaliser: Normaliser, study: Study, lexicon: Lexicon | None) -> dict[tuple[str, str], str]:
    """(sign, normal form) -> decision. An entry that is not the normal form of an answer is normalised first.

    Raises:
        InputError: the lexicon has a sign that the study does not have, contradicts itself about a normal form, or a decision may
            also be the name of a sign.
    """
    if lexicon is None:
        return {}
    check_signs(lexicon, study.settings.signs)
    for (sign, answer), word in lexicon.written.items():
        synonym = word.casefold() not in ("yes", "no")
        if word in normaliser.accepted or (synonym and normaliser.knows(word)):
            decision = lexicon.decisions[sign, answer]
            raise InputError(
                f"lexicon: the decision {word!r} on {answer!r} (sign {sign}) may mean {decision!r} or a sign; write '{decision}' "
                f"in small letters, or '{SIGN_NAMED} {word}'."
            )
    given = _forms(normaliser, study)
    decided: dict[tuple[str, str], str] = {}
    spelled: dict[tuple[str, str], str] = {}
    for (sign, answer), decision in sorted(lexicon.decisions.items()):
        key = (sign, answer) if (sign, answer) in given else (sign, normaliser.form(sign, answer))
        if decided.setdefault(key, decision) != decision:
            raise InputError(
                f"lexicon: two spellings of {key[1]!r}, for the sign {sign!r}, have different decisions ({spelled[key]!r}: "
                f"{decided[key]}, {answer!r}: {decision}); keep one."
            )
        spelled[key] = answer
    return decided


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]
