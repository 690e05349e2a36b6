"""The paper's tables next to the shipped models'."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from signbench.cli.generators import app
from signbench.errors import InputError
from signbench.leaderboard.signavatar_tables import HALVES, signavatar_tables
from signbench.scoring.evaluated_generators import EvaluatedGroup, GeneratorEvaluation, GroupScore, write_evaluation
from signbench.weights.reference_models import recipe_of
from tests.generators.signavatar.tiny import write_tiny

ROWS = [f"{group}_{split}" for group in ("Rec", "Gen") for split in ("train", "test")]


def evaluation(name):
    groups = tuple(
        EvaluatedGroup(
            group=group,
            split=split,
            clips=5,
            scores=tuple(
                GroupScore(metric=metric, value=index + (split == "word30-test") / 2, interval=(0.25, 9.0) if index else None)
                for index, metric in enumerate(("accuracy", "motion-fid", "diversity:size=200", "multimodality"))
            ),
        )
        for split in ("word30-train", "word30-test")
        for group in ("raw", "reconstructed", "generated")
    )
    return GeneratorEvaluation(generator=name, checkpoint=None, judge="stgcn/1", corpus="synthsign 1.1", limit=None, groups=groups)


@pytest.fixture
def models(tmp_path, monkeypatch):
    """One of the models, in the current folder."""
    monkeypatch.chdir(tmp_path)
    model = write_tiny(tmp_path / "reference_models" / "signavatar-30")
    write_evaluation(evaluation("signavatar"), model.folder / "generator-evaluation.json")


@pytest.mark.usefixtures("models")
def test_every_row_of_the_paper_stands_next_to_the_same_row_of_a_model():
    found = signavatar_tables()
    assert list(found) == [half.title for half in HALVES]
    headings = ["w/o Curriculum Learning", "w/ Curriculum Learning"]
    expected = ["Raw_train", "Raw_test", *(f"{row}, {heading}" for heading in headings for row in ROWS)]
    for title in ("Table I, 30 words", "Table I, all words"):
        assert [row["row"] for row in found[title]] == expected
    assert len(found["Table II, 30 words"]) == 12
    first = {row["row"]: row for row in found["Table I, 30 words"]}
    made = first["Gen_test, w/ Curriculum Learning"]
    assert (made["Acc. (paper)"], made["FID (paper)"], made["Div. (paper)"], made["Multi. (paper)"]) == (
        "0.941",
        "46.435",
        "27.097",
        "5.916",
    )
    assert (made["Acc."], made["FID"], made["model"]) == ("0.500", "1.500 [0.250, 9.000]", "signavatar-30")
    assert first["Raw_train"]["Acc."] == "0.000"
    second = {row["row"]: row for row in found["Table II, 30 words"]}
    assert second["Rec_test, w/o Quality Control"]["FID (paper)"] == "51.846"
    assert second["Rec_test, w/o Quality Control"]["model"] == "signavatar-30-uncut"
    assert second["Rec_test, w/ Quality Control"]["Acc."] == "0.500"


@pytest.mark.usefixtures("models")
def test_a_model_that_was_not_measured_says_so():
    shown = {row["row"]: row["FID"] for row in signavatar_tables()["Table II, 30 words"]}
    # unless the shipped one was measured
    assert shown["Gen_train, w/o Quality Control"] == "not measured" or "[" in shown["Gen_train, w/o Quality Control"]


@pytest.mark.usefixtures("models")
def test_the_command_prints_them_as_tables_or_as_one_document():
    document = json.loads(CliRunner().invoke(app, ["tables", "--json"]).stdout)
    assert {title: document.get(title) for title in signavatar_tables()} == signavatar_tables()
    printed = CliRunner().invoke(app, ["tables"], env={"COLUMNS": "250"}).stdout
    assert all(half.title in printed for half in HALVES)
    assert "1.500 [0.250, 9.000]" in printed
    alone = json.loads(CliRunner().invoke(app, ["tables", "signavatar", "--json"]).stdout)
    assert alone == signavatar_tables()
    refused = CliRunner().invoke(app, ["tables", "signavatr"])
    assert isinstance(refused.exception, InputError)
    assert "there are no tables of signavatr" in str(refused.exception)


def test_an_evaluation_is_read_from_a_folder_without_weights(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "reference_models" / "signavatar-30-uncut"
    folder.mkdir(parents=True)
    (folder / "recipe.yaml").write_bytes(recipe_of("signavatar-30-uncut").read_bytes())
    write_evaluation(evaluation("signavatar"), folder / "generator-evaluation.json")
    shown = {row["row"]: row["FID"] for row in signavatar_tables()["Table II, 30 words"]}
    assert shown["Gen_test, w/o Quality Control"] == "1.500 [0.250, 9.000]"
