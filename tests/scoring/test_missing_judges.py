"""Judges whose weights or packages are not there: their extended metrics are left out, core ones are an error before the work."""

from __future__ import annotations

import sys

import pytest

from signbench.errors import InputError
from signbench.extractors.cache import observations_in
from signbench.scoring.judge_evaluation import evaluate_judge
from tests.judges.gfslt.test_judge import model as tiny_gfslt
from tests.judges.random_models import tiny_slt
from tests.scoring.test_judging import scored, signed
from tests.scoring.test_task_runs import submitted
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


def task(tier, name=NAME):
    kind, metric = ("pose", "dtw") if name == NAME else ("video", "l1")
    metrics = [
        {"metric": metric, "on": None, "tier": "core", "headline": True},
        {"metric": "bleu", "on": name, "tier": tier, "headline": False},
    ]
    return tiny_task(kind, metrics=metrics)


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


BRINGS = 'pip install "signbench[models]"'


@pytest.fixture
def without_transformers(current, monkeypatch):
    """A folder with a model of gfslt, on a machine without the package that it needs."""
    tiny_gfslt(current / "reference_models" / "gfslt")
    monkeypatch.setitem(sys.modules, "transformers", None)
    submitted(current / "video", shift=0)
    return current


def test_an_extended_metric_is_left_out_with_the_command_that_installs_the_judge_s_package(without_transformers):
    result = scored(without_transformers, predictions="video", task=task("extended", "gfslt"))
    score = result["bleu@gfslt"]
    assert (result.status, result.exit_code) == ("complete", 0)
    assert (score.value, score.unavailable, score.signature) == (None, True, None)
    assert score.note == f"transformers is not installed; {BRINGS} brings it"
    assert result["l1"].value is not None


def test_it_is_measured_once_the_package_is_there(without_transformers, monkeypatch):
    assert scored(without_transformers, predictions="video", task=task("extended", "gfslt"))["bleu@gfslt"].unavailable
    monkeypatch.delitem(sys.modules, "transformers")
    score = scored(without_transformers, predictions="video", task=task("extended", "gfslt"))["bleu@gfslt"]
    assert not score.unavailable
    assert "judge:gfslt/1+small-" in score.signature
    assert score.judged.ceiling.clips == 4


@pytest.mark.parametrize(("tier", "options"), [("core", {}), ("extended", {"require_all": True})])
def test_a_metric_that_is_needed_without_its_package_is_an_error_before_the_work_starts(tier, options, without_transformers):
    with pytest.raises(InputError, match="bleu@gfslt needs transformers, which is not installed; run: pip install"):
        scored(without_transformers, predictions="video", task=task(tier, "gfslt"), **options)
    assert not (without_transformers / "run").exists()


def test_a_judge_without_its_package_is_not_evaluated(without_transformers):
    with pytest.raises(InputError, match="the judge gfslt needs transformers, which is not installed; run: pip install"):
        evaluate_judge("gfslt", corpus="tiny", split="test", limit=1)
