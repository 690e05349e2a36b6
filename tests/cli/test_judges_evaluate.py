"""``signbench judges evaluate`` and what the other commands say of a judge's model, as a user types it."""

from __future__ import annotations

import json

import pytest

from signbench.corpora.registry import corpus
from tests.cli.program import signbench
from tests.judges.random_models import tiny_stgcn

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A current folder with a recogniser of random weights."""
    current = tmp_path_factory.mktemp("evaluated")
    synthsign = corpus("synthsign")
    words = sorted({synthsign.clip(clip).text for clip in synthsign.ids("word-test")})
    tiny_stgcn(current / "reference_models" / "words", words)
    return current


def test_an_evaluation_is_printed_and_kept_and_shown_with_the_judge(folder):
    out = "reference_models/words/evaluation.json"
    ran = signbench("judges", "evaluate", "words", "--limit", "4", "--workers", "1", "--out", out, folder=folder)
    assert ran.returncode == 0, ran.stderr
    assert "words on synthsign 1.1 word-test (motion, 4 clips, the first 4 clips only)" in ran.stdout
    for word in ("clean", "take 1", "noise 4 px", "accuracy:top=5", "In brackets: the chance level.", "movement"):
        assert word in ran.stdout
    kept = json.loads((folder / out).read_text())
    assert kept["signature"].startswith("stgcn/1+small-")
    shown = signbench("judges", "show", "words", folder=folder)
    assert "words on synthsign 1.1 word-test" in shown.stdout
    assert json.loads(signbench("judges", "show", "words", "--json", folder=folder).stdout)["evaluation"] == kept


def test_a_folder_s_path_is_evaluated_as_json(folder):
    words = ["reference_models/words", "--limit", "2", "--split", "word30-test", "--workers", "1", "--json"]
    ran = signbench("judges", "evaluate", *words, folder=folder)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert (found["judge"], found["split"], found["clips"]) == ("words", "word30-test", 2)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "slt-slrtp2025",
            "the weights of the judge slt-slrtp2025 are not present; run: signbench weights add FILE --as slt-slrtp2025",
        ),
        ("wrods", "there is no judge wrods. Did you mean words?"),
        ("nearest", "the judge nearest learns from a task's train split"),
        ("./nothing", "nothing is not a model: it has no card.yaml."),
    ],
)
def test_what_cannot_be_evaluated_is_refused_in_one_sentence(name, said, folder):
    ran = signbench("judges", "evaluate", name, folder=folder)
    assert (ran.returncode, ran.stdout, len(ran.stderr.splitlines())) == (2, "", 1)
    assert said in ran.stderr


def test_the_list_names_the_command_that_brings_a_judge_s_weights(folder):
    rows = {row["name"]: row for row in json.loads(signbench("judges", "list", "--json", folder=folder).stdout)}
    assert rows["words"]["lacks"] is None
    assert rows["slt-slrtp2025"]["lacks"] == "signbench weights add FILE --as slt-slrtp2025 --model slt"
    assert "signbench weights add FILE --as" in signbench("judges", "list", folder=folder).stdout
    shown = signbench("judges", "show", "slt-slrtp2025", folder=folder).stdout
    assert "weights: not present; run signbench weights add FILE --as slt-slrtp2025 --model slt" in shown
