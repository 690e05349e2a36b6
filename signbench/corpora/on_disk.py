"""Data sets that a user has on disk, in the layout in which their authors publish them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from typing import Any

from signbench.corpora.checking import CorpusReport, Found, MediaFiles, SplitReport, look, surplus_of
from signbench.corpora.clip import Clip
from signbench.corpora.recordings import PoseFile
from signbench.documents import parse_json
from signbench.errors import InputError, nearest
from signbench.progress import Progress, silent


@dataclass(frozen=True)
class About:
    """What a person needs to know to get a data set and to cite it.

    Attributes:
        title: its full name.
        source: where a person gets it.
        citation: authors, title, venue and year.
        layout: the folders and files that are read, a line each, below the root.
        counts: split -> number of clips in the published data set.
        notes: what a user should know about it.
    """

    title: str
    source: str
    citation: str
    layout: tuple[str, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One clip as the annotations have it.

    Attributes:
        id: the clip's id.
        split: the split that its files belong to.
        signer: name of the signer.
        text: the sentence or word.
        gloss: the glosses, in signing order.
        fps: frames per second.
        file: name of its media, without a suffix; by default the id.
        frames: number of frames, if the annotations state it.
        span: first and last frame of the video that belong to it, from 0, the last one included; None: all.
        whole: name of the longer video that it is a part of, without a suffix, if there is one.
        times: when it begins and ends in that video, in seconds.
        where: the file and line it comes from, for messages.
    """

    id: str
    split: str
    _: KW_ONLY
    signer: str | None = None
    text: str | None = None
    gloss: tuple[str, ...] = ()
    fps: float | None = None
    file: str | None = None
    frames: int | None = None
    span: tuple[int, int] | None = None
    whole: str | None = None
    times: tuple[float, float] | None = None
    where: str = ""

    @property
    def name(self) -> str:
        """Name of its media, without a suffix."""
        return self.file or self.id


