"""LSA64: 64 signs of Argentinian Sign Language, each five times by ten signers.

Source: Ronchetti, Quiroga, Estrebou, Lanzarini and Rosete, "LSA64: An Argentinian Sign Language Dataset", CACIC 2016. The split is
PGMM's (section 4.1): signs 57 to 64 are the test set, the others the train set; the data set itself has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from signbench.corpora.checking import MediaFiles
from signbench.corpora.clip import Clip
from signbench.corpora.declared_rates import VideoAtRate
from signbench.corpora.intact import names_in
from signbench.corpora.on_disk import About, CorpusOnDisk, Entry
from signbench.corpora.recordings import VideoFile

FPS = 60.0
"""The rate at which all videos were recorded."""

SIGNERS, REPETITIONS, FIRST_OF_TEST = 10, 5, 57

# fmt: off
WORDS = (
    "opaque", "red", "green", "yellow", "bright", "light-blue", "colors", "pink", "women", "enemy", "son", "man", "away", "drawer",
    "born", "learn", "call", "skimmer", "bitter", "sweet milk", "milk", "water", "food", "argentina", "uruguay", "country",
    "last name", "where", "mock", "birthday", "breakfast", "photo", "hungry", "map", "coin", "music", "ship", "none", "name",
    "patience", "perfume", "deaf", "trap", "rice", "barbecue", "candy", "chewing-gum", "spaghetti", "yogurt", "accept", "thanks",
    "shut down", "appear", "to land", "catch", "help", "dance", "bathe", "buy", "copy", "run", "realize", "give", "find",
)
# fmt: on
"""The signs by number, from 1, as the data set's page names them."""

_FOLDERS = ("all_cut", "lsa64_cut", "lsa64_cut/all_cut", "all", "lsa64_raw", "lsa64_raw/all")
_SUFFIXES = (".mp4", ".mkv", ".avi", ".mov")


class LSA64(CorpusOnDisk):
    """3,200 clips; see the module."""

    name = "lsa64"
    version = "1"
    licence = "CC BY-NC-SA 4.0"
    splits = ("train", "test")
    isolated = True
    about = About(
        title="LSA64: A Dataset for Argentinian Sign Language",
        source="its authors' page, facundoq.github.io/datasets/lsa64, in the versions raw and cut",
        citation="Ronchetti, Quiroga, Estrebou, Lanzarini and Rosete: LSA64: An Argentinian Sign Language Dataset, CACIC 2016",
        layout=("SSS_PPP_RRR.mp4    sign 001 to 064, signer 001 to 010, repetition 001 to 005; or in all_cut/ or all/",),
        counts={"train": 2800, "test": 400},
        notes=(
            "The data set has no split; this is PGMM's: signs 57 to 64 are the test set.",
            "Raw clips begin and end with the hands at rest; cut ones do not. The version is that of the folder.",
        ),
    )

    def read(self, split: str) -> Iterator[Entry]:
        signs = range(1, FIRST_OF_TEST) if split == "train" else range(FIRST_OF_TEST, len(WORDS) + 1)
        for sign in signs:
            for signer in range(1, SIGNERS + 1):
                for repetition in range(1, REPETITIONS + 1):
                    word = WORDS[sign - 1]
                    yield Entry(
                        f"{sign:03d}_{signer:03d}_{repetition:03d}",
                        split,
                        signer=f"{signer:03d}",
                        text=word,
                        gloss=(word.replace(" ", "-"),),
                        fps=FPS,
                    )

    def of(self, entry: Entry) -> Clip:
        path = self.path_of(self._files({}), entry.name)
        return self.clip_of(entry, video=None if path is None else VideoAtRate(VideoFile(path), FPS))

    def media(self, split: str) -> Iterable[MediaFiles]:
        yield self._files({clip: entry.name for clip, entry in self.entries(split).items()})

    def source(self) -> dict[str, str]:
        """Where the videos lie, which says whether they are cut."""
        return {"videos": self._folder.name}

    @cached_property
    def _folder(self) -> Path:
        def has_clips(folder: Path) -> bool:
            return any(name.lower().endswith(_SUFFIXES) for name in names_in(folder))

        return next((self.root / name for name in ("", *_FOLDERS) if has_clips(self.root / name)), self.root)

    def _files(self, names: dict[str, str]) -> MediaFiles:
        return MediaFiles("video", self._folder, names, suffixes=_SUFFIXES)
