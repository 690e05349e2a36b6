"""Folders that appear whole or not at all, and never in the place of an older one that is then gone."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from signbench.errors import InputError


def free_name(target: Path) -> Path:
    """``<name>.old-N`` beside a file or folder, with the first N that nothing has."""
    number = 1
    while os.path.lexists(free := target.with_name(f"{target.name}.old-{number}")):
        number += 1
    return free


@contextlib.contextmanager
def whole_folder(out: Path, *, move_aside: bool = False, option: str = "--out") -> Iterator[Path]:
    """A folder to write into, which takes its place under its name once all is written.

    What a kill leaves of it, ``.<name>.<letters>.part`` beside the folder, is removed by the next one of that name; where folders
    cannot be locked, it stays.

    Args:
        out: where it is to be; nothing, or an empty folder, unless an older one is moved aside.
        move_aside: rename what is there to ``<name>.old-N``.
        option: of the command, for messages.

    Raises:
        InputError: it is the current folder, or cannot be written.
    """
    if out.resolve() == Path.cwd():
        raise InputError(f"{option} is the current folder, which cannot take its place whole; give a folder of its own.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _clear_leftovers(out)
        beside, lock = _begun(out)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror or error}; give another {option}.") from error
    try:
        yield beside
        beside.chmod(0o755)
        if move_aside and os.path.lexists(out) and not (out.is_dir() and not any(out.iterdir())):
            out.rename(free_name(out))
        beside.replace(out)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror or error}; give another {option}.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _begun(out: Path) -> tuple[Path, int | None]:
    """A new folder beside another, and its lock, which ends with this process at the latest."""
    while True:
        beside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
        lock = _locked(beside)
        # another process may have taken it for a leftover before it was locked
        if beside.is_dir():
            return beside, lock
        if lock is not None:
            os.close(lock)


def _clear_leftovers(out: Path) -> None:
    """Removes what killed processes left of a folder; what another process still writes is locked, and stays."""
    for path in out.parent.glob(f".{glob.escape(out.name)}.????????.part"):
        if path.is_symlink() or not path.is_dir() or (lock := _locked(path)) is None:
            continue
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _locked(folder: Path) -> int | None:
    """A lock on a folder; None where another process has it, or where folders cannot be locked."""
    from filelock import lock_descriptor

    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    with contextlib.suppress(OSError):
        if lock_descriptor(handle, blocking=False):
            return handle
    os.close(handle)
    return None
