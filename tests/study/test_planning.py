"""Plans: simulated studies have the mean and spread that was asked for, and larger ones narrower intervals."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.study.intervals import study_intervals
from signbench.study.planning import intercept, one_pack_intervals, plan, simulated
from signbench.study.responses import PackResponses, Responses


@pytest.mark.parametrize("expected", [0.1, 0.5, 0.75, 0.95])
@pytest.mark.parametrize("spread", [0.0, 0.5, 3.0])
def test_the_level_gives_the_expected_score(expected, spread):
    ease = np.random.default_rng(0).normal(0, spread, 400_000)
    assert np.mean(1 / (1 + np.exp(-(intercept(expected, spread) + ease)))) == pytest.approx(expected, abs=3e-3)


def test_simulated_studies_have_the_expected_score_and_the_asked_spread():
    answers = simulated(np.random.default_rng(0), 300, 20, 30, 0.75, 1.5, 0.0)
    assert answers.mean() == pytest.approx(0.75, abs=0.01)
    assert np.var(answers.mean(axis=1)) > 4 * np.var(answers.mean(axis=2))


def test_the_planned_interval_is_the_one_that_a_score_gets():
    answers = simulated(np.random.default_rng(1), 3, 15, 12, 0.7, 1.0, 1.0)
    low, high = one_pack_intervals(answers)
    for number, correct in enumerate(answers):
        one = PackResponses("pack", tuple(f"{sign:02}" for sign in range(12)), np.arange(15), correct, np.ones_like(correct))
        found = study_intervals(Responses(("r",) * 15, (None,) * 15, (one,)))[1]
        assert found.bounds == pytest.approx((low[number], high[number]), abs=1e-12)


@pytest.fixture(scope="module")
def found():
    return plan(0.75, 0.12, raters=(10, 20, 40), signs=(10, 20, 40, 80), studies=30)


def test_the_smallest_design_reaches_the_width_with_the_fewest_answers(found):
    assert found.smallest is not None and found.smallest.reaches and found.smallest.half_width <= 0.12
    assert found.smallest.raters * found.smallest.signs == min(design.raters * design.signs for design in found.frontier)


def test_more_raters_never_need_more_signs(found):
    assert [design.signs for design in found.frontier] == sorted((design.signs for design in found.frontier), reverse=True)


def test_a_plan_is_the_same_every_time(found):
    assert plan(0.75, 0.12, raters=(10, 20, 40), signs=(10, 20, 40, 80), studies=30) == found


def test_a_narrower_interval_takes_more_answers(found):
    narrower = plan(0.75, 0.09, raters=(10, 20, 40), signs=(10, 20, 40, 80), studies=30)
    assert narrower.smallest.raters * narrower.smallest.signs > found.smallest.raters * found.smallest.signs


def test_a_width_that_nothing_reaches_has_no_smallest_design():
    none = plan(0.75, 0.01, raters=(10, 15), signs=(10, 15), studies=5)
    assert none.smallest is None and none.frontier == () and len(none.designs) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"expected": 75, "half_width": 0.05}, "share between 0 and 1"),
        ({"expected": 0.75, "half_width": 5}, "between 0 and 0.5"),
        ({"expected": 0.75, "half_width": 0.05, "sign_spread": -1}, "spread of signs"),
        ({"expected": 0.75, "half_width": 0.05, "rater_spread": 50}, "spread of raters"),
        ({"expected": 0.75, "half_width": 0.05, "raters": (5,)}, "at least 10 raters"),
        ({"expected": 0.75, "half_width": 0.05, "studies": 0}, "at least one study"),
    ],
)
def test_numbers_out_of_range_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        plan(**arguments)
