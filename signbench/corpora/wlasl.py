"""WLASL: isolated signs of American Sign Language from the web.

Source: Li, Rodriguez, Yu and Li, "Word-level Deep Sign Language Recognition from Video", WACV 2020; its repository dxli94/WLASL,
``start_kit/WLASL_v0.3.json``, ``start_kit/preprocess.py``, ``code/I3D/preprocess/nslt_*.json``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from signbench.corpora.checking import MediaFiles
from signbench.corpora.clip import Clip
from signbench.corpora.clip_ids import check_clip_id
from signbench.corpora.declared_rates import VideoAtRate
from signbench.corpora.delimited import read_text
from signbench.corpora.intact import names_in
from signbench.corpora.on_disk import About, CorpusOnDisk, Entry
from signbench.corpora.recordings import VideoFile, VideoRecording
from signbench.corpora.spans import VideoSpan
from signbench.documents import parse_json
from signbench.errors import InputError

FPS = 25.0
"""The rate that the list states for every video; spans count frames, and files' own rates differ."""

_SPLITS = {"train": "train", "dev": "val", "test": "test"}
_LIST = ("WLASL_v0.3.json", "start_kit/WLASL_v0.3.json")
_CLASSES = ("wlasl_class_list.txt", "start_kit/wlasl_class_list.txt", "code/I3D/preprocess/wlasl_class_list.txt")
_VIDEOS = ("videos", "start_kit/videos", "data/WLASL2000", "WLASL2000")
_SUFFIXES = (".mp4", ".mkv", ".webm", ".swf", ".mov")


