"""The run folder: the paths of a run's files, and the checks before anything is written into it."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signbench.documents.versions import Form
from signbench.errors import InputError
from signbench.whole_folders import free_name

RUN_VERSION = 1
_FORM = Form("a run's description", "run_version", RUN_VERSION, again="use `fresh=True` to start over")
LOCK = ".lock"
"""A file in the folder of a run that a command is working on."""
Spec = dict[str, Any]
"""Everything that can change a number of a run, as plain JSON values."""


def spec_hash(spec: Spec) -> str:
    """SHA-256 of a specification, hexadecimal."""
    return hashlib.sha256(json.dumps(spec, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()).hexdigest()


@dataclass(frozen=True)
class RunFolder:
    """The files of one run.

    Attributes:
        path: the folder.
    """

    path: Path

    @property
    def run_json(self) -> Path:
        """Specification, environment, status and exit code; written first."""
        return self.path / "run.json"

    @property
    def result_json(self) -> Path:
        """The scores; derivable from ``run.json`` and the records."""
        return self.path / "result.json"

    @property
    def per_clip(self) -> Path:
        """One row per clip and metric."""
        return self.path / "per_clip.parquet"

    @property
    def error_log(self) -> Path:
        """The traceback of an internal error."""
        return self.path / "error.log"

    def records(self, rank: int) -> Path:
        """The records that one process writes."""
        return self.path / f"records-{rank}.sqlite"

    def all_records(self) -> list[Path]:
        """The records of every process that ever worked on this run."""
        return sorted(self.path.glob("records-*.sqlite"), key=lambda path: (len(path.name), path.name))

    def end_marker(self, rank: int) -> Path:
        """The end marker that a process writes when it has nothing left to do."""
        return self.path / f"records-{rank}.end"

    def heartbeat(self, rank: int) -> Path:
        """The heartbeat that a working process updates every few seconds."""
        return self.path / f"records-{rank}.alive"

    def read(self) -> dict[str, Any]:
        """The content of ``run.json``.

        Raises:
            InputError: there is none, it is damaged, or it is of a newer version.
        """
        try:
            content = self.run_json.read_bytes()
        except FileNotFoundError:
            raise InputError(f"{self.path} is not a run folder: it has no run.json.") from None
        except NotADirectoryError:
            raise InputError(f"{self.path} is not a folder.") from None
        except OSError as error:
            raise InputError(f"{self.run_json} cannot be read: {error.strerror or error}.") from error
        return _FORM.parsed(content, self.run_json)

    def has_ended(self, launch: str) -> bool:
        """Whether ``run.json`` says that this launch ended without a result."""
        try:
            content = self.read()
        except InputError:
            return False
        return content.get("launch") == launch and content.get("status") in ("failed", "interrupted")

    def claim(self, spec: Spec, *, fresh: bool) -> bool:
        """Makes sure that the folder belongs to this run, or can be used for it; writes nothing.

        Args:
            spec: specification of the run that is about to start.
            fresh: whether an older run will be moved aside.

        Returns:
            True if there already is a run with the same specification, which is resumed.

        Raises:
            InputError: the folder holds a different run or something else, or cannot be written.
        """
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"{self.path} is a file; pass a folder as `out`.")
        occupied = self.path.is_dir() and any(child.name != LOCK for child in self.path.iterdir())
        if occupied and fresh and not self.run_json.exists():
            raise InputError(
                f"{self.path} holds files that do not belong to a run; `fresh=True` only moves runs. Choose another `out`."
            )
        if not occupied or fresh:
            _check_writable(self.path)
            return False
        if not self.run_json.exists():
            raise InputError(f"{self.path} is not empty and not a run folder; pass an empty or new one as `out`.")
        old = self.read()
        if old.get("spec_sha256") != spec_hash(spec):
            changed = "; ".join(_differences(old.get("spec", {}), spec))
            raise InputError(
                f"{self.path} holds a run with a different specification ({changed}); choose another `out`, or use `fresh=True` "
                "to move it aside."
            )
        _check_writable(self.path)
        return True

    def move_aside(self) -> Path | None:
        """Renames an older run's folder to ``<name>.old-N``, and returns that; does nothing if there is none.

        Raises:
            InputError: it cannot be renamed.
        """
        if not self.run_json.exists():
            return None
        target = free_name(self.path)
        try:
            self.path.rename(target)
        except OSError as error:
            raise InputError(f"{self.path} cannot be moved to {target}: {error.strerror}.") from error
        return target


def _differences(old: Any, new: Any, name: str = "") -> Iterator[str]:
    """The differences between two specifications, as sentences: the field, its old and its new value."""
    if isinstance(old, dict) and isinstance(new, dict) and (old or new):
        for key in sorted({*old, *new}):
            inner = key if name in ("", "content") else f"{name}.{key}"
            yield from _differences(old.get(key), new.get(key), inner)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            yield from _differences(one, other, name)
    elif isinstance(old, str) and isinstance(new, str) and old != new and 0 < old.count("|") == new.count("|"):
        for one, other in zip(old.split("|"), new.split("|"), strict=True):  # keys of records: the parts that differ
            yield from _differences(one, other, name)
    elif old != new:
        yield f"{name or 'specification'}: {_shown(old)} then, {_shown(new)} now"


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if re.fullmatch(r"[0-9a-f]{64}", text):
        return f"SHA-256 {text[:12]}"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _check_writable(folder: Path) -> None:
    """Tries to write into the nearest existing folder."""
    existing = folder
    while not existing.exists():
        existing = existing.parent
    try:
        with tempfile.TemporaryFile(dir=existing) as probe:
            probe.write(b"\0" * 4096)
            probe.flush()
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror or error}; choose another `out` or make room.") from error
