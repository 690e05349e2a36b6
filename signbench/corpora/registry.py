"""Corpora by name."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from signbench.corpora import roots
from signbench.errors import InputError
from signbench.registry import Registry

if TYPE_CHECKING:
    from signbench.corpora.corpus import Corpus
    from signbench.corpora.on_disk import CorpusOnDisk

CORPORA: Registry[Any] = Registry(
    "corpus",
    "signbench.corpora.on_disk:CorpusOnDisk",
    {
        "synthsign": "signbench.corpora.synthsign.corpus:SynthSign",
        "asl3dword": "signbench.corpora.asl3dword:ASL3DWord",
        "asl3dword-30": "signbench.corpora.asl3dword:ASL3DWord30",
        "phoenix14t": "signbench.corpora.phoenix14t:Phoenix14T",
        "phoenix14t-plus": "signbench.corpora.phoenix14t:Phoenix14TPlus",
        "slrtp2025": "signbench.corpora.phoenix14t:SLRTP2025",
        "lsa64": "signbench.corpora.lsa64:LSA64",
        "wlasl2000": "signbench.corpora.wlasl:WLASL2000",
        "wlasl1000": "signbench.corpora.wlasl:WLASL1000",
        "wlasl300": "signbench.corpora.wlasl:WLASL300",
        "wlasl100": "signbench.corpora.wlasl:WLASL100",
        "csl-daily": "signbench.corpora.csl_daily:CSLDaily",
        "slovo": "signbench.corpora.slovo:Slovo",
        "how2sign": "signbench.corpora.how2sign:How2Sign",
        "folder": "signbench.corpora.folder:Folder",
    },
    group="signbench.corpora",
    where_taken=("points",),
)
_MADE = "synthsign"


def known() -> list[str]:
    """Names of the corpora that signbench can read, whether they are on this machine or not.

    Those that only a description in a configured folder defines come last.
    """
    return [*CORPORA.known(), *_described()]


def on_disk(name: str) -> type[CorpusOnDisk] | None:
    """The class of a data set that lies on disk; None for SynthSign, which is made.

    Raises:
        InputError: there is no such corpus; the message suggests the nearest.
    """
    if name == _MADE:
        return None
    return cast("type[CorpusOnDisk]", CORPORA.class_of("folder" if name in _described() else name))


def is_made(name: str) -> bool:
    """Whether signbench makes a corpus itself, so that its clips are the same for everyone."""
    return name == _MADE or (name in known() and name not in CORPORA.known() and name not in _described())


def readable(name: str) -> bool:
    """Whether a corpus can be read here: it is made, or its folder is configured."""
    return is_made(name) or (name in known() and roots.find(name) is not None)


def corpus(name: str, root: Path | None = None) -> Corpus:
    """The corpus with the given name.

    Args:
        name: its name.
        root: its folder, if it lies on disk; None: the configured one (:mod:`signbench.corpora.roots`).

    Raises:
        InputError: there is no such corpus (the message suggests the nearest), the name has parameters, its folder is not known or
            does not exist, or it has no folder.
    """
    if is_described(name, root):
        described = _opened("folder", cast("Path", root or roots.find(name)).absolute(), None if root else roots.points(name))
        if described.name != name:
            raise InputError(f"the description in {root or roots.find(name)} is of the corpus {described.name}, not of {name}.")
        return described
    _, given = CORPORA.resolve(name)
    if given:
        raise InputError(f"a corpus has no parameters: write {name.partition(':')[0]}, not {name}.")
    if name == _MADE:
        if root is not None:
            raise InputError(f"{name} is made by a program and has no folder; leave out `root`.")
        return _made()
    found = root or roots.find(name)
    if found is None:
        raise InputError(
            f"no folder is known for the corpus {name}: name it with `root=DIR`, in {roots.FILE} or with the variable "
            f"{roots.VARIABLE}; signbench corpora show {name} says where a person gets it."
        )
    return _opened(name, found.absolute(), None if root else roots.points(name))


def is_described(name: str, root: Path | None = None) -> bool:
    """Whether a corpus is defined only by a description in its folder.

    Args:
        name: its name.
        root: its folder; None: the configured one.
    """
    if name in CORPORA.known() or ":" in name:
        return False
    return name in _described() if root is None else roots.is_described(root)


def _described() -> list[str]:
    return [name for name in roots.described() if name not in CORPORA.known()]


@lru_cache(maxsize=1)
def _made() -> Corpus:
    return cast("Corpus", CORPORA.create(_MADE))


def _opened(name: str, root: Path, points: Path | None) -> Corpus:
    """Opened each time, since files may have been added since the last time."""
    return cast("Corpus", CORPORA.create(name, root=root, points=points))
