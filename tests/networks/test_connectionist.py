from __future__ import annotations

import itertools

import numpy as np
import pytest

from signbench.networks.connectionist import best_path, log_likelihood, prefix_beam_search


def drawn(steps: int, classes: int, seed: int, sharpness: float = 1.5):
    logits = np.random.default_rng(seed).normal(size=(steps, classes)) * sharpness
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def collapsed(path):
    kept = [label for index, label in enumerate(path) if index == 0 or label != path[index - 1]]
    return tuple(label for label in kept if label)


def by_brute_force(rows):
    """Every sequence's probability, over all paths."""
    found: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(rows.shape[1]), repeat=len(rows)):
        value = float(sum(row[label] for row, label in zip(rows, path, strict=True)))
        found[collapsed(path)] = float(np.logaddexp(found.get(collapsed(path), -np.inf), value))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_a_wide_beam_finds_what_brute_force_finds(seed):
    rows = drawn(5, 4, seed)
    found = by_brute_force(rows)
    assert tuple(prefix_beam_search(rows, width=1000)) == max(found, key=found.__getitem__)


@pytest.mark.parametrize("seed", range(12))
def test_the_likelihood_of_a_sequence_is_that_of_all_its_paths(seed):
    rows = drawn(5, 4, seed)
    for labels, value in by_brute_force(rows).items():
        assert log_likelihood(rows, list(labels)) == pytest.approx(value, abs=1e-12)


def test_a_sequence_that_needs_more_steps_than_there_are_is_impossible():
    assert log_likelihood(drawn(3, 4, 0), [1, 1, 2]) == -np.inf


def test_a_class_may_follow_itself_where_a_blank_is_between():
    rows = np.log(np.array([[0.01, 0.99], [0.99, 0.01], [0.01, 0.99]]))
    assert prefix_beam_search(rows) == best_path(rows) == [1, 1]


def test_the_search_adds_paths_up_where_the_best_path_does_not():
    # the likeliest path is blank blank, 0.36; the two paths and their union of class 1 have 0.64
    rows = np.log(np.array([[0.6, 0.4], [0.6, 0.4]]))
    assert best_path(rows) == []
    assert prefix_beam_search(rows) == [1]
