"""The manifest of a predictions folder: which productions are complete, and which clips failed.

Each process appends to its own files, ``manifest-<rank>.jsonl`` and ``failures-<rank>.jsonl``; when all have ended, :func:`merge`
merges them into ``manifest.jsonl`` and ``failures.jsonl``, in order of clip id. The same work by any number of processes gives the
same files.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from signbench.documents import parse_json
from signbench.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Line:
    """The manifest entry of one production.

    Attributes:
        clip: its id; ``id`` in the file.
        file: path in the folder, with ``/``.
        sha256: of the file's bytes, hexadecimal.
        bytes: size of the file.
        frames: number of frames.
        seconds: duration.
        generator: name on the generator's card.
        version: of the generator.
        seed: the seed that it was generated with.
        details: what the generator says about how it was made; not in the file if None.
    """

    clip: str
    file: str
    sha256: str
    bytes: int
    frames: int
    seconds: float
    generator: str
    version: str
    seed: int
    details: Mapping[str, str | float] | None = None


@dataclass(frozen=True)
class Failure:
    """A clip without a production.

    Attributes:
        clip: its id; ``id`` in the file.
        reason: one sentence.
    """

    clip: str
    reason: str


def append(folder: Path, entry: Line | Failure, rank: int = 0) -> None:
    """Appends a line to a process's own file, and returns once it is on disk.

    Raises:
        InputError: the file cannot be written.
    """
    path = folder / f"{'manifest' if isinstance(entry, Line) else 'failures'}-{rank}.jsonl"
    try:
        with path.open("ab+") as stream:
            # A line that was truncated by a kill must not swallow the next one.
            if stream.tell() and (stream.seek(-1, os.SEEK_END), stream.read(1))[1] != b"\n":
                stream.write(b"\n")
            stream.write(_written(entry))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}; make room, or choose another folder.") from error


def productions_done(folder: Path) -> dict[str, Line]:
    """The complete productions of a folder: in a manifest, and present with the size that it states.

    Args:
        folder: of predictions; need not exist.

    Returns:
        Clip id -> line, in order of clip id.

    Raises:
        InputError: a manifest cannot be read.
    """
    found: dict[str, Line] = {}
    for content in _contents(folder, "manifest"):
        try:
            line = Line(**content)
            whole = (folder / line.file).stat().st_size == line.bytes
        except (TypeError, ValueError, OSError):
            continue
        if whole:
            found[line.clip] = line
    return dict(sorted(found.items()))


def changed_productions(folder: Path, clips: Collection[str], unchanged: Mapping[str, str]) -> list[str]:
    """The clips whose file has changed: its SHA-256 differs from the one in the manifest.

    Args:
        folder: of predictions; its manifest only needs ``id``, ``file`` and ``sha256``.
        clips: ids of the clips to check; missing files are skipped.
        unchanged: clip -> SHA-256 of its file, if its size, times and inode have not changed since that was computed.

    Returns:
        Ids, in order.

    Raises:
        InputError: a manifest or a file cannot be read.
    """
    stated: dict[str, tuple[str, str]] = {}
    for content in _contents(folder, "manifest"):
        file, digest = content.get("file"), content.get("sha256")
        if content["clip"] in clips and isinstance(file, str) and isinstance(digest, str):
            stated[content["clip"]] = file, digest.lower()
    found = []
    for clip, (file, digest) in sorted(stated.items()):
        path = folder / file
        if unchanged.get(clip) == digest or not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
            continue
        try:
            with path.open("rb") as stream:
                same = hashlib.file_digest(stream, "sha256").hexdigest() == digest
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
        if not same:
            found.append(clip)
    return found


def failures(folder: Path) -> dict[str, Failure]:
    """The clips of a folder that failed at the last attempt, and have no production since, in order of clip id.

    Raises:
        InputError: a file of failures cannot be read.
    """
    done = productions_done(folder)
    found: dict[str, Failure] = {}
    for content in _contents(folder, "failures"):
        try:
            failure = Failure(**content)
        except TypeError:
            continue
        if failure.clip not in done and isinstance(failure.reason, str):
            found[failure.clip] = failure
    return dict(sorted(found.items()))


def merge(folder: Path) -> tuple[dict[str, Line], dict[str, Failure]]:
    """Merges the manifests and failures of all processes; call it when all of them have ended.

    Returns:
        The finished productions, and the failures.

    Raises:
        InputError: a file cannot be read or written.
    """
    from signbench.whole_files import write_atomically

    done, failed = productions_done(folder), failures(folder)
    for kind, entries in (("manifest", done), ("failures", failed)):
        parts = [path for path in _files(folder, kind) if path.name != f"{kind}.jsonl"]
        write_atomically(folder / f"{kind}.jsonl", b"".join(map(_written, entries.values())))
        for part in parts:
            part.unlink(missing_ok=True)
    for unfinished in folder.rglob(".*.part"):  # leftovers of killed writers
        unfinished.unlink(missing_ok=True)
    return done, failed


def _written(entry: Line | Failure) -> bytes:
    """An entry as a line of JSON, with the clip as ``id``, as in any manifest of a predictions folder."""
    content = asdict(entry)
    if content.get("details") is None:
        content.pop("details", None)
    return (json.dumps({"id": content.pop("clip"), **content}, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _files(folder: Path, kind: str) -> list[Path]:
    """The merged file first, then those of processes, whose lines are newer."""
    return [path for path in (folder / f"{kind}.jsonl", *sorted(folder.glob(f"{kind}-*.jsonl"))) if path.is_file()]


def _contents(folder: Path, kind: str) -> Iterator[dict[str, Any]]:
    """Complete lines of all files of a kind; a line that was truncated by a kill is skipped."""
    for path in _files(folder, kind):
        try:
            lines = path.read_bytes().splitlines()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
        for line in lines:
            try:
                content = parse_json(line)
            except ValueError:
                continue
            if isinstance(content, dict) and isinstance(content.get("id"), str):
                yield {"clip": content.pop("id"), **content}
