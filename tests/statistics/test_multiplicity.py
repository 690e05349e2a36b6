"""Holm's correction."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.statistics.multiplicity import holm


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        ([0.03], [0.03]),
        ([None, 0.03], [None, 0.03]),
        # m = 4: 0.01 x 4, 0.02 x 3, then 0.03 x 2 = 0.06 and 0.04 x 1, which may not fall below what came before
        ([0.04, 0.01, 0.03, 0.02], [0.06, 0.04, 0.06, 0.06]),
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),  # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
        ([0.5, 0.6, 0.7], [1.0, 1.0, 1.0]),
        ([0.0, 1.0], [0.0, 1.0]),
        ([0.02, None, 0.02], [0.04, None, 0.04]),
    ],
)
def test_p_values_are_corrected_for_their_family(values, expected):
    assert holm(values) == pytest.approx(expected)


def test_the_smallest_is_corrected_as_by_bonferroni_and_order_is_kept():
    values = np.random.default_rng(0).uniform(size=30) / 40
    corrected = np.array([value or 0.0 for value in holm(values.tolist())])
    assert corrected[values.argmin()] == pytest.approx(30 * values.min())
    assert (np.diff(corrected[np.argsort(values)]) >= 0).all()
    assert (corrected >= values).all()


def test_one_false_alarm_among_all_is_as_rare_as_alpha():
    generator = np.random.default_rng(1)
    alarms = sum(min(value or 0.0 for value in holm(row.tolist())) <= 0.05 for row in generator.uniform(size=(2000, 6)))
    assert alarms / 2000 == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 2000))
