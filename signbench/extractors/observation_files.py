"""One cached observation as a file: a header, blocks of rows, an end, each with a checksum that continues the previous one.

The file is a chain of sections: four letters for its type, the length of its content, the content, and HMAC-SHA-256 over the
previous section's digest, the letters, the length and the content, with the user's secret (:mod:`signbench.user_secret`).
``HEAD`` holds JSON, ``ROWS`` the shape of one block and its float32 values, little-endian and packed with zstd, ``DATA`` the length
of a codec's output and its bytes, packed the same way, ``DONE`` nothing.
Files that were truncated, changed, swapped or made by someone else are detected before their values are unpacked; reading never
executes code.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import os
import struct
from collections.abc import Iterator, Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from signbench.documents.versions import Form
from signbench.errors import InputError
from signbench.user_secret import seal, user_secret

VERSION = 2
_HEADER = Form("the header of an observation", "version", VERSION, again="it is computed again")
_MAGIC = b"signbench observation\n"
_SECTION = struct.Struct("<4sQ")
_SHAPE = struct.Struct("<QQ")
_LENGTH = struct.Struct("<Q")
_DIGEST_BYTES = hashlib.sha256().digest_size
_PACKING_LEVEL = -1  # saves 45 % for the output of a ReLU; level 1 saves 50 % but is read at two thirds of the speed


class DamagedError(Exception):
    """A file is not a complete, unchanged observation."""


@functools.cache
def _codec() -> Any:
    import pyarrow

    return pyarrow.Codec("zstd", compression_level=_PACKING_LEVEL)


class NoSecretError(Exception):
    """The user's secret cannot be stored anywhere, so no file can be recognised as their own."""


def _secret() -> bytes:
    secret = user_secret()
    if secret is None:
        raise NoSecretError("the user's secret cannot be stored")
    return secret


class SectionWriter:
    """Writes the sections of one observation to a stream, in order."""

    def __init__(self, stream: IO[bytes], key: str, description: Mapping[str, Any]) -> None:
        """Writes the header.

        Args:
            stream: open for writing, at its beginning.
            key: the key of the observation.
            description: plain JSON values for display by ``signbench cache show``.
        """
        self._stream = stream
        self._secret, self._digest = _secret(), b""
        stream.write(_MAGIC)
        head = {"version": VERSION, "key": key, "description": dict(description)}
        self._write(b"HEAD", json.dumps(head, sort_keys=True, allow_nan=False).encode())

    def rows(self, block: NDArray[np.float32]) -> None:
        """Writes one block of rows, float32 ``(n, D)``."""
        values = np.ascontiguousarray(block, dtype="<f4")
        packed = _codec().compress(values, asbytes=True)
        self._write(b"ROWS", _SHAPE.pack(*values.shape) + packed)

    def whole(self, content: bytes) -> None:
        """Writes an observation that is one piece of bytes, as its codec wrote it."""
        self._write(b"DATA", _LENGTH.pack(len(content)) + _codec().compress(content, asbytes=True))

    def done(self) -> None:
        """Writes the end; without it the observation is incomplete."""
        self._write(b"DONE", b"")

    def _write(self, kind: bytes, content: bytes) -> None:
        head = _SECTION.pack(kind, len(content))
        self._digest = seal(self._secret, self._digest, head, content)
        self._stream.write(head)
        self._stream.write(content)
        self._stream.write(self._digest)


def _sections(stream: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of each section, verified; the last is ``DONE``.

    Raises:
        DamagedError: the message says where and what is wrong.
    """
    size = os.fstat(stream.fileno()).st_size
    stream.seek(0)
    if stream.read(len(_MAGIC)) != _MAGIC:
        raise DamagedError("it does not start like an observation")
    secret, digest, kind = _secret(), b"", b""
    while kind != b"DONE":
        offset = stream.tell()
        head = stream.read(_SECTION.size)
        if len(head) < _SECTION.size:
            raise DamagedError(f"it ends at byte {offset} and is incomplete")
        kind, length = _SECTION.unpack(head)
        if length + _DIGEST_BYTES > size - offset - _SECTION.size:
            raise DamagedError(f"the section at byte {offset} is longer than the file")
        content = stream.read(length)
        digest = seal(secret, digest, head, content)
        if not hmac.compare_digest(stream.read(_DIGEST_BYTES), digest):
            raise DamagedError(f"the checksum of the section at byte {offset} is wrong, or another user's")
        yield kind, content
    if stream.read(1):
        raise DamagedError(f"there is more after its end at byte {stream.tell() - 1}")


def read_header(stream: IO[bytes]) -> dict[str, Any]:
    """The header of an observation: key and description.

    Raises:
        DamagedError: it is damaged, or of another version; the rest is not checked.
    """
    kind, content = next(_sections(stream))
    if kind != b"HEAD":
        raise DamagedError("it has no header")
    try:
        head = _HEADER.parsed(content, "its header")
        return {"key": head["key"], "description": dict(head["description"])}
    except (InputError, KeyError, TypeError, ValueError) as error:
        raise DamagedError(str(error).rstrip(".")) from error


def check(stream: IO[bytes]) -> None:
    """Reads a whole observation and compares every checksum; only one section is in memory at a time.

    Raises:
        DamagedError: the message says where and what is wrong.
    """
    for _ in _sections(stream):
        pass


def read_blocks(stream: IO[bytes]) -> Iterator[NDArray[np.float32]]:
    """The blocks of rows as written, each verified before it is unpacked.

    Yields:
        Float32 ``(n, D)``, writable.

    Raises:
        DamagedError: the message says where and what is wrong.
    """
    for kind, content in _sections(stream):
        if kind == b"ROWS":
            count, columns = _SHAPE.unpack_from(content)
            packed = memoryview(content)[_SHAPE.size :]
            values = _codec().decompress(packed, decompressed_size=count * columns * 4)
            yield np.frombuffer(values, "<f4").reshape(count, columns).astype(np.float32, copy=False)


def read_whole(stream: IO[bytes]) -> bytes | None:
    """The bytes of an observation that was written as one piece, verified before they are unpacked; None if there are none.

    Raises:
        DamagedError: says where and what is wrong.
    """
    found: bytes | None = None
    for kind, content in _sections(stream):
        if kind == b"DATA":
            (length,) = _LENGTH.unpack_from(content)
            found = _codec().decompress(memoryview(content)[_LENGTH.size :], decompressed_size=length, asbytes=True)
    return found
