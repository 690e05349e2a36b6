"""``signbench measure`` on texts, glosses, features and labels, as run by a user."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.cli.program import signbench

pytestmark = pytest.mark.end_to_end

SENTENCES = [
    f"am {day} {weather} es im {region} ."
    for day in ("montag", "dienstag")
    for weather in ("regnet", "schneit", "stürmt")
    for region in ("norden", "süden")
]
HYPOTHESES = [sentence.replace("schneit", "regnet").replace("norden", "nordwesten") for sentence in SENTENCES]


@pytest.fixture
def texts(tmp_path):
    (tmp_path / "references.txt").write_text("\n".join(SENTENCES) + "\n", encoding="utf-8")
    (tmp_path / "predictions.txt").write_text("\n".join(HYPOTHESES) + "\n", encoding="utf-8")
    header = "name|video|start|end|speaker|orth|translation"
    rows = [f"clip-{n:02d}|v|-1|-1|Signer01|{text.upper()}|{text[:-2]}" for n, text in enumerate(SENTENCES)]
    (tmp_path / "test.corpus.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    rows = [f"{text}\tclip-{n:02d}" for n, text in reversed(list(enumerate(HYPOTHESES)))]
    (tmp_path / "predictions.tsv").write_text("\n".join(["hypothesis\tclip", *rows]) + "\n", encoding="utf-8")
    return tmp_path


def scores(ran):
    assert ran.returncode == 0, ran.stderr
    return {score["metric"]: score for score in json.loads(ran.stdout)["scores"]}


def test_a_suite_prints_a_papers_rows_in_its_order_by_line_and_by_id(texts):
    by_line = signbench("measure", "references.txt", "predictions.txt", "--suite", "slt", "--json", folder=texts)
    rows = scores(by_line)
    assert [score["label"] for score in rows.values()] == ["BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "CHRF", "ROUGE"]
    assert all(score["interval"][0] < score["value"] < score["interval"][1] for score in rows.values())
    table = signbench("measure", "references.txt", "predictions.txt", "--suite", "slt", folder=texts)
    assert [line.split()[0] for line in table.stdout.splitlines() if "BLEU-" in line] == ["BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4"]
    words = ["--id", "clip", "--text", "hypothesis"]
    by_id = signbench("measure", "predictions.tsv", "predictions.tsv", "-m", "bleu", *words, "--json", folder=texts)
    assert scores(by_id)["bleu"]["value"] == pytest.approx(100)


def test_the_phoenix_table_is_read_directly(texts):
    rows = [f"clip-{n:02d},{text[:-2]}" for n, text in enumerate(HYPOTHESES)]
    (texts / "made.csv").write_text("\n".join(["id,text", *rows]) + "\n", encoding="utf-8")
    ran = signbench("measure", "test.corpus.csv", "made.csv", "--suite", "slt", "--json", folder=texts)
    with_stops = signbench("measure", "references.txt", "predictions.txt", "--suite", "slt", "--json", folder=texts)
    both = [{name: score["value"] for name, score in scores(one).items()} for one in (ran, with_stops)]
    assert both[0] == both[1], "the suite's rule for full stops makes both copies of the data equal"


def test_a_killed_or_repeated_run_of_texts_resumes_and_a_changed_file_is_refused(texts):
    words = ["measure", "references.txt", "predictions.txt", "-m", "wer", "--out", "run"]
    first = signbench(*words, "--json", folder=texts)
    assert scores(first) == scores(signbench(*words, "--json", folder=texts))
    (texts / "predictions.txt").write_text("\n".join(SENTENCES[::-1]) + "\n", encoding="utf-8")
    changed = signbench(*words, folder=texts)
    assert changed.returncode == 2
    assert "changed" in changed.stderr


REFUSED = {
    "another number of lines": (["measure", "references.txt", "short.txt", "-m", "bleu"], ["12", "11"]),
    "texts and videos": (["measure", "references.txt", "predictions.txt", "-m", "bleu", "-m", "ssim"], ["measure them separately"]),
    "a suite that is not there": (["measure", "references.txt", "predictions.txt", "--suite", "slr"], ["slrtp"]),
    "a column that is not there": (
        ["measure", "predictions.tsv", "predictions.tsv", "-m", "bleu", "--text", "hypotesis"],
        ["hypothesis"],
    ),
    "no texts at all": (["measure", "references.txt", "empty.txt", "-m", "bleu"], ["empty.txt"]),
    "a folder": (["measure", "references.txt", ".", "-m", "bleu"], ["is not a text file"]),
    "weights that are not here": (["measure", "references.txt", "predictions.txt", "-m", "fid"], ["signbench weights fetch"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_sides_that_do_not_fit_are_reported_in_a_sentence_and_leave_nothing_behind(case, texts):
    words, told = REFUSED[case]
    (texts / "short.txt").write_text("\n".join(HYPOTHESES[:-1]) + "\n", encoding="utf-8")
    (texts / "empty.txt").write_text("", encoding="utf-8")
    ran = signbench(*words, folder=texts)
    assert ran.returncode == 2, ran.stderr
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr
    assert [word for word in told if word not in ran.stderr] == [], ran.stderr
    assert not (texts / "runs").exists()


def test_features_with_labels_and_a_recognisers_answers_are_measured(tmp_path):
    random = np.random.default_rng(5)
    for side, shift in (("references", 0.0), ("predictions", 0.5)):
        folder = tmp_path / side
        folder.mkdir()
        np.save(folder / "features.npy", random.normal(shift, 1, (60, 4)))
        (folder / "ids.csv").write_text("id,label\n" + "".join(f"c{n:02d},sign-{n % 3}\n" for n in range(60)), encoding="utf-8")
    words = ["-m", "motion-fid", "-m", "diversity:size=20", "-m", "multimodality:size=10"]
    sides = ["references/features.npy", "predictions/features.npy"]
    rows = scores(signbench("measure", *sides, *words, "--json", folder=tmp_path))
    assert rows["motion-fid"]["value"] > 0
    assert rows["motion-fid"]["samples"] == [60, 60]
    assert rows["diversity:size=20"]["reference_value"] == pytest.approx(rows["diversity:size=20"]["value"], rel=0.5)
    (tmp_path / "truth.csv").write_text("id,label\na,one\nb,two\nc,one\n", encoding="utf-8")
    (tmp_path / "said.csv").write_text("id,prediction\na,one\nb,one\nc,one\n", encoding="utf-8")
    said = scores(
        signbench("measure", "truth.csv", "said.csv", "-m", "accuracy", "-m", "accuracy:average=class", "--json", folder=tmp_path)
    )
    assert said["accuracy"]["value"] == pytest.approx(2 / 3)
    assert said["accuracy:average=class"]["value"] == pytest.approx(1 / 2)
