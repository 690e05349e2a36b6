"""Fatigue of raters: accuracy by position in their orders, independent of how hard the signs at each position are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from signbench.study.report.score_tables import fatigue_rows, remarks
from tests.study.judged import judged, scored

RATERS, SIGNS = 40, 24


def ordered(outcomes, orders, pack="pack20", first_rater=1):
    """Judgements with the positions of their answers in the raters' orders: an array ``(raters, signs)``, 0 for none."""
    rows = judged(outcomes, pack, first_rater=first_rater)
    positions = iter(orders.reshape(-1))
    return [replace(row, answer=replace(row.answer, order=int(next(positions)) or None)) for row in rows]


def shuffled(seed=0, raters=RATERS, signs=SIGNS):
    generator = np.random.default_rng(seed)
    return generator.permuted(np.tile(np.arange(1, signs + 1), (raters, 1)), axis=1)


def tired(orders, slope, seed=0):
    """Outcomes of raters whose accuracy falls by ``slope`` from their first clip to their last, over unequal signs."""
    generator = np.random.default_rng(seed)
    ease = generator.uniform(0.6, 0.95, orders.shape[1])
    chance = ease - slope * (orders - 1) / orders.shape[1]
    return np.where(generator.random(orders.shape) < chance, "correct", "wrong")


def test_raters_who_tire_are_found_and_reported():
    orders = shuffled()
    result = scored(ordered(tired(orders, 0.5), orders))
    values = [part.sus.value for part in result.fatigue.parts]
    assert values == sorted(values, reverse=True)
    assert result.fatigue.change.value == pytest.approx(-0.375, abs=0.1)
    assert result.fatigue.change.interval[1] < 0
    assert any(remark.startswith("Raters may have tired: ") for remark in remarks(result))
    assert [row["part of the order"] for row in fatigue_rows(result)] == ["1 of 4", "2 of 4", "3 of 4", "4 of 4", "last − first"]
    assert fatigue_rows(result)[-1]["value"].startswith("-0.")


def test_raters_who_do_not_tire_are_left_alone():
    found = []
    for seed in range(30):
        orders = shuffled(seed, 20, 20)
        found.append(scored(ordered(tired(orders, 0, seed), orders)).fatigue.change.interval)
    assert sum(low <= 0 <= high for low, high in found) >= 27


def test_every_answer_is_in_one_of_the_parts():
    orders = shuffled()
    result = scored(ordered(tired(orders, 0.2), orders))
    assert sum(part.answers for part in result.fatigue.parts) == result.counts.answers
    assert sum(part.correct for part in result.fatigue.parts) == result.counts.correct


def test_hard_signs_at_the_end_of_a_common_order_are_not_mistaken_for_fatigue():
    orders = np.tile(np.arange(1, SIGNS + 1), (RATERS, 1))
    outcomes = np.where(orders <= SIGNS // 2, "correct", "wrong")
    change = scored(ordered(outcomes, orders)).fatigue.change
    assert (change.value, change.interval) == (None, None)
    assert "fatigue cannot be distinguished from hard signs" in change.interval_note


@pytest.mark.parametrize(
    ("positions", "note", "without"),
    [
        (lambda orders: orders * 0, "the sheets give no order", RATERS),
        (lambda orders: np.where(np.arange(SIGNS) < 7, orders, 0), "no rater has an order of at least 8 clips in a pack", RATERS),
        (np.ones_like, "no rater has an order of at least 8 clips in a pack", RATERS),
    ],
    ids=["no order", "order of seven clips only", "one position for all"],
)
def test_without_a_whole_order_there_are_no_parts(positions, note, without):
    orders = shuffled()
    found = scored(ordered(tired(orders, 0), positions(orders))).fatigue
    assert (found.parts, found.change.interval_note, found.raters_without) == ((), note, without)


def test_raters_without_an_order_are_counted_but_are_in_no_part():
    orders = shuffled()
    orders[:5] = 0
    result = scored(ordered(tired(orders, 0), orders))
    assert result.fatigue.raters_without == 5
    assert sum(part.answers for part in result.fatigue.parts) == (RATERS - 5) * SIGNS
    assert any(remark.endswith("who are not in its parts: 5.") for remark in remarks(result))


def test_an_answer_without_a_position_does_not_affect_the_others():
    orders = shuffled()
    orders[:, 0] = 0
    result = scored(ordered(tired(orders, 0), orders))
    assert result.fatigue.raters_without == 0
    assert sum(part.answers for part in result.fatigue.parts) == RATERS * (SIGNS - 1)


def test_few_raters_have_parts_without_intervals():
    orders = shuffled(raters=6)
    found = scored(ordered(tired(orders, 0.2), orders)).fatigue
    assert {part.sus.interval_note for part in found.parts} == {"fewer than 10 raters"}
    assert found.change.value is not None and found.change.interval_note == "fewer than 10 raters"


def test_each_pack_has_orders_of_its_own():
    orders = shuffled(raters=12)
    rows = ordered(tired(orders, 0.4), orders, "one") + ordered(tired(orders, 0.4, 1), orders + SIGNS, "two", first_rater=1)
    parts = scored(rows).fatigue.parts
    assert [part.answers for part in parts] == [12 * SIGNS // 2] * 4
