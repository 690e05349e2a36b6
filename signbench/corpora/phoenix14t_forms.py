"""The forms in which the annotations of PHOENIX14T are found on disk, and the key points that come with some of them.

Sources: the release of RWTH Aachen (Camgoz et al., CVPR 2018); neccam/slt, ``signjoey/dataset.py``; ProgressiveTransformersSLP,
``data.py``; SLRTP-Sign-Production-Evaluation, ``README.md``; GFSLT-VLP, ``dataset.py``. Their texts and glosses differ: neccam/slt
ends every sentence with a full stop, the release none, and GFSLT-VLP has another version of the glosses.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from signbench.corpora.clip_ids import clip_id
from signbench.corpora.declared_rates import PoseAtRate
from signbench.corpora.delimited import Note, read_lines, read_text
from signbench.corpora.on_disk import Entry
from signbench.corpora.pickles import read_pickle
from signbench.corpora.recordings import PoseFile, PoseRecording
from signbench.errors import InputError
from signbench.media.layouts import layout
from signbench.media.pose_files import container_ids

FPS = 25.0
"""The rate at which the broadcasts were recorded."""

COLUMNS = ("name", "video", "start", "end", "speaker", "orth", "translation")


class Form(ABC):
    """One form of the annotations, in a folder.

    Attributes:
        name: for messages.
        glosses: which version of the glosses it has.
    """

    name: str
    glosses: str = "of the release"

    def __init__(self, folder: Path, note: Note) -> None:
        self.folder, self.note = folder, note

    @abstractmethod
    def file(self, split: str) -> Path:
        """The file with a split's annotations."""

    @abstractmethod
    def read(self, split: str) -> Iterable[Entry]:
        """The clips of a split.

        Raises:
            InputError: the annotations are missing or unusable.
        """


class Release(Form):
    """``annotations/manual/PHOENIX-2014-T.SPLIT.corpus.csv`` of the release; cells are separated by bars, quotes are text."""

    name = "the release"

    def file(self, split: str) -> Path:
        return self.folder / "annotations/manual" / f"PHOENIX-2014-T.{split}.corpus.csv"

    def read(self, split: str) -> Iterator[Entry]:
        for line in read_lines(self.file(split), COLUMNS, delimiter="|", note=self.note):
            cells = line.cells
            yield Entry(
                _id(cells["name"], line.where),
                split,
                signer=cells["speaker"] or None,
                text=cells["translation"],
                gloss=tuple(cells["orth"].split()),
                fps=FPS,
                where=line.where,
            )


class SLT(Form):
    """``phoenix14t.SPLIT`` (or ``phoenix14t.pami0.SPLIT``) of neccam/slt: a compressed pickle of a list of dictionaries."""

    name = "neccam/slt"

    def file(self, split: str) -> Path:
        files = [self.folder / f"phoenix14t.{middle}{split}" for middle in ("", "pami0.")]
        return next((file for file in files if file.exists()), files[0])

    def read(self, split: str) -> Iterator[Entry]:
        content = read_pickle(self.file(split), tensors=False)
        rows = content.values() if isinstance(content, Mapping) else content
        if not isinstance(rows, (list, tuple)) and not isinstance(content, Mapping):
            raise InputError(f"{self.file(split)} holds {type(content).__name__}, not a list of clips; copy it again.")
        for number, row in enumerate(rows, start=1):
            where = f"{self.file(split)}, entry {number}"
            name, text, gloss = (_text(row, field, where) for field in ("name", "text", "gloss"))
            frames = row.get("num_frames")
            signer = row.get("signer")
            yield Entry(
                _id(name, where),
                split,
                signer=signer if isinstance(signer, str) else None,
                text=text.strip(),
                gloss=tuple(gloss.split()),
                fps=FPS,
                frames=frames if isinstance(frames, int) else None,
                where=where,
            )


class GFSLT(SLT):
    """``labels.SPLIT`` of GFSLT-VLP: a compressed pickle of a dictionary of dictionaries."""

    name = "GFSLT-VLP"
    glosses = "of GFSLT-VLP's labels, which differ from the release's"

    def file(self, split: str) -> Path:
        return self.folder / f"labels.{split}"


class SLRTP(Form):
    """``SPLIT.pt`` of the SLRTP 2025 challenge: id -> name, text, gloss and key points."""

    name = "the SLRTP 2025 challenge"

    def file(self, split: str) -> Path:
        return self.folder / f"{split}.pt"

    def read(self, split: str) -> Iterator[Entry]:
        path = self.file(split)
        if not path.is_file():
            raise InputError(f"{path} does not exist; copy it from the challenge's data.")
        content = _dictionary(path, _changed(path))
        for number, (name, row) in enumerate(content.items(), start=1):
            where = f"{path}, entry {number}"
            signer = row.get("speaker") if isinstance(row, Mapping) else None
            yield Entry(
                _id(name, where),
                split,
                signer=signer if isinstance(signer, str) else None,
                text=_text(row, "text", where).strip(),
                gloss=tuple(_text(row, "gloss", where).split()),
                fps=FPS,
                where=where,
            )


