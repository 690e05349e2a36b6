"""Folders that appear complete or not at all, and never replace an older one without keeping it."""

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
    """``<name>.old-N`` next to a file or folder, with the first unused N."""
    number = 1
    while os.path.lexists(free := target.with_name(f"{target.name}.old-{number}")):
        number += 1
    return free


@contextlib.contextmanager
def whole_folder(out: Path, *, move_aside: bool = False, parameter: str = "out") -> Iterator[Path]:
    """A temporary folder to write into, which gets its final name once everything is written.

    After a kill, ``.<name>.<letters>.part`` stays next to the folder and is removed by the next one of that name, unless folders
    cannot be locked.

    Args:
        out: its final path; it must not exist or be empty, unless an older one is moved aside.
        move_aside: rename an existing one to ``<name>.old-N``.
        parameter: the parameter that names it, for messages.

    Raises:
        InputError: it is the current folder, or cannot be written.
    """
    if out.resolve() == Path.cwd():
        raise InputError(f"`{parameter}` is the current folder, which cannot be replaced; choose another folder.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _clear_leftovers(out)
        temporary, lock = _begun(out)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror or error}; choose another `{parameter}`.") from error
    try:
        yield temporary
        temporary.chmod(0o755)
        if move_aside and os.path.lexists(out) and not (out.is_dir() and not any(out.iterdir())):
            out.rename(free_name(out))
        temporary.replace(out)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror or error}; choose another `{parameter}`.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _begun(out: Path) -> tuple[Path, int | None]:
    """A new folder next to another, and its lock, which ends with this process at the latest."""
    while True:
        temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
        lock = _locked(temporary)
        # another process may have removed it as a leftover before it was locked
        if temporary.is_dir():
            return temporary, lock
        if lock is not None:
            os.close(lock)


def _clear_leftovers(out: Path) -> None:
    """Removes leftovers of killed processes; folders that another process is still writing are locked, and stay."""
    for path in out.parent.glob(f".{glob.escape(out.name)}.????????.part"):
        if path.is_symlink() or not path.is_dir() or (lock := _locked(path)) is None:
            continue
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _locked(folder: Path) -> int | None:
    """A lock on a folder; None if another process has it, or if folders cannot be locked."""
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
