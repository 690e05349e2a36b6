"""SHA-256 of large files, remembered while the file stays as it is."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path

from signbench.documents import parse_json
from signbench.errors import InputError

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
    """SHA-256 of a file's bytes, hexadecimal: remembered where size and times of the file are as they were, else computed.

    It is remembered in this process, and beside the file in ``<file>.sha256.json`` where the folder can be written.

    Raises:
        InputError: the file cannot be read.
    """
    stamp = _stamp(path)
    if (known := _known.get(path)) is not None and known[0] == stamp:
        return known[1]
    digest = _from_sidecar(path, stamp)
    if digest is None:
        digest = sha256_of(path)
        if _stamp(path) != stamp:
            raise InputError(f"{path} is being changed by another program; repeat the command when that is done.")
        remember(path, digest)
    _known[path] = (stamp, digest)
    return digest


def remember(path: Path, digest: str) -> None:
    """Writes down the digest of a file that was just computed; where that is impossible, it will be computed again."""
    content = json.dumps({"stamp": _stamp(path), "sha256": digest})
    with contextlib.suppress(OSError):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(content)
            Path(name).chmod(0o644)
            Path(name).replace(sidecar_of(path))
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def sidecar_of(path: Path) -> Path:
    """Where the digest of a file is remembered."""
    return path.with_name(f"{path.name}.sha256.json")


def _stamp(path: Path) -> list[int]:
    """What changes when a file's content does: size, and both times in nanoseconds, of which only the first can be set at will."""
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _from_sidecar(path: Path, stamp: list[int]) -> str | None:
    try:
        content = parse_json(sidecar_of(path).read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or content.get("stamp") != stamp:
        return None
    digest = content.get("sha256")
    return digest if isinstance(digest, str) and len(digest) == 64 else None
