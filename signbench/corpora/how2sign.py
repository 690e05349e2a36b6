"""How2Sign: instructional videos in American Sign Language, cut into sentences.

Source: Duarte, Palaskar, Ventura, Ghadiyaram, DeHaan, Metze, Torres and Giro-i-Nieto, "How2Sign: A Large-scale Multimodal Dataset
for Continuous American Sign Language", CVPR 2021; the files of how2sign.github.io.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from signbench.corpora.checking import MediaFiles
from signbench.corpora.clip import Clip
from signbench.corpora.clip_ids import check_clip_id
from signbench.corpora.declared_rates import PoseAtVideosRate
from signbench.corpora.delimited import read_lines
from signbench.corpora.intact import names_in
from signbench.corpora.on_disk import About, CorpusOnDisk, Entry
from signbench.corpora.recordings import PoseFile, PoseRecording, VideoFile, VideoRecording
from signbench.corpora.spans import VideoSpan
from signbench.errors import InputError
from signbench.media.layouts import layout

FPS = 24.0
"""The rate of most videos, for key points without a video."""

_SPLITS = {"train": "train", "dev": "val", "test": "test"}
_TABLES = ("how2sign_realigned_{}.csv", "how2sign_{}.csv")
_TEXTS = (
    "",
    "sentence_level/{}/text/en/raw_text/re_aligned",
    "sentence_level/{}/text/en/raw_text",
    "text",
)
_CLIPS = ("sentence_level/{}/rgb_front/raw_videos", "{}_rgb_front_clips/raw_videos", "{}/raw_videos", "clips/{}", "raw_videos")
_WHOLE = ("video_level/{}/rgb_front/raw_videos", "{}_raw_videos/raw_videos", "videos/{}")
_POINTS = (
    "sentence_level/{}/rgb_front/features/openpose_output/json",
    "{}_2D_keypoints/openpose_output/json",
    "{}/openpose_output/json",
    "openpose_output/json",
)
_SUFFIXES = (".mp4", ".mkv", ".webm")
_SIGNER = re.compile(r"-(\d+)-rgb_(?:front|side)$")


class How2Sign(CorpusOnDisk):
    """About 35,000 sentences of 11 signers; see the module."""

    name = "how2sign"
    version = "1"
    licence = "CC BY-NC 4.0"
    splits = ("train", "dev", "test")
    about = About(
        title="How2Sign",
        source="its authors' page, how2sign.github.io",
        citation=(
            "Duarte, Palaskar, Ventura, Ghadiyaram, DeHaan, Metze, Torres and Giro-i-Nieto: How2Sign: A Large-scale Multimodal "
            "Dataset for Continuous American Sign Language, CVPR 2021"
        ),
        layout=(
            "how2sign_realigned_{train,val,test}.csv    tabs; or how2sign_{train,val,test}.csv, whose times are not re-aligned",
            "    also in sentence_level/SPLIT/text/en/raw_text[/re_aligned]/",
            "sentence_level/SPLIT/rgb_front/raw_videos/SENTENCE_NAME.mp4    or SPLIT_rgb_front_clips/raw_videos/",
            "video_level/SPLIT/rgb_front/raw_videos/VIDEO_NAME.mp4          or SPLIT_raw_videos/raw_videos/: whole videos",
            "sentence_level/SPLIT/rgb_front/features/openpose_output/json/SENTENCE_NAME/*.json    or SPLIT_2D_keypoints/...",
        ),
        notes=(
            "dev is the data set's val. Re-aligned tables are taken where both are there; they have fewer sentences.",
            "A sentence without a clip of its own is cut from the whole video by its times.",
        ),
    )

    def read(self, split: str) -> Iterator[Entry]:
        path = self._table(split)
        realigned = "realigned" in path.name
        start, end = ("START_REALIGNED", "END_REALIGNED") if realigned else ("START", "END")
        for line in read_lines(path, ("VIDEO_NAME", "SENTENCE_NAME", start, end, "SENTENCE"), delimiter="\t", note=self.note):
            cells = line.cells
            name = cells["SENTENCE_NAME"]
            try:
                check_clip_id(name)
                check_clip_id(cells["VIDEO_NAME"])
            except InputError as error:
                raise InputError(f"{line.where}: {error}") from error
            signer = _SIGNER.search(cells["VIDEO_NAME"])
            yield Entry(
                name,
                split,
                signer=signer[1] if signer else None,
                text=cells["SENTENCE"],
                whole=cells["VIDEO_NAME"],
                times=_times(cells[start], cells[end], line.where),
                where=line.where,
            )

    def of(self, entry: Entry) -> Clip:
        video = self._video(entry)
        return self.clip_of(entry, video=video, pose=self._points(entry, video))

    def media(self, split: str) -> Iterable[MediaFiles]:
        entries = self.entries(split)
        names = {clip: entry.name for clip, entry in entries.items()}
        whole = self._files("whole video", _WHOLE, split, _SUFFIXES)
        clips = self._files("video", _CLIPS, split, _SUFFIXES)
        if clips.folder.is_dir() or not whole.folder.is_dir():
            yield MediaFiles("video", clips.folder, names, suffixes=_SUFFIXES)
        else:
            named = {clip: entry.whole for clip, entry in entries.items() if entry.whole is not None}
            yield MediaFiles("whole video", whole.folder, named, suffixes=_SUFFIXES)
        points = self._files("key points", _POINTS, split, ())
        yield MediaFiles("key points", points.folder, names, required=False, images=False)

    def expected(self, split: str) -> int | None:
        return _REALIGNED.get(split) if "realigned" in self._table(split).name else None

    def source(self) -> Mapping[str, str]:
        """Whether the sentences' times are re-aligned."""
        tables = [self._table(split) for split in self.splits if self._table(split).is_file()]
        forms = {"re-aligned" if "realigned" in table.name else "original" for table in tables}
        return {"times": " and ".join(sorted(forms)) or "unknown"}

    def _video(self, entry: Entry) -> VideoRecording | None:
        own = self.path_of(self._files("video", _CLIPS, entry.split, _SUFFIXES), entry.name)
        if own is not None:
            return VideoFile(own)
        if entry.whole is None or entry.times is None:
            return None
        whole = self.path_of(self._files("whole video", _WHOLE, entry.split, _SUFFIXES), entry.whole)
        return None if whole is None else VideoSpan(VideoFile(whole), *entry.times, seconds=True)

    def _points(self, entry: Entry, video: VideoRecording | None) -> PoseRecording | None:
        path = self.path_of(self._files("key points", _POINTS, entry.split, ()), entry.name)
        return None if path is None else PoseAtVideosRate(PoseFile(path, None, layout("openpose-137")), video, FPS)

    def _table(self, split: str) -> Path:
        folders = [self.root / folder.format(_SPLITS[split]) for folder in _TEXTS]
        files = [folder / name.format(_SPLITS[split]) for name in _TABLES for folder in folders]
        return next((path for path in files if path.is_file()), files[0])

    def _files(self, kind: str, folders: tuple[str, ...], split: str, suffixes: tuple[str, ...]) -> MediaFiles:
        return MediaFiles(kind, self._folder(folders, split), {}, suffixes=suffixes)

    def _folder(self, folders: tuple[str, ...], split: str) -> Path:
        if (folders, split) not in self._folders:
            found = [self.root / folder.format(_SPLITS[split]) for folder in folders]
            self._folders[folders, split] = next((folder for folder in found if names_in(folder)), found[0])
        return self._folders[folders, split]

    @cached_property
    def _folders(self) -> dict[tuple[tuple[str, ...], str], Path]:
        return {}


_REALIGNED = {"test": 2357}
"""Sentences of the re-aligned tables, as far as they are known."""


def _times(start: str, end: str, where: str) -> tuple[float, float]:
    try:
        begin, stop = float(start), float(end)
    except ValueError as error:
        raise InputError(f"{where}: its times are {start!r} and {end!r}, not seconds; copy the file again.") from error
    if not 0 <= begin < stop:
        raise InputError(f"{where}: it begins at {begin:g} s and ends at {stop:g} s; copy the file again.")
    return begin, stop