class CorpusOnDisk(ABC):
    """A data set in its published layout; a subclass reads its annotations and names its media.

    Annotations are read on first use, media only when a recording is read; nothing is written below the root.

    Attributes:
        name: such as ``phoenix14t``.
        version: of the reader: rises when clips change.
        licence: the licence of its clips.
        splits: names of the splits.
        subsets: splits whose clips are also in other splits.
        isolated: whether each clip is one sign, and its text the spoken word.
        about: how to get and cite it.
        root: its folder.

    Args:
        root: the folder of the data set, or one that contains it.
        points: a folder of key points that were made for it (``SPLIT/ID.npz``, ``.pose`` or ``.npy``), for clips that have none; or
            None.

    Raises:
        InputError: the folder does not exist.
    """

    name: str
    version: str
    licence: str
    splits: tuple[str, ...]
    subsets: tuple[str, ...] = ()
    isolated: bool = False
    about: About

    def __init__(self, root: Path, points: Path | None = None) -> None:
        self.root, self.points = Path(root), points
        if not self.root.exists():
            raise InputError(f"the folder {self.root} of {self.name} does not exist; see signbench corpora show {self.name}.")
        self._entries: dict[str, dict[str, Entry]] = {}
        self._lying: dict[tuple[Path, tuple[str, ...]], dict[str, Path]] = {}
        self.notes: list[str] = []

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.root, self.points)

    @abstractmethod
    def read(self, split: str) -> Iterable[Entry]:
        """The clips of a split from its annotations, in their order.

        Args:
            split: one of :attr:`splits`.

        Raises:
            InputError: the annotations are missing or unusable; the message names the file, the line and what to do.
        """

    @abstractmethod
    def of(self, entry: Entry) -> Clip:
        """A clip with its recordings; see :meth:`clip_of`.

        Args:
            entry: from :meth:`read`.
        """

    def media(self, split: str) -> Iterable[MediaFiles]:
        """Where the media of a split lie, for :meth:`check`; none by default.

        Args:
            split: one of :attr:`splits`, but not of :attr:`subsets`.
        """
        return ()

    def contents(self, split: str) -> Iterable[Found]:
        """The state of media that lie in containers, for :meth:`check`; none by default.

        Args:
            split: as for :meth:`media`.
        """
        return ()

    def source(self) -> Mapping[str, str]:
        """What the copy's texts and glosses are, if the data set exists in several forms: such as the form of the final stop."""
        return {}

    def expected(self, split: str) -> int | None:
        """The number of clips that the published data set has in a split; None if it is not known or varies."""
        return self.about.counts.get(split)

    def sources(self) -> Mapping[str, str]:
        """What :meth:`source` says, and who made key points that are not the data set's own."""
        made_by = None if self.points is None else self.points / MADE_BY
        if made_by is None or not made_by.is_file():
            return self.source()
        return {**self.source(), "key points": f"by {parse_json(made_by.read_bytes())['judge']}"}

    def train_split(self, split: str) -> str:
        """The train split that belongs to a split.

        Raises:
            InputError: the data set has none.
        """
        if "train" not in self.splits:
            raise InputError(f"{self.name} has no train split.")
        return "train"

    def ids(self, split: str) -> list[str]:
        """Ids of a split's clips, in the order of the annotations.

        Raises:
            InputError: there is no such split, or the annotations are unusable.
        """
        return list(self.entries(split))

    def clip(self, clip_id: str) -> Clip:
        """A clip with handles of the media that lie there; they are read when a handle is.

        Raises:
            InputError: there is no such clip, or annotations are unusable.
        """
        clip = self.of(self._entry(clip_id))
        if clip.pose is not None or self.points is None or clip.split is None:
            return clip
        path = prepared_file(self.points, clip.split, clip.id)
        there = self.path_of(MediaFiles("key points", path.parent, {}, suffixes=_POINTS), path.stem)
        return clip if there is None else replace(clip, pose=PoseFile(there))

    def entries(self, split: str) -> Mapping[str, Entry]:
        """A split's clips as the annotations have them, by id.

        Raises:
            InputError: there is no such split, the annotations are unusable, or an id is duplicated.
        """
        if split not in self.splits:
            raise InputError(f"{self.name} has no split {split}. {nearest(split, self.splits)}")
        if split not in self._entries:
            found: dict[str, Entry] = {}
            for entry in self.read(split):
                if (first := found.get(entry.id)) is not None:
                    raise InputError(f"{entry.where}: the clip {entry.id} is already in {first.where or 'the split'}; keep one.")
                found[entry.id] = entry
            if not found:
                raise InputError(f"the split {split} of {self.name} in {self.root} is empty; copy its annotations again.")
            self._entries[split] = found
        return self._entries[split]

    def path_of(self, files: MediaFiles, name: str) -> Path | None:
        """The path of a clip's media; None if they are not there. A folder's names are read once."""
        key = (files.folder, files.suffixes)
        if key not in self._lying:
            self._lying[key] = files.lying()
        return self._lying[key].get(name)

    def clip_of(self, entry: Entry, **recordings: Any) -> Clip:
        """A clip with an entry's text, glosses, signer and rate.

        Args:
            entry: the entry.
            recordings: fields of :class:`Clip`.
        """
        return Clip(
            entry.id, split=entry.split, signer=entry.signer, text=entry.text, gloss=entry.gloss, fps=entry.fps, **recordings
        )

    def note(self, text: str) -> None:
        """Keeps what was noticed and does no harm, for the report of a check."""
        if text not in self.notes:
            self.notes.append(text)

    def check(self, progress: Progress = silent) -> CorpusReport:
        """Whether the data set is whole; reads annotations, names, and the first and last bytes of media.

        Args:
            progress: called with the split, and the numbers of checked and of all its clips.
        """
        reports, all_files = [], []
        for split in self.splits:
            expected = self.expected(split)
            try:
                entries = self.entries(split)
            except InputError as error:
                reports.append(SplitReport(split, expected, None, error=str(error)))
                continue
            found: list[Found] = []
            if split not in self.subsets:
                files = list(self.media(split))
                all_files += files
                found = [state for each in files if (state := look(each, _reported(progress, split, len(entries)))) is not None]
                found += self.contents(split)
            progress(split, len(entries), len(entries))
            reports.append(SplitReport(split, expected, len(entries), tuple(found)))
        return CorpusReport(self.name, self.root, tuple(reports), surplus_of(all_files, self.root), tuple(self.notes))

    def _entry(self, clip_id: str) -> Entry:
        """The entry of a clip. A copy may lack the annotations of splits that are not needed."""
        unusable: InputError | None = None
        for split in self.splits:
            if split in self.subsets:
                continue
            try:
                entries = self.entries(split)
            except InputError as error:
                unusable = unusable or error
                continue
            if clip_id in entries:
                return entries[clip_id]
        if unusable is not None:
            raise InputError(f"{self.name} has no clip {clip_id} in the splits that can be read: {unusable}")
        raise InputError(f"{self.name} has no clip {clip_id}. {nearest(clip_id, self._some_ids())}")

    def _some_ids(self) -> Iterator[str]:
        for entries in self._entries.values():
            yield from list(entries)[:2000]


def _reported(progress: Progress, split: str, total: int) -> Callable[[int], None]:
    return lambda count: progress(split, count, total)


_POINTS = (".npz", ".pose", ".npy")

MADE_BY = "made-by.json"
"""The file in a folder of made key points that says by which judge."""


def prepared_file(points: Path, split: str, clip: str) -> Path:
    """Where the key points lie that were made for a clip.

    Args:
        points: the folder.
        split: the clip's split.
        clip: its id.
    """
    return points / split / f"{clip}.npz"


def below(root: Path, *names: str, holding: str) -> Path:
    """The folder of a data set: the root, or a folder in it, depending on how the archive was unpacked.

    Args:
        root: as the user named it.
        names: relative paths at which the data set's folder may be.
        holding: what is in that folder.

    Returns:
        The first one that holds it; the root if none does.
    """
    return next((root / name for name in ("", *names) if (root / name / holding).exists()), root)
