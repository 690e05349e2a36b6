"""A corpus of another package is found by its entry point, and works like any other."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from signbench import registry as classes
from signbench.corpora import registry
from signbench.corpora.checking import MediaFiles
from signbench.corpora.on_disk import About, CorpusOnDisk, Entry
from signbench.corpora.recordings import VideoFile
from signbench.errors import InputError
from tests.corpora import trees


class Minimal(CorpusOnDisk):
    """Every video in a folder is a clip."""

    name = "minimal"
    version = "1"
    licence = "CC0-1.0"
    splits = ("train", "test")
    about = About("Minimal", "here", "nobody", ("SPLIT/NAME.mp4",))

    def read(self, split):
        return [Entry(path.stem, split, text=path.stem) for path in sorted((self.root / split).glob("*.mp4"))]

    def of(self, entry):
        (files,) = self.media(entry.split)
        path = self.path_of(files, entry.name)
        return self.clip_of(entry, video=None if path is None else VideoFile(path))

    def media(self, split):
        yield MediaFiles("video", self.root / split, {clip: clip for clip in self.ids(split)}, suffixes=(".mp4",))


@pytest.fixture
def installed(monkeypatch):
    def install(target):
        point = EntryPoint("minimal", target, "signbench.corpora")
        monkeypatch.setattr(classes, "_installed", lambda group: {"minimal": point} if group == "signbench.corpora" else {})

    return install


def test_a_corpus_of_another_package_is_known_read_and_checked(installed, tmp_path):
    installed(f"{__name__}:Minimal")
    trees.mp4(tmp_path / "train/rain.mp4")
    trees.mp4(tmp_path / "test/sun.mp4")
    assert "minimal" in registry.known()
    assert not registry.readable("minimal")
    corpus = registry.corpus("minimal", tmp_path)
    assert corpus.clip("sun").video.probe(None).frames == 8
    assert corpus.check().whole
    (tmp_path / "test/sun.mp4").write_bytes(b"")
    assert not type(corpus)(tmp_path).check().whole


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("tests.corpora.trees:Path", r"corpus minimal: .* is not a subclass of signbench\.corpora\.on_disk\.CorpusOnDisk"),
        ("tests.corpora.nothing:Corpus", r"corpus minimal of tests\.corpora\.nothing:Corpus cannot be imported"),
    ],
)
def test_what_is_not_a_corpus_is_refused(target, message, installed, tmp_path):
    installed(target)
    with pytest.raises(InputError, match=message):
        registry.corpus("minimal", tmp_path)
