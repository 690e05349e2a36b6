"""The folder of weights: its files, and whether they are the registered ones.

The folder is ``$SIGNBENCH_WEIGHTS``, by default ``signbench/weights`` in the user's cache folder. Files are only hashed here, never
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
"""State of one file: not present; as registered; present, but no digest is registered; not the registered one."""

_SHOWN_DIGITS = 12


def weights_folder() -> Path:
    """The folder of weights, which need not exist.

    Raises:
        InputError: no home folder is known and ``SIGNBENCH_WEIGHTS`` is not set.
    """
    return user_cache("SIGNBENCH_WEIGHTS", "weights")


def file_of(weights: Weights) -> Path:
    """The path of a file of weights, whether it exists or not."""
    return weights_folder() / weights.file


def present(name: str) -> bool:
    """Whether a file of weights exists, whatever its content.

    Raises:
        InputError: the registry has no such name.
    """
    return file_of(find(name)).is_file()


def path_of(name: str) -> Path:
    """The path of an existing file of weights.

    Raises:
        InputError: it does not exist (the message has the commands that get it), or the registry has no such name.
    """
    path = file_of(find(name))
    if not path.is_file():
        raise InputError(missing(name))
    return path


def missing(name: str) -> str:
    """The message that a file of weights does not exist, where it was expected, and how to get it."""
    path = file_of(find(name))
    return (
        f"the weights {name} are not present ({path} does not exist); run: signbench weights fetch {name}. "
        f"On a machine without internet access copy the file and run: signbench weights add {path.name}."
    )


def digest_of(name: str) -> str:
    """SHA-256 of the present file of weights, hexadecimal.

    Raises:
        InputError: it does not exist or cannot be read; or the registry has no such name.
    """
    return remembered_sha256_of(path_of(name))


def signed_digest(name: str) -> str:
    """The digest of a file of weights in signatures.

    Returns:
        The first 12 hexadecimal digits of its SHA-256; preceded by ``unverified-`` if no digest is registered.

    Raises:
        InputError: the file does not exist, or is not the registered one.
    """
    weights, digest = find(name), digest_of(name)
    if weights.sha256 is None:
        return f"unverified-{digest[:_SHOWN_DIGITS]}"
    if digest != weights.sha256:
        raise InputError(contradiction(weights, file_of(weights), digest))
    return digest[:_SHOWN_DIGITS]


def registered_digest(name: str) -> str:
    """The digest of a file of weights in signatures, from the registry alone; ``unverified`` if none is registered.

    Raises:
        InputError: the registry has no such name.
    """
    digest = find(name).sha256
    return "unverified" if digest is None else digest[:_SHOWN_DIGITS]


def is_registered(name: str, path: Path) -> bool:
    """Whether a file has exactly the registered digest; False if none is registered. Always hashes the file.

    Raises:
        InputError: the file cannot be read; or the registry has no such name.
    """
    weights = find(name)
    return weights.sha256 is not None and sha256_of(path) == weights.sha256


def state_of(weights: Weights, *, rehash: bool = False) -> tuple[State, str | None]:
    """The state of a file of weights, and its SHA-256 if it exists.

    Args:
        weights: the weights.
        rehash: hash the file even if its digest is cached.

    Raises:
        InputError: it exists but cannot be read.
    """
    path = file_of(weights)
    if not path.is_file():
        return "absent", None
    digest = sha256_of(path) if rehash else remembered_sha256_of(path)
    if weights.sha256 is None:
        return "unverified", digest
    return ("verified" if digest == weights.sha256 else "damaged"), digest


def contradiction(weights: Weights, path: Path, digest: str) -> str:
    """The message that a file is not the registered one."""
    return (
        f"{path} is not the registered file of the weights {weights.name}: its SHA-256 begins {digest[:_SHOWN_DIGITS]}, "
        f"not {(weights.sha256 or '')[:_SHOWN_DIGITS]}. Move it away and run: signbench weights fetch {weights.name}."
    )
