"""Pseudonyms: numbers in the order of the answers, and the one file that leads back from them."""

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
    """Numbers raters in the order of what they answered, which tells nothing that the answers beside the numbers do not.

    Equal sheets give equal numbers, whoever imports them, so that a study's table and scores are the same bytes each time.

    Args:
        given: what tells raters apart (names, addresses or places in a sheet) -> their answers, in any order.
        secret: decides between raters whose answers are all alike; whoever lacks it learns nothing from a number.

    Returns:
        Identity -> ``r001`` and up.
    """
    ties = {identity: hmac.digest(secret, identity.encode(), hashlib.sha256) for identity in given}
    in_order = sorted(given, key=lambda identity: (sorted(given[identity]), ties[identity]))
    digits = max(_FEWEST_DIGITS, len(str(len(in_order))))
    return {identity: f"r{number:0{digits}d}" for number, identity in enumerate(in_order, start=1)}


def new_secret() -> bytes:
    """A secret for one import; it is kept nowhere besides the key file."""
    return secrets.token_bytes(32)


def check_key_file(path: Path, study: Path) -> None:
    """Makes sure before any work that the key can be written where it is wanted.

    Raises:
        InputError: it would lie in the study's folder, be overwritten, or has no folder.
    """
    if path.resolve().is_relative_to(study.resolve()):
        raise InputError(
            f"--key {path} lies in the study's folder {study}, which is given away without names; keep the key elsewhere."
        )
    if path.exists() or path.is_symlink():
        raise InputError(f"--key {path} is there already and is never overwritten; give another name.")
    if not path.parent.is_dir():
        raise InputError(f"--key {path}: the folder {path.parent} does not exist; make it.")


def write_key(path: Path, secret: bytes, raters: Mapping[str, str]) -> None:
    """Writes the key: the secret, and who each pseudonym is; readable by its owner alone.

    Args:
        path: a new file.
        secret: of the numbering.
        raters: pseudonym -> what the sheet says.

    Raises:
        InputError: it exists, or cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except FileExistsError:
        raise InputError(f"--key {path} is there already and is never overwritten; give another name.") from None
    except OSError as error:
        raise InputError(f"--key {path} cannot be written: {error.strerror}.") from error
    with os.fdopen(handle, "wb") as stream:
        os.fchmod(handle, 0o600)
        stream.write(json_bytes({"secret": secret.hex(), "raters": dict(sorted(raters.items()))}))
