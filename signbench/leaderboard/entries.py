"""Entries of leaderboards: a folder of three small files for each row, and where to find them.

``leaderboards/<task>/<split>/<entry>/`` holds::

    entry.yaml        the row's name, what made it, licence, contact, digests
    result.json       the run's result
    records.parquet   a record for each clip and metric
    study.json        only if people rated the row's clips: counts for each sign
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from signbench import shipped
from signbench.documents.models import VersionedDocument
from signbench.documents.versions import Form
from signbench.errors import InputError
from signbench.leaderboard import plain_text
from signbench.leaderboard.human import HumanScore, read_human
from signbench.leaderboard.own_scores import own_scores
from signbench.runs.measured_run import MeasuredRun
from signbench.runs.packed import PackedRun, read_packed
from signbench.runs.result import Result, read_result
from signbench.whole_folders import whole_folder

ENTRY, RESULT, RECORDS, STUDY = "entry.yaml", "result.json", "records.parquet", "study.json"
REQUIRED = (ENTRY, RESULT, RECORDS)
FILES = (*REQUIRED, STUDY)
MOST_BYTES = 8 * 1024 * 1024
"""The maximum size of an entry, all files together."""

Kind = Literal["measured", "verified", "anchor"]
"""``measured``: a run's result; ``verified``: its predictions were scored again by the maintainer of the leaderboard;
``anchor``: its generator sees the references."""

_MOST_YAML_BYTES = 64 * 1024
_NOT_IN_NAMES = re.compile(r"[<>&\"'`|/\\]")
_OLD = re.compile(r"\.old-\d+$")


def _plain(text: str) -> str:
    if not text.strip() or text != text.strip() or len(text) > 500:
        raise ValueError(f"is {text[:60]!r}, but should be one line of at most 500 characters")
    if (what := plain_text.fault(text)) is not None:
        raise ValueError(f"is {text[:60]!a}, which contains {what}")
    if (what := plain_text.mixed_alphabets(text)) is not None:
        raise ValueError(f"is {text[:60]!a}: {what}, which look alike")
    return text


def _plain_card(card: dict[str, str | list[str] | None] | None) -> dict[str, str | list[str] | None] | None:
    for where, what in plain_text.faults(card or {}, markup=False):
        raise ValueError(f"has a {where} that contains {what}")
    for name, value in (card or {}).items():
        mixed = plain_text.mixed_alphabets(value) if isinstance(value, str) else None
        if mixed is not None:
            raise ValueError(f"has a {name} in which {mixed}, which look alike")
    return card


def row_name(text: str) -> str:
    """Validates a row's name, which appears in tables, on pages and in paths.

    Raises:
        ValueError: says what is wrong with it.
    """
    fits = text.isprintable() and not _NOT_IN_NAMES.search(text) and not text.startswith(".") and not _OLD.search(text)
    if not text or len(text) > 80 or text != unicodedata.normalize("NFC", text.strip()) or not fits or not folder_name(text):
        raise ValueError(
            f"is {text[:60]!r}, but a name has at most 80 characters, none of them a slash, a quote, <, >, & or a control character"
        )
    _plain(text)
    if text != (plain := unicodedata.normalize("NFKC", text)):
        raise ValueError(f"is {text[:60]!a}, which has compatibility forms of letters; write {plain[:60]!r}")
    return text


def folder_name(row: str) -> str:
    """The name of a row's folder: every run of unsafe characters becomes a hyphen."""
    return re.sub(r"[^\w.=+-]+", "-", row).strip("-.")


def _path(text: str) -> str:
    parts = PurePosixPath(text).parts
    wrong = text.startswith("/") or "\\" in text or not text.isprintable() or any(part.startswith(".") for part in parts)
    if wrong or not parts or str(PurePosixPath(text)) != text or _NOT_IN_NAMES.search(text.replace("/", "")):
        raise ValueError(f"is {text[:60]!r}, which is not a relative path inside the folder of leaderboards")
    return text


