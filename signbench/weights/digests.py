"""SHA-256 of large files, remembered while the file stays as it is.

What is remembered lies in the user's cache and carries the user's seal. No file that lies beside another one, or was brought along
with it, is believed about it.
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
    """SHA-256 of a file's bytes, hexadecimal: remembered where the file is what it was, else computed.

    A file is what it was where size, both times, device and inode are the same. Its digest is remembered in this process, and in
    the user's cache where that can be written.

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
    """Writes down the digest of a file that was just computed; where that is impossible, it will be computed again."""
    secret, place = user_secret(), note_of(path)
    if secret is None or place is None:
        return
    stamp = _stamp(path)
    content = json.dumps({"stamp": stamp, "sha256": digest, "seal": _sealed(secret, path, stamp, digest)})
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(content)
            Path(name).replace(place)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def note_of(path: Path) -> Path | None:
    """Where the digest of a file is remembered; None where no home is known."""
    try:
        name = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()
        return user_cache("SIGNBENCH_CACHE", "observations") / "digests" / f"{name}.json"
    except InputError:
        return None


def _stamp(path: Path) -> list[int]:
    """What changes when a file's content does: size, times in nanoseconds (only the first can be set at will), device and inode."""
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_dev, status.st_ino]


def _from_note(path: Path, stamp: list[int]) -> str | None:
    secret, place = user_secret(), note_of(path)
    if secret is None or place is None:
        return None
    try:
        content = parse_json(place.read_bytes())
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
