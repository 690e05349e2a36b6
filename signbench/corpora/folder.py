"""A data set of any kind, described by one YAML file: where its media lie, and a table of its clips."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from signbench.corpora.checking import MediaFiles
from signbench.corpora.clip import Clip
from signbench.corpora.clip_ids import check_clip_id
from signbench.corpora.declared_rates import PoseAtRate, VideoAtRate
from signbench.corpora.delimited import Line, read_lines
from signbench.corpora.on_disk import About, CorpusOnDisk, Entry
from signbench.corpora.recordings import PoseFile, PoseRecording, VideoFile, VideoRecording
from signbench.corpora.roots import DESCRIPTION as FILE
from signbench.corpora.spans import VideoSpan
from signbench.documents import read_yaml
from signbench.documents.wording import worded
from signbench.errors import InputError, nearest
from signbench.media.layouts import Layout, layout
from signbench.media.pose_files import POSE_SUFFIXES
from signbench.media.rates import is_rate
from signbench.media.video import VIDEO_SUFFIXES

KINDS = ("video", "pose", "motion", "rendering:pose", "rendering:hamer", "rendering:smplx", "rendering:cross-person")
"""The media that a clip may have."""

_OPTIONAL = ("split", "file", "text", "gloss", "signer", "fps", "video", "start", "end")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def _pattern(text: str) -> str:
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or "\\" in text or not text.isprintable():
        raise ValueError(f"is {text!r}, which is outside the folder")
    for other in ("{id}", "{split}", "{file}"):
        text = text.replace(other, "")
    if "{" in text or "}" in text:
        raise ValueError("has braces around something else than id, split or file")
    if "{id}" not in path.name and "{file}" not in path.name:
        raise ValueError(f"has neither {{id}} nor {{file}} in its last part, {path.name!r}")
    return str(path)


def _is_table(text: str) -> str:
    if PurePosixPath(text).suffix not in _DELIMITERS or ".." in PurePosixPath(text).parts or text.startswith("/"):
        raise ValueError(f"is {text!r}")
    return text


class Description(BaseModel):
    """The fields of ``corpus.yaml``; only ``name``, ``licence``, ``clips`` and ``media`` are required."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="small letters, digits and hyphens, such as my-corpus")
    version: str = Field(default="1", description="a text in quotes, such as '1'; raise it when clips change")
    licence: str = Field(description="the licence of the clips, such as CC-BY-4.0")
    title: str | None = Field(default=None, description="the data set's full name")
    source: str | None = Field(default=None, description="where a person gets it")
    citation: str | None = Field(default=None, description="whom to cite")
    clips: Annotated[str, AfterValidator(_is_table)] = Field(
        description="the table of clips below this folder, such as clips.csv (commas) or clips.tsv (tabs)"
    )
    media: Mapping[str, Annotated[str, AfterValidator(_pattern)]] = Field(
        min_length=1, description="for each kind of media a path below this folder, such as video: videos/{id}.mp4"
    )
    splits: list[str] = Field(default=["test"], min_length=1, description="a list of the splits, such as [train, dev, test]")
    train: Mapping[str, str] = Field(
        default_factory=dict, description="for each split its train split, whose name ends in train, such as test: train"
    )
    isolated: bool = Field(default=False, description="true if each clip is one sign and its text the word, else false")
    fps: float | None = Field(default=None, gt=0, le=1000, description="frames per second of media that state none")
    layout: str | None = Field(default=None, description="the layout of key points that name none; see docs/layouts.md")
    counts: Mapping[str, int] = Field(default_factory=dict, description="for each split its number of clips, such as test: 200")
    texts: str | None = Field(default=None, description="which version of texts and glosses this is, such as with final full stops")

    @model_validator(mode="after")
    def _agrees(self) -> Description:
        for kind in self.media:
            if kind not in KINDS:
                raise ValueError(f"media has no kind {kind}. {nearest(kind, KINDS)}")
        for split in (*self.train, *self.train.values(), *self.counts):
            if split not in self.splits:
                raise ValueError(f"there is no split {split} in splits; write it there")
        for split, other in self.train.items():
            if not other.endswith("train"):
                raise ValueError(f"train: {other}, for {split}, is not a train split; write one whose name ends in train")
        if self.layout is not None:
            layout(self.layout)
        return self