_Address = Annotated[str, Field(pattern=r"^https://[!#-&(-;=?-\[\]_a-z{|}~]+$", max_length=500)]
_Text = Annotated[str, AfterValidator(_plain)]
_Version = Annotated[str, Field(pattern=r"^(absent|[0-9][0-9A-Za-z.+!-]{0,60})$")]
_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class EntryCard(VersionedDocument):
    """The content of ``entry.yaml``. Every field is required; error messages quote its description as what to write.

    Attributes:
        entry_version: version of this file format.
        row: name of the row; the entry's folder is named after it.
        task: name of the task.
        task_version: version of the task that it was measured on.
        split: split of the task.
        kind: measured, verified or anchor.
        references: the task's own, or the submitter's copy of a data set whose clips the task does not fix.
        generator: the generator's card, as in ``result.json``; None if only predictions were scored.
        licence: licence of the productions.
        contact: whom to contact.
        citation: what to cite, or None.
        url: a page about the model, or None.
        report: a page of the run, such as ``signbench report`` writes, or None.
        predictions_sha256: digest of the productions' files.
        sha256: digests of ``result.json`` and ``records.parquet``.
        signbench: version that wrote the entry.
        verified_with: version that scored the predictions again with the same result; None unless kind is verified.
    """

    model_config = ConfigDict(strict=True)
    form = Form("an entry", "entry_version", 1, again="submit the run again")

    entry_version: Literal[1] = Field(description="1")
    row: Annotated[str, AfterValidator(row_name)] = Field(description="the row's name")
    task: Annotated[str, AfterValidator(_path)] = Field(description="a task's name, such as synthsign/text-to-pose")
    task_version: int = Field(ge=1, description="a whole number from 1")
    split: Annotated[str, AfterValidator(_path)] = Field(description="a split of the task")
    kind: Kind = Field(description="measured, verified or anchor")
    references: Literal["task", "own copy"] = Field(description="task or own copy")
    generator: Annotated[dict[str, str | list[str] | None] | None, AfterValidator(_plain_card)] = Field(
        description="the generator's card, or null"
    )
    licence: _Text = Field(description="the licence of the productions, such as CC-BY-4.0")
    contact: _Text = Field(description="whom to contact, such as an email address")
    citation: _Text | None = Field(description="authors and title, or null")
    url: _Address | None = Field(description="an address that begins with https://, or null")
    report: _Address | None = Field(default=None, description="an address that begins with https://, or null")
    predictions_sha256: _Digest = Field(description="the digest of the predictions, 64 hexadecimal digits")
    sha256: dict[str, _Digest] = Field(description=f"the SHA-256 of {RESULT} and {RECORDS}")
    signbench: _Version = Field(description="the version of signbench that wrote the entry")
    verified_with: _Version | None = Field(description="the version of signbench that verified the entry, or null")

    def yaml(self) -> bytes:
        """The card as the bytes of ``entry.yaml``."""
        from signbench.documents import yaml_text

        return yaml_text(self.model_dump(mode="json"), width=1000).encode()


@dataclass(frozen=True)
class EntryLocation:
    """An entry's folder, with the task and split that its path names.

    Attributes:
        task: name of the task.
        split: split of the task.
        folder: the entry's folder.
    """

    task: str
    split: str
    folder: Path


@dataclass(frozen=True, eq=False)
class Entry:
    """One row of a leaderboard.

    Attributes:
        folder: the entry's folder.
        card: the content of ``entry.yaml``.
        result: the run's scores.
        human: what people understood, or None if nobody rated the clips.
    """

    folder: Path
    card: EntryCard
    result: Result
    human: HumanScore | None

    @cached_property
    def records(self) -> PackedRun:
        """The entry's records.

        Raises:
            InputError: the file is damaged.
        """
        return read_records(self.folder)

    @cached_property
    def run(self) -> MeasuredRun:
        """The entry as a run, to compare it with others."""
        return self.records.run(self.card.row, self.result)

    @cached_property
    def own_scores(self) -> Mapping[str, NDArray[np.float64]]:
        """Metric -> each clip's own score, float64 ``(N,)``, for metrics where every clip has one."""
        return own_scores(self.records)


def read_card(path: Path) -> EntryCard:
    """Reads an ``entry.yaml``.

    Raises:
        InputError: it is unreadable or not YAML of plain values, or a field is wrong; says what to write there.
    """
    from signbench.documents import read_yaml
    from signbench.documents.wording import worded

    fields = read_yaml(path, "an entry", most_bytes=_MOST_YAML_BYTES)
    if not isinstance(fields, dict):
        raise InputError(f"{path} is not a leaderboard entry; write its fields, beginning with 'entry_version: 1'.")
    if isinstance(fields.get("entry_version"), int):
        fields = EntryCard.form.checked(fields, path)
    try:
        return EntryCard.model_validate(fields)
    except ValidationError as error:
        raise InputError(f"{path}: {worded(error, EntryCard, 'an entry')}") from error