class WLASL2000(CorpusOnDisk):
    """All 2,000 words; see the module."""

    name = "wlasl2000"
    words = 2000
    version = "1"
    licence = "C-UDA 1.0: for academic use"
    splits = ("train", "dev", "test")
    isolated = True
    about = About(
        title="WLASL",
        source="its authors' repository, github.com/dxli94/WLASL, which has a list and downloads what is still on the web",
        citation="Li, Rodriguez, Yu and Li: Word-level Deep Sign Language Recognition from Video, WACV 2020",
        layout=(
            "WLASL_v0.3.json      or start_kit/WLASL_v0.3.json: words, videos, spans, splits",
            "nslt_2000.json       or code/I3D/preprocess/nslt_2000.json, with wlasl_class_list.txt: only without the list",
            "videos/ID.mp4        or start_kit/videos, data/WLASL2000, WLASL2000",
        ),
        counts={"train": 14289, "dev": 3916, "test": 2878},
        notes=(
            "Many videos are gone from the web. The check lists the clips that you have; a score on those is marked as a subset.",
            "The counts are those of the list; nslt_2000.json has 14,296, 3,920 and 2,879.",
        ),
    )

    def read(self, split: str) -> Iterator[Entry]:
        yield from (entry for entry in self._rows if entry.split == split)

    def of(self, entry: Entry) -> Clip:
        path = self.path_of(self._files({}), entry.name)
        video: VideoRecording | None = None
        if path is not None:
            video = VideoFile(path)
            if entry.span is not None:
                first, last = entry.span
                video = VideoSpan(video, first, None if last < 0 else last, cut_already=True)
            video = VideoAtRate(video, FPS, self._annotations)
        return self.clip_of(entry, video=video)

    def media(self, split: str) -> Iterable[MediaFiles]:
        yield self._files({clip: entry.name for clip, entry in self.entries(split).items()})

    def expected(self, split: str) -> int | None:
        counts = self.about.counts if self._list is not None or self.words < 2000 else _NSLT_2000
        return counts.get(split)

    def source(self) -> Mapping[str, str]:
        """The file that the splits come from."""
        return {"splits": self._annotations.name}

    @cached_property
    def _rows(self) -> list[Entry]:
        return list(self._listed() if self._nslt is None else self._from_nslt(self._nslt))

    @cached_property
    def _list(self) -> Path | None:
        return self._first(_LIST)

    @cached_property
    def _nslt(self) -> Path | None:
        """The file of a subset's splits, which its words follow; all 2,000 words are as in the list, if it is there."""
        found = self._first(tuple(f"{folder}nslt_{self.words}.json" for folder in ("", "code/I3D/preprocess/", "start_kit/")))
        return None if self.words == 2000 and self._list is not None else found

    @property
    def _annotations(self) -> Path:
        found = self._nslt or self._list
        if found is None:
            raise InputError(
                f"{self.root} has neither {_LIST[0]} nor nslt_{self.words}.json; copy them from the repository of WLASL, see "
                f"signbench corpora show {self.name}."
            )
        return found

    def _listed(self) -> Iterator[Entry]:
        """The clips of the first words of the list, which is in the order of their numbers of clips."""
        path = self._annotations
        for word in _list_of(path)[: self.words]:
            gloss = word.get("gloss") if isinstance(word, dict) else None
            instances = word.get("instances") if isinstance(word, dict) else None
            if not isinstance(gloss, str) or not isinstance(instances, list):
                raise InputError(f"{path}: an entry has no gloss or no instances; copy the file again.")
            for row in instances:
                try:
                    video, split, signer = row["video_id"], row["split"], row["signer_id"]
                    first, last = int(row["frame_start"]), int(row["frame_end"])
                except (KeyError, TypeError, ValueError) as error:
                    raise InputError(f"{path}: an instance of {gloss} is incomplete ({error}); copy the file again.") from error
                yield self._entry_of(path, video, gloss, split, (first, last), str(signer))

    def _from_nslt(self, path: Path) -> Iterator[Entry]:
        """The clips of a file of splits: ``{video id: {subset, action: [class, first, last]}}``."""
        content = _json(path)
        words = self._words(path)
        known = {row.id: row for row in self._listed_by(self._list)} if self._list is not None else {}
        if not isinstance(content, dict):
            raise InputError(f"{path} is not a dictionary of videos; copy it again.")
        for video, row in content.items():
            try:
                split, (number, first, last) = row["subset"], row["action"]
                word = words[number]
            except (KeyError, IndexError, TypeError, ValueError) as error:
                raise InputError(f"{path}: the video {video!r:.20} has no subset or known class; copy the file again.") from error
            there = known.get(video)
            yield self._entry_of(path, video, word, split, (first, last), there.signer if there is not None else None)

    def _listed_by(self, path: Path | None) -> Iterator[Entry]:
        for word in _list_of(path) if path is not None else ():
            for row in word.get("instances", ()):
                yield Entry(str(row.get("video_id")), str(row.get("split")), signer=str(row.get("signer_id")))

    def _words(self, path: Path) -> list[str]:
        classes = self._first(_CLASSES)
        if classes is not None:
            return [line.split("\t", 1)[-1].strip() for line in read_text(classes, self.note).strip().split("\n")]
        if self._list is not None:
            return [str(word.get("gloss")) for word in _list_of(self._list)]
        raise InputError(f"{path} numbers its words, but wlasl_class_list.txt is not beside it; copy that too.")

    def _entry_of(self, path: Path, video: Any, word: str, split: Any, span: tuple[int, int], signer: str | None) -> Entry:
        names = {other: name for name, other in _SPLITS.items()}
        if not isinstance(video, str) or split not in names:
            raise InputError(f"{path}: a clip of {word} has the id {video!r:.20} and the split {split!r:.20}; copy the file again.")
        try:
            check_clip_id(video)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error
        first, last = span
        # frames are counted from 1, and -1 is the end
        frames = None if first <= 1 and last < 0 else (max(first, 1) - 1, -1 if last < 0 else last - 1)
        return Entry(
            video,
            names[split],
            signer=signer,
            text=word,
            gloss=(word.replace(" ", "-"),),
            fps=FPS,
            span=frames,
            where=f"{path}, {video}",
        )

    def _first(self, names: tuple[str, ...]) -> Path | None:
        return next((self.root / name for name in names if (self.root / name).is_file()), None)

    @cached_property
    def _folder(self) -> Path:
        return next((self.root / name for name in _VIDEOS if names_in(self.root / name)), self.root / _VIDEOS[0])

    def _files(self, names: dict[str, str]) -> MediaFiles:
        return MediaFiles("video", self._folder, names, suffixes=_SUFFIXES)


_NSLT_2000 = {"train": 14296, "dev": 3920, "test": 2879}


def _about(counts: Mapping[str, int]) -> About:
    return replace(WLASL2000.about, counts=counts, notes=WLASL2000.about.notes[:1])


class WLASL1000(WLASL2000):
    """The 1,000 words with the most clips."""

    name = "wlasl1000"
    words = 1000
    about = _about({})


class WLASL300(WLASL2000):
    """The 300 words with the most clips."""

    name = "wlasl300"
    words = 300
    about = _about({})


class WLASL100(WLASL2000):
    """The 100 words with the most clips."""

    name = "wlasl100"
    words = 100
    about = _about({"train": 1442, "dev": 338, "test": 258})


def _json(path: Path) -> Any:
    try:
        return parse_json(read_text(path))
    except ValueError as error:
        raise InputError(f"{path} is not JSON ({error}); copy it again.") from error


def _list_of(path: Path) -> list[Any]:
    content = _json(path)
    if not isinstance(content, list):
        raise InputError(f"{path} is not a list of words; copy it again.")
    return content