class Folder(CorpusOnDisk):
    """A data set that ``corpus.yaml`` describes.

    Args:
        root: its folder, or the description itself under any name.

    Raises:
        InputError: there is no description, or a field is missing, unknown or invalid; the message says what to write.
    """

    name = "folder"
    version = "1"
    licence = "as its description says"
    splits: tuple[str, ...] = ()
    about = About(
        title="Any data set, described by one YAML file",
        source=f"you; write {FILE}",
        citation="as its description says",
        layout=(
            f"{FILE}            name, licence, clips, media, and optionally splits, fps, layout ...; see docs/corpora/folder.md",
            "clips.csv              id, and optionally split, text, gloss, signer, fps, file, video, start, end",
            "videos/ID.mp4 ...      as media says",
        ),
    )

    def __init__(self, root: Path, points: Path | None = None) -> None:
        super().__init__(root, points)
        self.file = self.root / FILE if self.root.is_dir() else self.root
        self.folder = self.file.parent
        found = read_description(self.file)
        self.described = found
        self.name, self.version, self.licence = found.name, found.version, found.licence
        self.splits, self.isolated = tuple(found.splits), found.isolated
        self.about = About(
            title=found.title or found.name,
            source=found.source or "not stated",
            citation=found.citation or "not stated",
            layout=(f"{found.clips}", *(f"{path}    {kind}" for kind, path in found.media.items())),
            counts=found.counts,
        )

    def read(self, split: str) -> Iterable[Entry]:
        return [entry for entry in self._rows if entry.split == split]

    def of(self, entry: Entry) -> Clip:
        renderings = {
            kind.removeprefix("rendering:"): video
            for kind in self.described.media
            if kind.startswith("rendering:") and (video := self._video(kind, entry)) is not None
        }
        return self.clip_of(
            entry,
            video=self._video("video", entry),
            pose=self._pose("pose", entry),
            motion=self._pose("motion", entry),
            renderings=renderings,
        )

    def media(self, split: str) -> Iterator[MediaFiles]:
        for kind in (kind for kind in KINDS if kind in self.described.media):
            by_folder: dict[Path, dict[str, str]] = {}
            for clip, entry in self.entries(split).items():
                path = self._path(kind, entry)
                by_folder.setdefault(path.parent, {})[clip] = path.name
            for folder, names in by_folder.items():
                yield self._files(kind, folder, names)

    def source(self) -> Mapping[str, str]:
        """What the description says about its texts."""
        return {"texts": self.described.texts} if self.described.texts is not None else {}

    def train_split(self, split: str) -> str:
        return self.described.train.get(split) or super().train_split(split)

    @cached_property
    def _rows(self) -> list[Entry]:
        path = self.folder / self.described.clips
        delimiter = _DELIMITERS[path.suffix]
        return [self._entry_of(line) for line in read_lines(path, ("id",), delimiter=delimiter, quoted=True, note=self.note)]

    def _entry_of(self, line: Line) -> Entry:
        cells = line.cells
        for column in cells:
            if column not in ("id", *_OPTIONAL):
                raise InputError(f"{line.where}: there is no column {column!r}. {nearest(column, ('id', *_OPTIONAL))}")
        split = cells.get("split") or self.splits[0]
        if split not in self.splits:
            raise InputError(f"{line.where}: there is no split {split}; add it to splits in {self.file.name}, or correct it.")
        for name in (cells["id"], cells.get("file") or "x", cells.get("video") or "x"):
            try:
                check_clip_id(name)
            except InputError as error:
                raise InputError(f"{line.where}: {error}") from error
        start, end = (_number(cells.get(column), f"{line.where}: {column}") for column in ("start", "end"))
        if (start is None) != (end is None) or (start is not None and end is not None and not 0 <= start < end):
            raise InputError(f"{line.where}: start and end are {start} and {end}; write both in seconds, or neither.")
        rate = _number(cells.get("fps"), f"{line.where}: fps")
        if rate is not None and not is_rate(rate):
            raise InputError(f"{line.where}: fps is {rate:g}; write frames per second, such as 25, or nothing.")
        return Entry(
            cells["id"],
            split,
            signer=cells.get("signer") or None,
            text=cells.get("text") or None,
            gloss=tuple((cells.get("gloss") or "").split()),
            fps=rate or self.described.fps,
            file=cells.get("file") or None,
            whole=cells.get("video") or None,
            times=None if start is None or end is None else (start, end),
            where=line.where,
        )

    def _path(self, kind: str, entry: Entry) -> Path:
        """Where a clip's media should lie; without a suffix, several are possible."""
        pattern = self.described.media[kind]
        whole = entry.whole if kind == "video" and entry.whole is not None else None
        values = {"{id}": whole or entry.id, "{file}": whole or entry.name, "{split}": entry.split}
        for name, value in values.items():
            pattern = pattern.replace(name, value)
        return self.folder / pattern

    def _files(self, kind: str, folder: Path, names: Mapping[str, str]) -> MediaFiles:
        """The media in a folder. A pattern with a suffix names files; one without names files of any suffix, or folders."""
        suffix = PurePosixPath(self.described.media[kind]).suffix
        stems = {clip: name.removesuffix(suffix) for clip, name in names.items()} if suffix else names
        return MediaFiles(kind, folder, stems, suffixes=self._suffixes(kind, folder, suffix))

    def _suffixes(self, kind: str, folder: Path, suffix: str) -> tuple[str, ...]:
        if suffix:
            return (suffix.lower(),)
        known = POSE_SUFFIXES if kind in ("pose", "motion") else tuple(sorted(VIDEO_SUFFIXES))
        if folder not in self._holding_files:
            from signbench.corpora.intact import names_in

            self._holding_files[folder] = any(PurePosixPath(name).suffix.lower() in known for name in names_in(folder))
        return known if self._holding_files[folder] else ()

    @cached_property
    def _holding_files(self) -> dict[Path, bool]:
        return {}

    def _found(self, kind: str, entry: Entry) -> Path | None:
        if kind not in self.described.media:
            return None
        path = self._path(kind, entry)
        files = self._files(kind, path.parent, {entry.id: path.name})
        return self.path_of(files, files.names[entry.id])

    def _video(self, kind: str, entry: Entry) -> VideoRecording | None:
        path = self._found(kind, entry)
        if path is None:
            return None
        video: VideoRecording = VideoFile(path)
        if entry.fps is not None:
            video = VideoAtRate(video, entry.fps)
        if kind == "video" and entry.times is not None:
            video = VideoSpan(video, *entry.times, seconds=True)
        return video

    def _pose(self, kind: str, entry: Entry) -> PoseRecording | None:
        path = self._found(kind, entry)
        if path is None:
            return None
        declared: Layout | None = None if self.described.layout is None or kind == "motion" else layout(self.described.layout)
        pose: PoseRecording = PoseFile(path, None, declared)
        return pose if entry.fps is None else PoseAtRate(pose, entry.fps)


def read_description(path: Path) -> Description:
    """The fields of a description.

    Raises:
        InputError: it does not exist, is not YAML, or a field is missing, unknown or invalid.
    """
    if not path.is_file():
        raise InputError(f"{path} does not exist; it describes the data set, see docs/corpora/folder.md.")
    fields: Any = read_yaml(path, "a description of a corpus")
    if not isinstance(fields, dict):
        raise InputError(f"{path} does not describe a corpus; write its fields, starting with 'name: ...'.")
    try:
        return Description.model_validate(fields)
    except ValidationError as error:
        raise InputError(f"{path}: {worded(error, Description, 'a corpus')}") from error


def _number(text: str | None, where: str) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"{where} is {text!r}, not a number.") from error
