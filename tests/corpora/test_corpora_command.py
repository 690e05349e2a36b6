"""``signbench corpora``: list, show, export."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cli.program import signbench
from tests.corpora import trees

pytestmark = pytest.mark.end_to_end


def test_corpora_are_listed() -> None:
    row, *others = json.loads(signbench("corpora", "list", "--json").stdout)
    assert (row["name"], row["version"], row["licence"], row["built_in"]) == ("synthsign", "1.1", "CC0-1.0", True)
    assert {(other["built_in"], other["root"]) for other in others} == {(False, None)}
    assert signbench("corpora", "list").stdout.startswith("synthsign 1.1 (CC0-1.0): train, dev, test")


def test_a_corpus_is_shown_with_its_splits_signers_and_signs() -> None:
    shown = json.loads(signbench("corpora", "show", "synthsign", "--clips", "test-0001", "--json").stdout)
    assert shown["splits"]["train"] == {"count": 2000, "first": "train-0001", "last": "train-2000"}
    assert len(shown["signers"]) >= 8
    assert len(shown["signs"]) >= 100
    assert len(shown["minimal_pairs"]) >= 15
    assert [clip["id"] for clip in shown["clips"]] == ["test-0001"]
    shown = signbench("corpora", "show", "synthsign").stdout
    assert "word30-test" in shown
    assert "MOTHER / FATHER (location)" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "synthsing"], "no corpus synthsing. Did you mean synthsign"),
        (["show", "synthsign", "--clips", "test-9999"], "no clip test-9999"),
        (["export", "synthsign", "--media", "film", "--out", "x"], "exports no film"),
        (["export", "synthsign", "--media", ",", "--out", "x"], "nothing to export"),
        (["export", "synthsign", "--split", "tset", "--out", "x"], "no split tset"),
        (["export", "synthsign", "--size", "64x128", "--out", "x"], "are square"),
        (["export", "synthsign", "--size", "big", "--out", "x"], "such as 256 or 210x260"),
    ],
)
def test_what_does_not_exist_is_refused_in_one_line(tmp_path: Path, words: list[str], said: str) -> None:
    ran = signbench("corpora", *words, folder=tmp_path)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    assert not (tmp_path / "x").exists()


def test_kinds_of_media_are_exported_side_by_side(tmp_path: Path) -> None:
    words = ["corpora", "export", "synthsign", "--split", "word30-test", "--limit", "1", "--size", "64", "--table", "--json"]
    ran = signbench(*words, "--media", "video,pose,motion,rendering:pose", "--out", "out", folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["clips"] == ["word-test-0001"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("video", "pose", "motion", "rendering-pose"),
        *("clips.csv", ".synthsign.jsonl"),
    }
    with (tmp_path / "out" / "clips.csv").open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["id"], row["file"]) == ("word-test-0001", "video/word-test-0001.mkv")


def test_a_copy_is_checked_and_shown_with_its_root(tmp_path: Path) -> None:
    root = trees.phoenix14t(tmp_path / "copy")
    lost = root / "features/fullFrame-210x260px/test" / trees.phoenix_name("d")
    (lost / "images0003.png").unlink()
    ran = signbench("corpora", "check", "phoenix14t", "--root", root, "--json")
    assert ran.returncode == 3
    report = json.loads(ran.stdout)
    (video,) = report["splits"][2]["media"]
    assert video["unreadable"] == [{"clip": lost.name, "reason": "a frame is missing between images0002.png and images0004.png"}]
    ran = signbench("corpora", "check", "phoenix14t", "--root", root)
    assert ran.stdout.splitlines()[-1] == f"phoenix14t in {root} is not whole"
    shown = signbench("corpora", "show", "phoenix14t", "--root", root, "--clips", trees.phoenix_name("e")).stdout
    assert "final full stop: no" in shown
    assert "im süden sonne" in shown
    shown = json.loads(signbench("corpora", "show", "phoenix14t", "--json").stdout)
    assert shown["splits"]["test"] == {"count": 642}
    assert shown["licence"] == "CC BY-NC-SA 4.0"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "synthsign"], "the corpus synthsign is made by a program; there is nothing on disk to check"),
        (["check", "phoenix14t"], "no folder is known for the corpus phoenix14t: name it with --root DIR, in corpora.yaml or"),
        (
            ["check", "phoenix14t", "--root", "nowhere"],
            "nowhere of phoenix14t does not exist; see signbench corpora show phoenix14t",
        ),
        (["prepare", "synthsign", "--out", "x"], "the corpus synthsign is made by a program, with its key points"),
        (["export", "lsa64", "--out", "x"], "the corpus lsa64 already consists of files; only synthsign is exported"),
        (["show", "lsa64", "--clips", "057_001_001"], "the clips of lsa64 are not here; name its folder with --root DIR"),
    ],
)
def test_what_cannot_be_done_with_a_corpus_is_said_in_one_line(tmp_path: Path, words: list[str], said: str) -> None:
    ran = signbench("corpora", *words, folder=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert said in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
