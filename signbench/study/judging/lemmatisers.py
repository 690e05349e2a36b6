"""Optional lemmatisers: packages that reduce each word of an answer to its dictionary form."""

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
"""A word, with capitals as typed -> its lemma, with capitals as the package returns them."""

NOUNS_ARE_CAPITAL = frozenset({"de", "lb"})
"""Languages in which nouns begin with a capital, so that capitals may distinguish two words."""


def lemmatiser(settings: StudySettings) -> tuple[Lemmatise, str]:
    """Loads the lemmatiser of a study.

    Args:
        settings: ``lemmatiser`` and ``language``.

    Returns:
        The function, and its name with the versions of its package and dictionary, for signatures.

    Raises:
        InputError: the package is not installed, or does not support the language.
    """
    if settings.lemmatiser == "pymorphy3":
        return _pymorphy(settings.language)
    if settings.lemmatiser == "simplemma":
        return _simplemma(settings.language)
    return lambda word: word, "none"


def _pymorphy(language: str) -> tuple[Lemmatise, str]:
    if language not in ("ru", "uk"):
        raise InputError(
            f"lemmatiser pymorphy3 supports Russian (ru) and Ukrainian (uk), not {language!r}; set lemmatiser: simplemma."
        )
    dictionary = f"pymorphy3-dicts-{language}"
    try:
        pymorphy3: Any = importlib.import_module("pymorphy3")  # has no type annotations
        name = f"pymorphy3-{version('pymorphy3')}+{version(dictionary)}"
        analyser = pymorphy3.MorphAnalyzer(lang=language)
    except (ImportError, PackageNotFoundError, ValueError) as error:
        raise InputError(
            f"lemmatiser pymorphy3 requires pymorphy3 and {dictionary}; install signbench[study] and {dictionary}."
        ) from error

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
        raise InputError(f"lemmatiser simplemma does not support the language {language!r}; set lemmatiser: none.") from error

    def lemma(word: str) -> str:
        return str(simplemma.lemmatize(folded(word, language), lang=language))

    def lemma_by_case(word: str) -> str:
        """The lemma of the word as typed, or with other capitals if the dictionary lacks that form, as for words in capitals."""
        forms = (word.capitalize(), word.lower()) if word.isupper() else (word, word.lower(), word.capitalize())
        known = (form for form in forms if simplemma.is_known(form, lang=language))
        return str(simplemma.lemmatize(next(known, word), lang=language))

    found = lemma_by_case if language in NOUNS_ARE_CAPITAL else lemma
    return lru_cache(maxsize=None)(found), f"simplemma-{version('simplemma')}"
