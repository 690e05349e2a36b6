"""SHA-256 of large files, cached while the file is unchanged.

Cached digests are in the user's cache folder and carry the user's seal. No file next to another one, or downloaded with it, is
trusted to state its digest.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import tempfile
from pathlib import Path

from signbench.documents import parse_json
from signbench.errors import InputError
from signbench.user_folders import user_cache
from signbench.user_secret import seal, user_secret

_known: dict[Path, tuple[list[int], str]] = {}


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal, computed now.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def remembered_sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal: cached if the file is unchanged, else computed.

    A file is unchanged if its size, both times, device and inode are the same. Its digest is cached in this process, and in the
    user's cache folder if that can be written.

    Raises:
        InputError: the file cannot be read.
    """
    stamp = _stamp(path)
    if (known := _known.get(path)) is not None and known[0] == stamp:
        return known[1]
    digest = _from_note(path, stamp)
    if digest is None:
        digest = sha256_of(path)
        if _stamp(path) != stamp:
            raise InputError(f"{path} is being changed by another program; repeat the command when that is done.")
        remember(path, digest)
    _known[path] = (stamp, digest)
    return digest


def remember(path: Path, digest: str) -> None:
    """Stores the digest of a file that was just computed; if that is impossible, it will be computed again."""
    secret, note = user_secret(), note_of(path)
    if secret is None or note is None:
        return
    stamp = _stamp(path)
    content = json.dumps({"stamp": stamp, "sha256": digest, "seal": _sealed(secret, path, stamp, digest)})
    with contextlib.suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=note.parent, prefix=f".{note.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(content)
            Path(name).replace(note)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def note_of(path: Path) -> Path | None:
    """The path at which the digest of a file is stored; None if no home folder is known."""
    try:
        name = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()
        return user_cache("SIGNBENCH_CACHE", "observations") / "digests" / f"{name}.json"
    except InputError:
        return None


def _stamp(path: Path) -> list[int]:
    """A value that changes with a file's content: size, times in nanoseconds (one cannot be set at will), device and inode."""
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_dev, status.st_ino]


def _from_note(path: Path, stamp: list[int]) -> str | None:
    secret, note = user_secret(), note_of(path)
    if secret is None or note is None:
        return None
    try:
        content = parse_json(note.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or content.get("stamp") != stamp:
        return None
    digest, own = content.get("sha256"), content.get("seal")
    if not isinstance(digest, str) or not isinstance(own, str):
        return None
    return digest if hmac.compare_digest(own.encode(), _sealed(secret, path, stamp, digest).encode()) else None


def _sealed(secret: bytes, path: Path, stamp: list[int], digest: str) -> str:
    return seal(secret, b"digest", os.fsencode(path.absolute()), json.dumps(stamp).encode(), digest.encode()).hex()
