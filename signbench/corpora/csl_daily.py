"""CSL-Daily: sentences of Chinese Sign Language about daily life.

Source: Zhou, Zhou, Qi, Pu and Li, "Improving Sign Language Translation with Monolingual Data by Sign Back-Translation", CVPR 2021;
``sentence_label/csl2020ct_v*.pkl``, ``split_1.txt`` and ``video_map.txt`` as its authors distribute them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from signbench.corpora.checking import MediaFiles
from signbench.corpora.clip import Clip
from signbench.corpora.clip_ids import check_clip_id
from signbench.corpora.declared_rates import VideoAtRate
from signbench.corpora.delimited import read_lines
from signbench.corpora.on_disk import About, CorpusOnDisk, Entry
from signbench.corpora.pickles import read_pickle
from signbench.corpora.recordings import VideoFile
from signbench.errors import InputError, listing

FPS = 30.0
"""The rate at which the sentences were recorded."""

_LABELS = ("csl2020ct_v2.pkl", "csl2020ct_v1.pkl")
_FRAMES = "sentence/frames_512x512"
_FOLDERS = ("sentence_label", "", "sentence")


class CSLDaily(CorpusOnDisk):
    """20,654 clips of 10 signers; see the module."""

    name = "csl-daily"
    version = "1"
    licence = "by agreement with its authors: for research, not to be passed on"
    splits = ("train", "dev", "test")
    about = About(
        title="CSL-Daily",
        source="its authors at USTC, ustc-slr.github.io/datasets/2021_csl_daily, after signing an agreement",
        citation=(
            "Zhou, Zhou, Qi, Pu and Li: Improving Sign Language Translation with Monolingual Data by Sign Back-Translation, "
            "CVPR 2021"
        ),
        layout=(
            "sentence/frames_512x512/NAME/*.jpg",
            "sentence_label/csl2020ct_v2.pkl    or csl2020ct_v1.pkl, or video_map.txt",
            "sentence_label/split_1.txt         name|split",
        ),
        counts={"train": 18401, "dev": 1077, "test": 1176},
        notes=("The text is the characters joined, with their punctuation; measure it with the tokenizer char or zh.",),
    )

    def read(self, split: str) -> Iterator[Entry]:
        path = self._file("split_1.txt")
        labels, lacking = self._labels, []
        for line in read_lines(path, ("name", "split"), delimiter="|", note=self.note):
            name, its_split = line.cells["name"], line.cells["split"]
            if its_split not in self.splits:
                raise InputError(f"{line.where} has the split {its_split!r}; copy the file again.")
            if its_split != split:
                continue
            try:
                check_clip_id(name)
            except InputError as error:
                raise InputError(f"{line.where}: {error}") from error
            if (row := labels.get(name)) is None:
                lacking.append(name)
                continue
            yield Entry(name, split, **row, fps=FPS, where=line.where)
        if lacking:
            self.note(f"{path} names {len(lacking)} clips of {split} without labels, which are left out: {listing(lacking)}.")

    def of(self, entry: Entry) -> Clip:
        path = self.path_of(self._frames(), entry.name)
        return self.clip_of(entry, video=None if path is None else VideoAtRate(VideoFile(path), FPS))

    def media(self, split: str) -> Iterable[MediaFiles]:
        entries = self.entries(split)
        yield MediaFiles(
            "video",
            self._frames().folder,
            {clip: entry.name for clip, entry in entries.items()},
            frames={clip: entry.frames for clip, entry in entries.items() if entry.frames is not None},
        )

    def source(self) -> Mapping[str, str]:
        """The file with texts and glosses, which exists in two versions."""
        return {"labels": self._label_file.name}

    @cached_property
    def _label_file(self) -> Path:
        found = (self.root / folder / name for name in (*_LABELS, "video_map.txt") for folder in _FOLDERS)
        return next((path for path in found if path.is_file()), self.root / _FOLDERS[0] / _LABELS[0])

    @cached_property
    def _labels(self) -> Mapping[str, Mapping[str, Any]]:
        """Name of a clip -> its fields."""
        path = self._label_file
        if path.suffix == ".txt":
            columns = ("name", "length", "gloss", "char")
            lines = read_lines(path, columns, delimiter="|", note=self.note)
            return {line.cells["name"]: _fields(_split(line.cells), line.where) for line in lines}
        content = read_pickle(path)
        info = content.get("info") if isinstance(content, Mapping) else None
        if not isinstance(info, (list, tuple)):
            raise InputError(f"{path} has no list under info; copy it again.")
        found = {}
        for number, row in enumerate(info, start=1):
            where = f"{path}, entry {number}"
            if not isinstance(row, Mapping) or not isinstance(row.get("name"), str):
                raise InputError(f"{where} has no name; copy the file again.")
            found[row["name"]] = _fields(row, where)
        return found

    def _file(self, name: str) -> Path:
        found = [self.root / folder / name for folder in _FOLDERS]
        return next((path for path in found if path.is_file()), found[0])

    def _frames(self) -> MediaFiles:
        return MediaFiles("video", self.root / _FRAMES, {})


def _split(cells: Mapping[str, str]) -> dict[str, Any]:
    """A line of ``video_map.txt`` as an entry of the pickles."""
    return {"length": cells["length"], "label_gloss": cells["gloss"].split(), "label_char": cells["char"].split()}


def _fields(row: Mapping[str, Any], where: str) -> dict[str, Any]:
    gloss, characters = row.get("label_gloss"), row.get("label_char")
    try:
        frames = int(row["length"])
        text = "".join(characters or ())
        glosses = tuple(str(one) for one in gloss or ())
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where} lacks its length, characters or glosses; copy the file again.") from error
    if not text or not glosses:
        raise InputError(f"{where} has no characters or no glosses; copy the file again.")
    signer = row.get("signer")
    return {"text": text, "gloss": glosses, "frames": frames, "signer": None if signer is None else str(signer)}
