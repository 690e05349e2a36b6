"""Folders that appear whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from signbench.errors import InputError


@contextmanager
def whole_folder(out: Path, *, move_aside: bool = False) -> Iterator[Path]:
    """A folder to write into, which takes its place under its name once all is written.

    Args:
        out: where it is to be; nothing, or an empty folder, unless an older one is moved aside.
        move_aside: rename an older folder to ``<name>.old-N``.

    Raises:
        InputError: it is the current folder, or cannot be written.
    """
    if out.resolve() == Path.cwd():
        raise InputError("--out is the current folder, which cannot take its place whole; give a folder of its own.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}; give another --out.") from error
    try:
        yield beside
        beside.chmod(0o755)
        if move_aside and out.is_dir() and any(out.iterdir()):
            number = 1
            while (aside := out.with_name(f"{out.name}.old-{number}")).exists():
                number += 1
            out.rename(aside)
        beside.replace(out)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}; give another --out.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