def read_entry(folder: Path, records: PackedRun | None = None) -> Entry:
    """Reads an entry; its records are read when they are first used.

    Args:
        folder: the entry's folder.
        records: its records, if they were read before.

    Raises:
        InputError: a file is missing or damaged.
    """
    human = read_human(folder / STUDY) if (folder / STUDY).is_file() else None
    entry = Entry(folder, read_card(folder / ENTRY), read_entry_result(folder), human)
    if records is not None:
        vars(entry)["records"] = records  # what the cached property would read again
    return entry


def read_entry_result(folder: Path) -> Result:
    """Reads an entry's ``result.json``.

    Raises:
        InputError: it is missing, damaged, or of another version.
    """
    return read_result(folder / RESULT)


def read_records(folder: Path) -> PackedRun:
    """Reads an entry's ``records.parquet``, which may come from an untrusted source; nothing in it is executed.

    Raises:
        InputError: it is missing, damaged, too large, or of another version.
    """
    return read_packed(folder / RECORDS, "submit the run again")


def predictions_digest(digests: Mapping[str, str]) -> str:
    """SHA-256 of the sorted lines ``clip id, SHA-256 of its production``, hexadecimal.

    Args:
        digests: clip -> SHA-256 of its production.
    """
    lines = sorted(f"{clip}, {digest}\n" for clip, digest in digests.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def is_moved_aside(folder: Path) -> bool:
    """Whether a folder is an older entry that ``--replace`` moved aside."""
    return _OLD.search(folder.name) is not None


def entry_locations(leaderboards: Path | None = None) -> list[EntryLocation]:
    """All entries, in order of task, split and folder, without those that were moved aside.

    Args:
        leaderboards: a folder of leaderboards; None: ``leaderboards/`` of the current folder, then those shipped
            with signbench.

    Raises:
        InputError: the folder does not exist.
    """
    if leaderboards is None:
        ending = f"/{Path(ENTRY).stem}"
        names = [name.removesuffix(ending) for name in shipped.names("leaderboards") if name.endswith(ending)]
        found = [(name, shipped.find("leaderboards", f"{name}/{ENTRY}").parent) for name in names]
    elif leaderboards.is_dir():
        folders = sorted(path.parent for path in leaderboards.rglob(ENTRY))
        found = [(folder.relative_to(leaderboards).as_posix(), folder) for folder in folders]
    else:
        raise InputError(f"{leaderboards} is not a folder; give the folder that contains a folder for each task.")
    split_paths = [(PurePosixPath(name).parts, folder) for name, folder in found if not is_moved_aside(folder)]
    return [EntryLocation("/".join(parts[:-2]), parts[-2], folder) for parts, folder in split_paths if len(parts) > 2]


def write_entry(target: Path, files: Mapping[str, bytes], *, replace: bool) -> Literal["submitted", "replaced", "unchanged"]:
    """Writes an entry's folder atomically.

    Args:
        target: the folder.
        files: content by name.
        replace: move an older entry to ``<name>.old-N``.

    Returns:
        What was done.

    Raises:
        InputError: there is an entry already, or the folder cannot be written.
    """
    older = os.path.lexists(target)
    if older:
        same = all((target / name).is_file() and (target / name).read_bytes() == content for name, content in files.items())
        if same:
            return "unchanged"
        if not replace:
            raise InputError(f"{target} is an entry already; choose another `name`, or give `replace=True` to move it aside.")
    package = Path(shipped.__file__).parent.resolve()
    if target.resolve().is_relative_to(package):
        raise InputError(f"{target} is inside the installed package; give another `leaderboards`.")
    with whole_folder(target, move_aside=older, parameter="leaderboards") as made:
        for name, content in files.items():
            (made / name).write_bytes(content)
    return "replaced" if older else "submitted"


def flat_card(generator: Mapping[str, Any] | None) -> dict[str, str | list[str] | None] | None:
    """A generator's card as an entry stores it: texts and lists of texts."""
    if generator is None:
        return None
    return {
        name: None if value is None else [str(item) for item in value] if isinstance(value, (list, tuple)) else str(value)
        for name, value in generator.items()
    }
