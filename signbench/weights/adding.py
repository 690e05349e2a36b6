"""Adds weights from a local file, for machines without internet access."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import IO, Any

from signbench.errors import InputError
from signbench.weights import registry
from signbench.weights.digests import remember, sha256_of
from signbench.weights.locking import locked
from signbench.weights.registry import Weights
from signbench.weights.store import file_of


def add(file: Path, name: str | None = None) -> Weights:
    """Copies a file into the folder of weights after recognising and verifying it; it is only hashed, never loaded.

    Args:
        file: any file.
        name: name of the weights; None: they are recognised by their digest, else by the file name.

    Returns:
        The recognised weights.

    Raises:
        InputError: the file cannot be read, is unknown to the registry, does not have the registered digest, would replace a
            different file, or the folder cannot be written.
    """
    digest = sha256_of(file)
    weights = registry.find(name) if name is not None else _recognised(file, digest)
    if weights.sha256 not in (None, digest):
        raise InputError(
            f"{file} is not the registered file of the weights {weights.name}: its SHA-256 is {digest}, not {weights.sha256}. "
            f"Download it again from {weights.address}."
        )
    path = file_of(weights)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path):
            if not path.exists():
                _copy(file, path, digest)
            elif sha256_of(path) != digest:
                raise InputError(f"{path} differs from {file} and is not overwritten; move it away first.")
    except OSError as error:
        raise InputError(
            f"{path.parent} cannot hold the weights {weights.name}: {error.strerror or error}; "
            "make room, or set SIGNBENCH_WEIGHTS to another folder."
        ) from error
    return weights


def _recognised(file: Path, digest: str) -> Weights:
    for weights in registry.registered().values():
        if weights.sha256 == digest:
            return weights
    for weights in registry.registered().values():
        if file.name in (weights.file, PurePosixPath(weights.address).name):
            return weights
    raise InputError(
        f"{file} is not among the registered weights: neither its SHA-256 ({digest}) nor its name is known. Name the weights "
        f"with `name=NAME`, one of {', '.join(registry.registered())}."
    )


class _HashingReader:
    """Reads a stream and hashes its bytes, so that the digest is that of exactly the bytes that were copied."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        block = self._stream.read(size)
        self.hash.update(block)
        return block


def _copy(file: Path, path: Path, digest: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with file.open("rb") as source, os.fdopen(handle, "wb") as target:
            reader: Any = _HashingReader(source)
            shutil.copyfileobj(reader, target, 1 << 20)
            target.flush()
            os.fsync(target.fileno())
        if reader.hash.hexdigest() != digest:
            raise InputError(f"{file} is being changed by another program; repeat the command when that is done.")
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    remember(path, digest)
