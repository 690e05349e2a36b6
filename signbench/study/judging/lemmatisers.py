"""Optional lemmatisers: packages that turn each word of an answer into the form that a dictionary lists."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from signbench.errors import InputError
from signbench.study.judging.letters import folded
from signbench.study.settings import StudySettings

Lemmatise = Callable[[str], str]
"""A word in the case in which it was typed -> its lemma, in whatever case the package gives it."""

NOUNS_ARE_CAPITAL = frozenset({"de", "lb"})
"""Languages in which the case of a word may tell which word it is."""


def lemmatiser(settings: StudySettings) -> tuple[Lemmatise, str]:
    """The lemmatiser that a study asks for.

    Args:
        settings: ``lemmatiser`` and ``language``.

    Returns:
        The function, and its name with the versions of its package and dictionary, for signatures.

    Raises:
        InputError: its package is not installed, or does not know the language.
    """
    if settings.lemmatiser == "pymorphy3":
        return _pymorphy(settings.language)
    if settings.lemmatiser == "simplemma":
        return _simplemma(settings.language)
    return lambda word: word, "none"


def _pymorphy(language: str) -> tuple[Lemmatise, str]:
    if language not in ("ru", "uk"):
        raise InputError(
            f"lemmatiser pymorphy3 knows Russian (ru) and Ukrainian (uk), not {language!r}; write lemmatiser: simplemma."
        )
    dictionary = f"pymorphy3-dicts-{language}"
    try:
        pymorphy3: Any = importlib.import_module("pymorphy3")  # brings no types
        name = f"pymorphy3-{version('pymorphy3')}+{version(dictionary)}"
        analyser = pymorphy3.MorphAnalyzer(lang=language)
    except (ImportError, PackageNotFoundError, ValueError) as error:
        raise InputError(f"lemmatiser pymorphy3 needs pymorphy3 and {dictionary}; install signbench[study] with it.") from error

    def first_parse(word: str) -> str:
        return str(analyser.parse(folded(word, language))[0].normal_form)

    return lru_cache(maxsize=None)(first_parse), name


def _simplemma(language: str) -> tuple[Lemmatise, str]:
    try:
        import simplemma
    except ImportError as error:
        raise InputError("lemmatiser simplemma is not installed; install signbench[study].") from error
    try:
        simplemma.lemmatize("a", lang=language)
    except ValueError as error:
        raise InputError(f"lemmatiser simplemma does not know the language {language!r}; write lemmatiser: none.") from error

    def lemma(word: str) -> str:
        return str(simplemma.lemmatize(folded(word, language), lang=language))

    def lemma_by_case(word: str) -> str:
        """Of the word as it was typed; of other cases where it is in no dictionary, as of words in capitals."""
        forms = (word.capitalize(), word.lower()) if word.isupper() else (word, word.lower(), word.capitalize())
        known = (form for form in forms if simplemma.is_known(form, lang=language))
        return str(simplemma.lemmatize(next(known, word), lang=language))

    found = lemma_by_case if language in NOUNS_ARE_CAPITAL else lemma
    return lru_cache(maxsize=None)(found), f"simplemma-{version('simplemma')}"