class ProgressiveTransformers(Form):
    """``SPLIT.text``, ``SPLIT.gloss`` and ``SPLIT.files`` of Progressive Transformers, which are parallel lines."""

    name = "Progressive Transformers"

    def file(self, split: str) -> Path:
        return self.folder / f"{split}.files"

    def read(self, split: str) -> Iterator[Entry]:
        files = {kind: self.folder / f"{split}.{kind}" for kind in ("files", "text", "gloss")}
        lines = {kind: read_text(path, self.note).rstrip("\n").split("\n") for kind, path in files.items()}
        for kind in ("text", "gloss"):
            if len(lines[kind]) != len(lines["files"]):
                raise InputError(
                    f"{files[kind]} has {len(lines[kind])} lines, but {files['files'].name} beside it has {len(lines['files'])}; "
                    "copy both again."
                )
        for number, (name, text, gloss) in enumerate(zip(*lines.values(), strict=True), start=1):
            where = f"{files['files']}, line {number}"
            yield Entry(_id(name.strip(), where), split, text=text.strip(), gloss=tuple(gloss.split()), fps=FPS, where=where)


FORMS: tuple[type[Form], ...] = (Release, SLT, SLRTP, ProgressiveTransformers, GFSLT)
"""The forms, in the order in which they are looked for."""


def form_in(folder: Path, note: Note) -> Form | None:
    """The form of the annotations in a folder; None if there are none of any split."""
    for kind in FORMS:
        form = kind(folder, note)
        if any(form.file(split).exists() for split in ("train", "dev", "test")):
            return form
    return None


class KeyPoints:
    """The key points of a split beside its annotations: ``SPLIT.pt`` (178 points), or else ``SPLIT.skels`` (50 points).

    Attributes:
        kind: for reports.
        path: the container, which may not exist.
    """

    def __init__(self, folder: Path, split: str) -> None:
        tensors = folder / f"{split}.pt"
        self.kind = "key points (.pt)" if tensors.is_file() else "key points (.skels)"
        self.path = tensors if tensors.is_file() else folder / f"{split}.skels"

    @cached_property
    def exists(self) -> bool:
        """Whether the container is there, with what names its clips."""
        return self.path.is_file() and (self.path.suffix != ".skels" or self.path.with_suffix(".files").is_file())

    def members(self) -> Mapping[str, str]:
        """Clip id -> its name in the container. The numbers are not read."""
        names = self.path if self.path.suffix == ".pt" else self.path.with_suffix(".files")
        return _members(names, _changed(names))

    def of(self, clip: str) -> PoseRecording | None:
        """The key points of a clip, at 25 frames per second; None if there are none."""
        member = self.members().get(clip) if self.exists else None
        if member is None:
            return None
        declared = layout("slrtp-178") if self.path.suffix == ".pt" else None
        return PoseAtRate(PoseFile(self.path, member, declared), FPS)


def _changed(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


@lru_cache(maxsize=8)
def _members(path: Path, changed: tuple[int, int]) -> Mapping[str, str]:
    is_container = path.suffix == ".pt"
    names = container_ids(path) if is_container else [line.strip() for line in read_text(path).rstrip().split("\n")]
    return {clip_id(name, suffix=False): name for name in names}


@lru_cache(maxsize=4)
def _dictionary(path: Path, changed: tuple[int, int]) -> Mapping[str, Any]:
    """The dictionary of a ``.pt`` file, whose tensors stay on disk."""
    import torch

    container_ids(path)  # refuses whatever is not such a dictionary, with a message
    mapped = torch.load(path, map_location="cpu", weights_only=True, mmap=_is_zipped(path))
    return {str(name): _texts(row) for name, row in mapped.items()}


def _is_zipped(path: Path) -> bool:
    from signbench.pickled_files import is_archive

    return is_archive(path)


def _texts(row: Any) -> Mapping[str, Any]:
    return {key: value for key, value in row.items() if isinstance(value, str)} if isinstance(row, Mapping) else {}


def _text(row: Any, field: str, where: str) -> str:
    value = row.get(field) if isinstance(row, Mapping) else None
    if not isinstance(value, str):
        raise InputError(f"{where} has no {field}; copy the file again.")
    return value


_NAME = re.compile(r"[^/\\]+")


def _id(name: str, where: str) -> str:
    try:
        found = clip_id(name, suffix=False)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    if not _NAME.fullmatch(found):
        raise InputError(f"{where}: {name!r} is not the name of a clip; copy the file again.")
    return found
