"""Corpora by name."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from signbench.errors import InputError
from signbench.registry import Registry

if TYPE_CHECKING:
    from signbench.corpora.corpus import Corpus

CORPORA: Registry[Corpus] = Registry(
    "corpus", "signbench.corpora.corpus:Corpus", {"synthsign": "signbench.corpora.synthsign.corpus:SynthSign"}
)


def known() -> list[str]:
    """Names of the corpora."""
    return CORPORA.known()


@lru_cache(maxsize=8)
def corpus(name: str) -> Corpus:
    """The corpus with the given name.

    Raises:
        InputError: there is no such corpus (the message suggests the nearest), or the name has parameters.
    """
    kind, given = CORPORA.resolve(name)
    if given:
        raise InputError(f"a corpus has no parameters: write {name.partition(':')[0]}, not {name}.")
    return kind()
