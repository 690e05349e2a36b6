"""Values that worker processes compute ahead."""

from __future__ import annotations

import os

import numpy as np
import pytest

from signbench.training.ahead import computed_ahead


@pytest.mark.parametrize("workers", [0, 1, 2])
@pytest.mark.parametrize("numbers", [range(0), range(1), range(5, 40), [3, 1, 2]])
def test_values_come_in_the_order_of_their_arguments(workers, numbers):
    found = list(computed_ahead(lambda number: np.full((2, number), number), numbers, workers))
    assert [value.shape[1] for value in found] == list(numbers)
    assert all(type(value) is np.ndarray for value in found)


def test_they_are_computed_in_other_processes():
    assert os.getpid() not in set(computed_ahead(lambda number: os.getpid(), range(8), 2))
    assert set(computed_ahead(lambda number: os.getpid(), range(8), 0)) == {os.getpid()}


def test_an_error_in_a_worker_arrives():
    with pytest.raises(ZeroDivisionError):
        list(computed_ahead(lambda number: 1 // number, range(2), 1))


@pytest.mark.parametrize("workers", [0, 2])
def test_the_random_state_of_torch_stays_as_it_is(workers):
    torch = pytest.importorskip("torch")
    torch.manual_seed(3)
    before = torch.get_rng_state()
    list(computed_ahead(lambda number: number, range(4), workers))
    assert torch.equal(before, torch.get_rng_state())
