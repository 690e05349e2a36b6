"""Plans: simulated studies have the requested mean and spread, and larger studies have narrower intervals."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.study.planning.sizes import intercept, intervals_of, plan, simulated
from signbench.study.scores.intervals import study_intervals
from signbench.study.scores.responses import PackResponses, Responses


@pytest.mark.parametrize("expected", [0.1, 0.5, 0.75, 0.95])
@pytest.mark.parametrize("spread", [0.0, 0.5, 3.0])
def test_the_level_gives_the_expected_score(expected, spread):
    ease = np.random.default_rng(0).normal(0, spread, 400_000)
    assert np.mean(1 / (1 + np.exp(-(intercept(expected, spread) + ease)))) == pytest.approx(expected, abs=3e-3)


def test_simulated_studies_have_the_expected_score_and_the_requested_spread():
    answers = simulated(
        np.random.default_rng(0), studies=300, raters=20, signs=30, expected=0.75, sign_spread=1.5, rater_spread=0.0
    )
    assert answers.mean() == pytest.approx(0.75, abs=0.01)
    assert np.var(answers.mean(axis=1)) > 4 * np.var(answers.mean(axis=2))


@pytest.mark.parametrize("sizes", [(12,), (12, 9, 5)], ids=["one pack", "three packs"])
@pytest.mark.parametrize("expected", [0.7, 0.999], ids=["between", "all right in some"])
def test_the_planned_interval_is_the_one_that_a_score_gets(sizes, expected):
    generator = np.random.default_rng(1)
    answers = [
        simulated(generator, studies=3, raters=15, signs=signs, expected=expected, sign_spread=1.0, rater_spread=1.0)
        for signs in sizes
    ]
    low, high = intervals_of(answers)
    for number in range(3):
        packs = []
        for index, (signs, of_pack) in enumerate(zip(sizes, answers, strict=True)):
            names, raters = tuple(f"{sign:02}" for sign in range(signs)), np.arange(15) + 15 * index
            packs.append(
                PackResponses(
                    name=f"pack{index}",
                    signs=names,
                    raters=raters,
                    correct=of_pack[number],
                    answered=np.ones_like(of_pack[number]),
                )
            )
        found = study_intervals(Responses(("r",) * 15 * len(sizes), (None,) * 15 * len(sizes), tuple(packs)))[1]
        assert found.bounds == pytest.approx((low[number], high[number]), abs=1e-9)


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


def test_a_narrower_interval_needs_more_answers(found):
    narrower = plan(0.75, 0.09, raters=(10, 20, 40), signs=(10, 20, 40, 80), studies=30)
    assert narrower.smallest.raters * narrower.smallest.signs > found.smallest.raters * found.smallest.signs


def test_a_width_that_nothing_reaches_has_no_smallest_design():
    none = plan(0.75, 0.01, raters=(10, 15), signs=(10, 15), studies=5)
    assert none.smallest is None and none.frontier == () and len(none.designs) == 2


def test_given_packs_have_a_width_for_each_number_of_raters_and_the_fewest_that_reach_it():
    found = plan(0.75, 0.1, packs=(20, 30), raters=(10, 20, 40), studies=20)
    assert [(design.raters, design.packs, design.people, design.answers) for design in found.designs] == [
        (count, (20, 30), 2 * count, 50 * count) for count in (10, 20, 40)
    ]
    widths = [design.half_width for design in found.designs]
    assert widths == sorted(widths, reverse=True)
    assert found.smallest == next(design for design in found.designs if design.half_width <= 0.1)


def test_more_signs_than_a_rater_watches_are_split_into_packs():
    found = plan(0.75, 0.1, most_clips=15, raters=(10, 20), signs=(10, 40, 50), studies=20)
    assert {design.packs for design in found.designs} <= {(10,), (14, 13, 13), (13, 13, 12, 12)}
    assert max(max(design.packs) for design in found.frontier) <= 15


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"expected": 75, "half_width": 0.05}, "must be between 0 and 1"),
        ({"expected": 0.75, "half_width": 5}, "between 0 and 0.5"),
        ({"expected": 0.75, "half_width": 0.05, "sign_spread": -1}, "spread of signs"),
        ({"expected": 0.75, "half_width": 0.05, "rater_spread": 50}, "spread of raters"),
        ({"expected": 0.75, "half_width": 0.05, "raters": (5,)}, "at least 10 raters"),
        ({"expected": 0.75, "half_width": 0.05, "studies": 0}, "at least one study"),
        ({"expected": 0.75, "half_width": 0.05, "most_clips": 4}, "must watch at least 5 clips, not 4"),
        ({"expected": 0.75, "half_width": 0.05, "packs": (4, 20)}, "at least 5 signs each and 10 in total, not 4, 20"),
        ({"expected": 0.75, "half_width": 0.05, "packs": (5,)}, "at least 5 signs each and 10 in total, not 5"),
        (
            {"expected": 0.75, "half_width": 0.05, "packs": (30, 20), "most_clips": 20},
            "a pack of 30 signs is larger than the 20 clips",
        ),
    ],
)
def test_numbers_out_of_range_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        plan(**arguments)
