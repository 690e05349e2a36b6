"""Judges whose weights are not there: their extended metrics are left out, core ones are an error before the work starts."""

from __future__ import annotations

import pytest

from signbench.errors import InputError
from signbench.extractors.cache import observations_in
from tests.judges.random_models import tiny_slt
from tests.scoring.test_judging import scored, signed
from tests.tasks.conftest import tiny_corpus
from tests.tasks.tiny import tiny_task

__all__ = ["tiny_corpus"]

pytestmark = pytest.mark.usefixtures("tiny_corpus")
NAME = "slt-slrtp2025"
COMMAND = f"signbench weights add FILE --as {NAME} --model slt"


@pytest.fixture
def current(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    signed(tmp_path / "submission", [1, 2, 3, 4])
    with observations_in(tmp_path / "cache"):
        yield tmp_path


def task(tier):
    metrics = [
        {"metric": "dtw", "on": None, "tier": "core", "headline": True},
        {"metric": "bleu", "on": NAME, "tier": tier, "headline": False},
    ]
    return tiny_task("pose", metrics=metrics)


def test_an_extended_metric_is_left_out_with_the_command_that_brings_the_weights(current):
    result = scored(current, task("extended"))
    score = result[f"bleu@{NAME}"]
    assert (result.status, result.exit_code) == ("complete", 0)
    assert (score.value, score.unavailable, score.signature) == (None, True, None)
    assert score.note == f"weights not present; {COMMAND} brings them"
    assert result["dtw"].value is not None


def test_it_is_measured_once_the_weights_are_there(current):
    scored(current, task("extended"))
    tiny_slt(current / "reference_models" / NAME)
    score = scored(current, task("extended"))[f"bleu@{NAME}"]
    assert not score.unavailable
    assert "judge:slt/1+small-" in score.signature
    assert score.judged.chance.value is not None


@pytest.mark.parametrize(("tier", "options"), [("core", {}), ("extended", {"require_all": True})])
def test_a_metric_that_is_needed_is_an_error_before_the_work_starts(tier, options, current):
    with pytest.raises(InputError, match=f"the weights of the judge {NAME} are not present, .* run: {COMMAND}"):
        scored(current, task(tier), **options)
    assert not (current / "run").exists()
