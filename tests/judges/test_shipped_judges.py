"""What the shipped judges reach on a few clips of SynthSign's test splits; their evaluations hold the figures of all clips."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from signbench.scoring.evaluated import stored_evaluation
from signbench.scoring.judge_evaluation import evaluate_judge

ROOT = Path(__file__).parents[2]
CLIPS = {"stgcn": 24, "slt": 12, "nslt": 12, "gfslt": 6, "corrnet": 6, "pose-estimator": 3}
ESTIMATED = "points of pose-estimator"

LEAST = [
    ("stgcn", "clean", "accuracy", "label", 0.96, 0.96),
    ("stgcn", "take 1", "accuracy", "label", 0.93, 0.93),
    ("stgcn", "noise 4 px", "accuracy", "label", 0.80, 0.80),
    ("slt", "clean", "bleu", "text", 66.0, 50.0),
    ("slt", "take 1", "bleu", "text", 60.0, 50.0),
    ("slt", ESTIMATED, "bleu", "text", 33.1, 30.0),
    ("nslt", "clean", "bleu", "text", 45.0, 35.0),
    ("gfslt", "clean", "bleu", "text", 40.0, 15.0),
    ("gfslt", "H.264 crf 30", "bleu", "text", 30.0, 15.0),
    ("gfslt", "hamer", "bleu", "text", 40.0, 15.0),
    ("gfslt", "smplx", "bleu", "text", 40.0, 15.0),
]
"""Judge, condition, metric, kind of answer, and the least that it must reach on all clips and on a few.

BLEU of a few sentences varies by more than 20."""

MOST = [
    ("slt", "clean", "wer", "gloss", 4.0, 8.0),
    ("slt", "noise 4 px", "wer", "gloss", 25.0, 25.0),
    ("slt", "no face", "wer", "gloss", 10.0, 15.0),
    ("gfslt", "clean", "wer", "gloss", 15.0, 20.0),
    ("corrnet", "clean", "wer", "gloss", 15.0, 20.0),
    ("corrnet", "H.264 crf 30", "wer", "gloss", 30.0, 30.0),
    ("pose-estimator", "clean", "ape:parts=body", "pose", 0.7, 0.7),
    ("pose-estimator", "clean", "ape:parts=hands", "pose", 1.5, 1.5),
]
"""The same, with the most that it may have."""

CHANCE = [
    ("stgcn", "accuracy", "label", 0, 0.1),
    ("slt", "bleu", "text", 0, 8),
    ("slt", "wer", "gloss", 80, 300),
    ("nslt", "bleu", "text", 0, 8),
    ("gfslt", "bleu", "text", 0, 8),
    ("gfslt", "wer", "gloss", 80, 300),
    ("corrnet", "wer", "gloss", 80, 300),
]
"""Judge, metric, kind of answer, and the bounds of the chance level."""


@cache
def evaluated(judge):
    return evaluate_judge(judge, limit=CLIPS[judge], estimator="pose-estimator" if judge == "slt" else None, workers=1)


def score(found, condition, metric, gives):
    (one,) = [score for score in found.condition(condition).scores if (score.metric, score.gives) == (metric, gives)]
    return one


@pytest.mark.parametrize(("judge", "condition", "metric", "gives", "least", "of_few"), LEAST)
def test_a_shipped_judge_understands_references(judge, condition, metric, gives, least, of_few, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert score(stored_evaluation(judge), condition, metric, gives).value >= least
    assert score(evaluated(judge), condition, metric, gives).value >= of_few


@pytest.mark.parametrize(("judge", "condition", "metric", "gives", "most", "of_few"), MOST)
def test_a_shipped_judge_makes_few_errors_on_references(judge, condition, metric, gives, most, of_few, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert score(stored_evaluation(judge), condition, metric, gives).value <= most
    assert score(evaluated(judge), condition, metric, gives).value <= of_few


@pytest.mark.parametrize(("judge", "metric", "gives", "least", "most"), CHANCE)
def test_its_chance_level_is_far_from_that(judge, metric, gives, least, most, monkeypatch):
    monkeypatch.chdir(ROOT)
    for found in (stored_evaluation(judge), evaluated(judge)):
        assert least <= score(found, "clean", metric, gives).chance.value <= most
