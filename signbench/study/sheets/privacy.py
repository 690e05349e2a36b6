"""Pseudonyms of raters, and the key file that maps them back to names."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from signbench.documents import json_bytes
from signbench.errors import InputError

_FEWEST_DIGITS = 3


def pseudonyms(given: Mapping[str, Sequence[tuple[str, ...]]], secret: bytes) -> dict[str, str]:
    """Numbers raters in an order that depends on their answers alone, so that a number reveals nothing beyond the answers.

    Equal sheets give equal numbers, no matter who imports them, so that the table and the scores are the same bytes each time.

    Args:
        given: what identifies a rater (a name, an address, or a row of a sheet) -> their answers, in any order.
        secret: breaks ties between raters whose answers are all equal; without it, their numbers cannot be traced back.

    Returns:
        Identity -> ``r001`` and up.
    """
    ties = {identity: hmac.digest(secret, identity.encode(), hashlib.sha256) for identity in given}
    in_order = sorted(given, key=lambda identity: (sorted(given[identity]), ties[identity]))
    digits = max(_FEWEST_DIGITS, len(str(len(in_order))))
    return {identity: f"r{number:0{digits}d}" for number, identity in enumerate(in_order, start=1)}


def new_secret() -> bytes:
    """A random secret for one import; it is stored in the key file only."""
    return secrets.token_bytes(32)


def check_key_file(path: Path, study: Path) -> None:
    """Checks before any work starts that the key file can be written.

    Raises:
        InputError: the file would be in the study's folder, exists already, or its folder does not exist.
    """
    if path.resolve().is_relative_to(study.resolve()):
        raise InputError(
            f"the key file {path} is in the study's folder {study}, which must not contain names; choose a file outside of it."
        )
    if path.exists() or path.is_symlink():
        raise InputError(f"the key file {path} already exists and is never overwritten; choose another name.")
    if not path.parent.is_dir():
        raise InputError(f"the key file {path} cannot be written: the folder {path.parent} does not exist; create it first.")


def write_key(path: Path, secret: bytes, raters: Mapping[str, str]) -> None:
    """Writes the key file: the secret, and who each pseudonym is. Only its owner can read it.

    Args:
        path: a new file.
        secret: that the pseudonyms were assigned with.
        raters: pseudonym -> the rater as identified in the sheets.

    Raises:
        InputError: the file exists, or cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except FileExistsError:
        raise InputError(f"the key file {path} already exists and is never overwritten; choose another name.") from None
    except OSError as error:
        raise InputError(f"the key file {path} cannot be written: {error.strerror}; choose another.") from error
    with os.fdopen(handle, "wb") as stream:
        os.fchmod(handle, 0o600)
        stream.write(json_bytes({"secret": secret.hex(), "raters": dict(sorted(raters.items()))}))
