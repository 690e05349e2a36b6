"""Slovo: isolated signs of Russian Sign Language, recorded by a crowd.

Source: Kapitanov, Kvanchiani, Nagaev and Petrova, "Slovo: Russian Sign Language Dataset", ICVS 2023; its repository hukenovs/slovo.
RuSignBot scores 100 glosses drawn at random, each once, and does not list them; the splits ``sample``, ``pack-20`` and ``pack-30``
are signbench's own draw.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal

from signbench.corpora.checking import MediaFiles
from signbench.corpora.clip import Clip
from signbench.corpora.clip_ids import check_clip_id
from signbench.corpora.delimited import read_lines, read_text
from signbench.corpora.intact import names_in
from signbench.corpora.on_disk import About, CorpusOnDisk, Entry
from signbench.corpora.recordings import VideoFile, VideoRecording
from signbench.corpora.spans import VideoSpan
from signbench.errors import InputError

NO_EVENT = "no_event"
"""The text of clips in which nobody signs."""

DRAWN: Mapping[str, int] = {"sample": 100, "pack-20": 20, "pack-30": 30}
"""Split -> number of its words."""

_COLUMNS = ("attachment_id", "user_id", "text", "train")
_SUFFIXES = (".mp4", ".mov", ".webm")
_GLOSSES = ("gloss_words_SLOVO.txt", "misc/gloss_words_SLOVO.txt")
_TRIMMED, _FULL = ("", "slovo", "trimmed"), ("slovo_full", "full", "slovo_full_360p", "slovo_full_360")


class Slovo(CorpusOnDisk):
    """20,400 clips of 1,000 words and of nobody signing; see the module."""

    name = "slovo"
    version = "1"
    licence = "CC BY-SA 4.0, in a variant of its authors"
    splits = ("train", "test", *DRAWN)
    subsets = tuple(DRAWN)
    isolated = True
    about = About(
        title="Slovo: Russian Sign Language Dataset",
        source="its authors' repository, github.com/hukenovs/slovo, trimmed or in full",
        citation="Kapitanov, Kvanchiani, Nagaev and Petrova: Slovo: Russian Sign Language Dataset, ICVS 2023",
        layout=(
            "annotations.csv                      tabs or commas: attachment_id, user_id, text, train, begin, end ...",
            "{train,test}/ATTACHMENT.mp4          the trimmed videos; also in slovo/ or trimmed/",
            "slovo_full/[{train,test}/]ATTACHMENT.mp4    the videos in full, of which begin to end is the sign",
            "gloss_words_SLOVO.txt                the gloss list that RuSignBot uses, if you have it",
        ),
        counts={"train": 15300, "test": 5100, **DRAWN},
        notes=(
            "sample, pack-20 and pack-30 are words of the test split drawn by SHA-256, each with one clip and in one draw.",
            f"Clips of nobody signing have the text {NO_EVENT} and are in train and test, but in no draw.",
        ),
    )

    def read(self, split: str) -> Iterable[Entry]:
        return self._drawn(split) if split in DRAWN else self._annotated(split)

    def of(self, entry: Entry) -> Clip:
        path = self.path_of(self._files(entry.split, {}), entry.name)
        video: VideoRecording | None = None if path is None else VideoFile(path)
        if video is not None and entry.span is not None and self._videos[0] == "full":
            first, last = entry.span
            video = VideoSpan(video, first, last)
        return self.clip_of(entry, video=video)

    def media(self, split: str) -> Iterable[MediaFiles]:
        yield self._files(split, {clip: entry.name for clip, entry in self.entries(split).items()})

    def source(self) -> Mapping[str, str]:
        """Whether videos are trimmed, and whether words are limited to RuSignBot's list."""
        words = "all of the annotations" if self._gloss_file is None else f"those in {self._gloss_file.name}"
        return {"videos": self._videos[0], "drawn words": words}

    def _annotated(self, split: str) -> Iterator[Entry]:
        path = self._annotations
        header = read_text(path, self.note).split("\n", 1)[0]
        delimiter = "\t" if "\t" in header else ","
        for line in read_lines(path, _COLUMNS, delimiter=delimiter, quoted=delimiter == ",", note=self.note):
            cells = line.cells
            if cells["train"].lower() not in _TRUTH:
                raise InputError(f"{line.where}: train is {cells['train']!r}, neither true nor false; copy the file again.")
            if _TRUTH[cells["train"].lower()] != split:
                continue
            clip = cells["attachment_id"]
            try:
                check_clip_id(clip)
            except InputError as error:
                raise InputError(f"{line.where}: {error}") from error
            word = cells["text"]
            yield Entry(
                clip,
                split,
                signer=cells["user_id"] or None,
                text=word,
                gloss=() if word == NO_EVENT else (word.replace(" ", "-"),),
                span=_span(cells.get("begin", ""), cells.get("end", ""), line.where),
                where=line.where,
            )

    def _drawn(self, split: str) -> list[Entry]:
        """The first words in the order of SHA-256 of the split's name and the word, each with its first clip in that order.

        The packs come from words that are not in the sample, and pack-30 from those that are not in pack-20.
        """
        clips: dict[str, list[Entry]] = {}
        for entry in self.entries("test").values():
            if entry.text is not None and entry.text != NO_EVENT and self._is_known(entry.text):
                clips.setdefault(entry.text, []).append(entry)
        taken: set[str] = set()
        for name, count in DRAWN.items():
            words = sorted((word for word in clips if word not in taken), key=lambda word: _order(name, word))[:count]
            if name == split:
                return [min(clips[word], key=lambda entry: _order(split, entry.id)) for word in words]
            taken |= set(words)
        raise InputError(f"{self.name} has no split {split}.")

    def _is_known(self, word: str) -> bool:
        return not self._glosses or _plain(word) in self._glosses

    @cached_property
    def _gloss_file(self) -> Path | None:
        return next((self.root / name for name in _GLOSSES if (self.root / name).is_file()), None)

    @cached_property
    def _glosses(self) -> frozenset[str]:
        """The words of RuSignBot's list; empty: all."""
        file = self._gloss_file
        return frozenset() if file is None else frozenset(map(_plain, read_text(file, self.note).strip().split("\n")))

    @property
    def _annotations(self) -> Path:
        found = [self.root / name / "annotations.csv" for name in _TRIMMED]
        return next((path for path in found if path.is_file()), found[0])

    @cached_property
    def _videos(self) -> tuple[Literal["trimmed", "full"], Path]:
        """Which videos the copy has, and the folder of their splits."""
        for folder in (self.root / name for name in _TRIMMED):
            if (folder / "test").is_dir() or (folder / "train").is_dir():
                return "trimmed", folder
        full = next((self.root / name for name in _FULL if (self.root / name).is_dir()), None)
        return ("full", full) if full is not None else ("trimmed", self.root)

    def _files(self, split: str, names: dict[str, str]) -> MediaFiles:
        form, folder = self._videos
        inside = folder / split
        flat = form == "full" and not names_in(inside)
        return MediaFiles("video", folder if flat else inside, names, suffixes=_SUFFIXES)


_TRUTH = {"true": "train", "1": "train", "false": "test", "0": "test"}


def _span(begin: str, end: str, where: str) -> tuple[int, int] | None:
    """First and last frame of the sign in the full video; None if they are not stated."""
    if not begin or not end:
        return None
    try:
        first, stop = int(float(begin)), int(float(end))
    except ValueError as error:
        raise InputError(f"{where}: begin and end are {begin!r} and {end!r}, not numbers; copy the file again.") from error
    return (first, stop - 1) if 0 <= first < stop else None


def _plain(word: str) -> str:
    """A word as RuSignBot's list is compared: in lower case, and with ye for yo, which are often confused."""
    return word.strip().lower().replace("\u0451", "\u0435")


def _order(split: str, name: str) -> bytes:
    return hashlib.sha256(f"{split}|{name}".encode()).digest()
