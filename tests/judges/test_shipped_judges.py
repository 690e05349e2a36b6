"""What the shipped judges reach on a few clips of SynthSign's test splits; their evaluations hold the figures of all clips."""

from __future__ import annotations

from functools import cache

import pytest

from signbench.scoring.judge_evaluation import evaluate_judge
from signbench.weights.reference_models import has_model

CLIPS = {"stgcn": 24, "slt": 12, "nslt": 12, "gfslt": 8, "corrnet": 8, "pose-estimator": 4}
ESTIMATED = "points of pose-estimator"

LEAST = [
    ("stgcn", "clean", "accuracy", "label", 0.96),
    ("stgcn", "take 1", "accuracy", "label", 0.93),
    ("stgcn", "noise 4 px", "accuracy", "label", 0.80),
    ("slt", "clean", "bleu", "text", 55.0),
    ("slt", "take 1", "bleu", "text", 50.0),
    ("slt", ESTIMATED, "bleu", "text", 30.0),
    ("nslt", "clean", "bleu", "text", 40.0),
    ("gfslt", "clean", "bleu", "text", 35.0),
    ("gfslt", "H.264 crf 30", "bleu", "text", 30.0),
]
"""Judge, condition, metric, kind of answer, and the least that it must reach. BLEU of a few sentences varies by more than 10."""

MOST = [
    ("slt", "clean", "wer", "gloss", 8.0),
    ("slt", "noise 4 px", "wer", "gloss", 25.0),
    ("slt", "no face", "wer", "gloss", 10.0),
    ("corrnet", "clean", "wer", "gloss", 20.0),
    ("corrnet", "H.264 crf 30", "wer", "gloss", 30.0),
    ("pose-estimator", "clean", "ape:parts=body", "pose", 0.7),
    ("pose-estimator", "clean", "ape:parts=hands", "pose", 1.5),
]
"""The same, with the most that it may have."""


@cache
def evaluated(judge):
    if not has_model(judge):
        pytest.skip(f"{judge} is not shipped")
    return evaluate_judge(judge, limit=CLIPS[judge], estimator="pose-estimator" if judge == "slt" else None, workers=1)


def score(judge, condition, metric, gives):
    scores = evaluated(judge).condition(condition).scores
    (found,) = [one for one in scores if (one.metric, one.gives) == (metric, gives)]
    return found


@pytest.mark.parametrize(("judge", "condition", "metric", "gives", "least"), LEAST)
def test_a_shipped_judge_understands_references(judge, condition, metric, gives, least):
    assert score(judge, condition, metric, gives).value >= least


@pytest.mark.parametrize(("judge", "condition", "metric", "gives", "most"), MOST)
def test_a_shipped_judge_makes_few_errors_on_references(judge, condition, metric, gives, most):
    assert score(judge, condition, metric, gives).value <= most


@pytest.mark.parametrize(
    ("judge", "metric", "gives", "least", "most"),
    [
        ("stgcn", "accuracy", "label", 0, 0.1),
        ("slt", "bleu", "text", 0, 8),
        ("slt", "wer", "gloss", 80, 300),
        ("nslt", "bleu", "text", 0, 8),
        ("gfslt", "bleu", "text", 0, 8),
        ("corrnet", "wer", "gloss", 80, 300),
    ],
)
def test_its_chance_level_is_far_from_that(judge, metric, gives, least, most):
    assert least <= score(judge, "clean", metric, gives).chance.value <= most
