"""Corpora by name."""

from __future__ import annotations

from functools import lru_cache

from signbench.corpora.corpus import Corpus
from signbench.errors import InputError, nearest

_KNOWN = ("synthsign",)


def known() -> list[str]:
    """Names of the corpora."""
    return list(_KNOWN)


@lru_cache(maxsize=8)
def corpus(name: str) -> Corpus:
    """The corpus of a name.

    Raises:
        InputError: there is no such corpus; the message offers the nearest.
    """
    if name not in _KNOWN:
        raise InputError(f"there is no corpus {name}. {nearest(name, _KNOWN)}")
    from signbench.corpora.synthsign.corpus import SynthSign

    return SynthSign()
