"""Pairs of signers: who they are, and that a command shows what a run uses."""

from __future__ import annotations

import json

import numpy as np
import pytest

from signbench.cli.main import main
from signbench.corpora.lsa64 import LSA64
from signbench.corpora.phoenix14t import Phoenix14T
from signbench.corpora.slovo import Slovo
from signbench.corpora.synthsign.corpus import SynthSign
from signbench.errors import InputError
from signbench.generators.training import prompt_of
from signbench.predictions.prompts import Made, clip_seed
from signbench.predictions.sampling import first_frame
from signbench.predictions.source_images import SourcePair, source_pairs, source_video
from signbench.scoring.task_runs import granted
from signbench.tasks.loading import task
from tests.corpora import trees


@pytest.fixture
def signbench(monkeypatch, capsys, tmp_path):
    """Runs ``signbench WORDS`` in an empty folder: exit code, and what was printed."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr("sys.argv", ["signbench", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out or said.err

    return run


def test_each_clip_is_paired_with_a_train_clip_of_another_signer(tmp_path):
    of, corpus = task("lsa64/cross-person"), LSA64(trees.lsa64(tmp_path, signs=(1, 57), signers=10, repetitions=1))
    pairs = source_pairs(of, corpus, "test")
    known = corpus.ids("train")
    assert [pair.clip for pair in pairs] == list(corpus.ids("test"))
    for pair in pairs:
        assert (pair.signer, pair.source_signer) == (corpus.clip(pair.clip).signer, corpus.clip(pair.source).signer)
        assert pair.signer != pair.source_signer
        drawn = known[clip_seed(of.name, of.seed, pair.clip) % len(known)]
        assert pair.source == drawn or corpus.clip(drawn).signer == pair.signer


def test_the_corpus_may_say_who_performs_the_reference():
    of, corpus = task("synthsign/cross-person"), SynthSign()
    pairs = source_pairs(of, corpus, "test")
    assert all(pair.source_signer == corpus.clip(pair.clip).other_signer for pair in pairs)
    assert len(pairs) == 200


def test_pairs_need_no_media_and_a_run_uses_them(tmp_path):
    of, corpus = task("phoenix14t/cross-person"), Phoenix14T(trees.phoenix14t(tmp_path))
    pairs = source_pairs(of, corpus, "test")
    assert pairs == [
        SourcePair(trees.phoenix_name("d"), "Signer02", trees.phoenix_name("a"), "Signer01"),
        SourcePair(trees.phoenix_name("e"), "Signer01", trees.phoenix_name("b"), "Signer02"),
    ]
    for pair in pairs:
        assert source_video(of, corpus, pair.clip, "train").label == corpus.clip(pair.source).video.label


@pytest.mark.parametrize("name", ["synthsign/word-to-video", "slovo/word-to-video"])
def test_of_a_word_the_person_to_show_is_the_signer_of_the_reference(name, tmp_path):
    of = task(name)
    corpus = SynthSign() if of.corpus == "synthsign" else Slovo(trees.slovo(tmp_path))
    assert set(of.given) == {"word", "source_image"}
    for clip in corpus.ids(of.splits[0])[:2]:
        image = first_frame(source_video(of, corpus, clip, "word-train"), (128, 128))
        given = prompt_of(corpus.clip(clip), Made.of_task(of.made, 25.0), granted(of), references=of.references)
        assert given.driving_video is None and given.driving_pose is None
        assert np.array_equal(image, first_frame(corpus.clip(clip).video, (128, 128)))
        assert np.array_equal(given.source_image, first_frame(corpus.clip(clip).video, of.made.height_width))


def test_pairs_are_printed(signbench, tmp_path):
    root = trees.phoenix14t(tmp_path / "copy")
    code, said = signbench("tasks", "pairs", "phoenix14t/cross-person", "--root", root, "--json")
    assert code == 0
    assert json.loads(said)[0] == {
        "clip": trees.phoenix_name("d"),
        "signer": "Signer02",
        "source": trees.phoenix_name("a"),
        "source_signer": "Signer01",
    }
    code, said = signbench("tasks", "pairs", "phoenix14t/cross-person", "--root", root)
    assert code == 0
    rows = [line.split() for line in said.splitlines() if line.strip(" \u2500\u2501")]
    assert rows[0] == ["clip", "signer", "source", "source", "signer"]
    assert rows[1] == [trees.phoenix_name("d"), "Signer02", trees.phoenix_name("a"), "Signer01"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lsa64/cross-person"], "needs the corpus lsa64, which is not here: name its folder with --root DIR"),
        (["synthsign/reconstruction"], "the task synthsign/reconstruction gives no image of another signer; it gives source_image"),
        (["synthsign/cross-person", "--split", "tset"], "is not scored on a split tset"),
    ],
)
def test_without_pairs_the_reason_is_named(words, message, signbench):
    code, said = signbench("tasks", "pairs", *words)
    assert code == 2
    assert message in said


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ((), "clip 057_001_001: the train split of lsa64 is empty, so nobody else is shown there"),
        (("001_001_001", "002_001_001"), "clip 057_001_001: no train clip of lsa64 is by another signer than 001"),
    ],
)
def test_nobody_else_to_show_is_the_clip_s_error(train, message, tmp_path, monkeypatch):
    corpus = LSA64(trees.lsa64(tmp_path))
    monkeypatch.setattr(corpus, "ids", lambda split: list(train) if split == "train" else ["057_001_001"])
    with pytest.raises(InputError, match=message):
        source_pairs(task("lsa64/cross-person"), corpus, "test")
