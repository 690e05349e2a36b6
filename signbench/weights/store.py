"""The folder of weights: what lies there, and whether it is what the registry says.

The folder is ``$SIGNBENCH_WEIGHTS``, by default ``signbench/weights`` in the user's cache. Files are only hashed here, never
loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from signbench.errors import InputError
from signbench.user_folders import user_cache
from signbench.weights.digests import remembered_sha256_of, sha256_of
from signbench.weights.registry import Weights, find

State = Literal["absent", "verified", "unverified", "damaged"]
"""Of one file: not there; as registered; there, but no digest is registered; not what is registered."""

_SHOWN_DIGITS = 12


def weights_folder() -> Path:
    """The folder of weights, which need not exist.

    Raises:
        InputError: no home folder is known and ``SIGNBENCH_WEIGHTS`` is not set.
    """
    return user_cache("SIGNBENCH_WEIGHTS", "weights")


def place_of(weights: Weights) -> Path:
    """Where a file of weights lies, or would lie."""
    return weights_folder() / weights.file


def present(name: str) -> bool:
    """Whether a file of weights is there, whatever its content.

    Raises:
        InputError: the registry has no such name.
    """
    return place_of(find(name)).is_file()


def path_of(name: str) -> Path:
    """Where a file of weights lies.

    Raises:
        InputError: it is not there, with the commands that bring it; or the registry has no such name.
    """
    path = place_of(find(name))
    if not path.is_file():
        raise InputError(missing(name))
    return path


def missing(name: str) -> str:
    """Says that a file of weights is not there, where it was looked for, and how to bring it."""
    path = place_of(find(name))
    return (
        f"the weights {name} are not present ({path} does not exist); run: signbench weights fetch {name}. "
        f"On a machine without internet bring the file and run: signbench weights add {path.name}."
    )


def digest_of(name: str) -> str:
    """SHA-256 of a file of weights as it lies there, hexadecimal.

    Raises:
        InputError: it is not there or cannot be read; or the registry has no such name.
    """
    return remembered_sha256_of(path_of(name))


def signed_digest(name: str) -> str:
    """What a signature says of a file of weights.

    Returns:
        The first 12 hexadecimal digits of its SHA-256; ``unverified-`` before them where no digest is registered.

    Raises:
        InputError: the file is not there, or its bytes are not those that are registered.
    """
    weights, digest = find(name), digest_of(name)
    if weights.sha256 is None:
        return f"unverified-{digest[:_SHOWN_DIGITS]}"
    if digest != weights.sha256:
        raise InputError(contradiction(weights, place_of(weights), digest))
    return digest[:_SHOWN_DIGITS]


def registered_digest(name: str) -> str:
    """The digest of a file of weights as signatures have it, from the registry alone; ``unverified`` where none is registered.

    Raises:
        InputError: the registry has no such name.
    """
    digest = find(name).sha256
    return "unverified" if digest is None else digest[:_SHOWN_DIGITS]


def is_registered(name: str, path: Path) -> bool:
    """Whether a file has the very bytes that the registry names; False where it names none. Hashes the file anew.

    Raises:
        InputError: the file cannot be read; or the registry has no such name.
    """
    weights = find(name)
    return weights.sha256 is not None and sha256_of(path) == weights.sha256


def state_of(weights: Weights, *, anew: bool = False) -> tuple[State, str | None]:
    """What a file of weights is, and its SHA-256 where it is there.

    Args:
        weights: which.
        anew: hash the file even where its digest is remembered.

    Raises:
        InputError: it is there and cannot be read.
    """
    path = place_of(weights)
    if not path.is_file():
        return "absent", None
    digest = sha256_of(path) if anew else remembered_sha256_of(path)
    if weights.sha256 is None:
        return "unverified", digest
    return ("verified" if digest == weights.sha256 else "damaged"), digest


def contradiction(weights: Weights, path: Path, digest: str) -> str:
    """Says that a file is not what the registry says."""
    return (
        f"{path} is not the registered file of the weights {weights.name}: its SHA-256 begins {digest[:_SHOWN_DIGITS]}, "
        f"not {(weights.sha256 or '')[:_SHOWN_DIGITS]}. Move it away and run: signbench weights fetch {weights.name}."
    )
