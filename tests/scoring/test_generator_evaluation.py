"""Generators measured on words: raw, reconstructed and generated motion through one judge."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from signbench.cli.generators import app
from signbench.corpora.synthsign import SynthSign
from signbench.errors import InputError
from signbench.metrics.pairs import FeaturePair
from signbench.metrics.registry import create
from signbench.scoring.evaluated_generators import GeneratorEvaluation, write_evaluation
from signbench.scoring.generator_evaluation import METRICS, evaluate_generator
from tests.generators.signavatar.tiny import write_tiny

LIMIT = 12


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def found(model):
    seen = []
    evaluation = evaluate_generator(
        "signavatar", checkpoint=model.folder, split="word30-test", limit=LIMIT, progress=lambda *step: seen.append(step)
    )
    assert seen[-1] == ("judging word30-test", LIMIT, LIMIT)
    return evaluation


def test_six_groups_have_the_paper_s_four_metrics(found):
    assert [(one.group, one.split, one.clips) for one in found.groups] == [
        (group, split, LIMIT) for split in ("word30-train", "word30-test") for group in ("raw", "reconstructed", "generated")
    ]
    assert found.limit == LIMIT
    assert found.corpus.startswith("synthsign ")
    for group in found.groups:
        assert [score.metric.partition(":")[0] for score in group.scores] == list(METRICS)


@pytest.mark.parametrize("test", [False, True], ids=["train", "test"])
def test_raw_motion_is_recognised_and_at_no_distance_from_itself_and_random_weights_are_far(found, test):
    raw, made, again = (found.group(group, test=test) for group in ("raw", "generated", "reconstructed"))
    assert raw.score("accuracy").value > 0.8
    assert raw.score("motion-fid").value == pytest.approx(0, abs=1e-6)
    for group in (made, again):
        assert group.score("accuracy").value < 0.3
        assert group.score("motion-fid").value > 1


def test_distances_are_those_of_the_metric_of_the_judge_s_rows(model, found):
    from signbench.judges.base import JudgedClip
    from signbench.judges.registry import create as judge

    corpus, by = SynthSign(), judge("stgcn")
    ids = corpus.ids("word30-test")
    ids = [ids[index * len(ids) // LIMIT] for index in range(LIMIT)]
    rows = [by.observe([JudgedClip(name, motion=corpus.motion(name))], ("rows",))[0]["rows"][0] for name in ids]
    metric = create("diversity")
    records = [metric.record([FeaturePair(row, row, "a")]) for row in rows]
    value = float(metric.score(records, np.ones((1, LIMIT), np.int64))[0])
    assert found.group("raw", test=True).score("diversity").value == pytest.approx(value, rel=1e-5)


def test_an_evaluation_is_read_back_as_it_was_written(found, tmp_path):
    write_evaluation(found, tmp_path / "evaluation.json")
    assert GeneratorEvaluation.read(tmp_path / "evaluation.json") == found


def test_the_command_prints_the_groups_and_writes_the_document(model, tmp_path):
    out = tmp_path / "evaluation.json"
    words = ["evaluate", "signavatar", "--checkpoint", f"{model.folder}", "--split", "word30-test", "--limit", "2", "--no-progress"]
    ran = CliRunner().invoke(app, [*words, "--out", f"{out}"], env={"COLUMNS": "200"})
    assert ran.exit_code == 0, ran.output
    written = GeneratorEvaluation.read(out)
    assert (written.limit, written.generator) == (2, "signavatar:checkpoint=tiny")
    for group in written.groups:
        assert f"{group.group}, {group.split}" in ran.stdout
    assert GeneratorEvaluation.read(out).as_json() == json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("signavatar", {"limit": 0}, "`limit` must be at least 1, not 0"),
        ("signavatar", {"judge": "slt"}, "the judge slt does not give labels and rows of motion; use stgcn"),
        ("signavatar", {"split": "word31-test"}, "no split word31-t"),
    ],
)
def test_what_does_not_fit_is_refused(model, name, options, message):
    with pytest.raises(InputError, match=message):
        evaluate_generator(name, checkpoint=model.folder, **options)
