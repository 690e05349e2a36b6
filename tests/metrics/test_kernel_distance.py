"""The kernel distance over random subsets: its draws, its weights, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.metrics.kernel_distance import kernel_scores, squared_discrepancies
from signbench.statistics.jackknife import groups, leave_out


def clip_records(clips, width=6, frames=(1, 5), *, shift=0.5):
    random = np.random.default_rng(0)
    return [
        {
            "prediction": random.normal(size=(random.integers(*frames), width)).astype(np.float32) + np.float32(shift),
            "reference": random.normal(size=(random.integers(*frames), width)).astype(np.float32),
        }
        for _ in range(clips)
    ]


def kernel_score(records, rows=None, **options):
    rows = np.ones((1, len(records)), dtype=np.int64) if rows is None else rows
    return kernel_scores(records, rows, "kid", **{"degree": 3, "subsets": 3, "size": 10, "seed": 0, **options})


def by_definition(first, second, degree=3):
    """The unbiased estimate, pair by pair."""

    def kernel(a, b):
        return (np.dot(a, b) / len(a) + 1) ** degree

    within = [
        np.mean([kernel(side[i], side[j]) for i in range(len(side)) for j in range(len(side)) if i != j])
        for side in (first, second)
    ]
    return sum(within) - 2 * np.mean([kernel(a, b) for a in first for b in second])


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_the_estimate_is_that_of_the_definition(degree):
    first, second = np.random.default_rng(0).normal(size=(2, 7, 4))
    ones = np.ones((1, 7))
    found = squared_discrepancies(first, ones, second, ones, degree)
    assert found.tolist() == pytest.approx([by_definition(first, second, degree)], rel=1e-12)


def test_repeated_vectors_count_as_other_vectors_that_are_equal():
    first, second = np.random.default_rng(0).normal(size=(2, 5, 4))
    often = np.array([[2.0, 0, 1, 3, 1], [1, 1, 1, 1, 1]])
    found = squared_discrepancies(first, often, second, often[::-1], 3)
    expected = [
        by_definition(np.repeat(first, often[0].astype(int), axis=0), second),
        by_definition(first, np.repeat(second, often[0].astype(int), axis=0)),
    ]
    assert found.tolist() == pytest.approx(expected, rel=1e-12)


def test_many_vectors_are_compared_block_by_block():
    first, second = np.random.default_rng(0).normal(size=(2, 1100, 3))
    ones = np.ones((1, 1100))
    kernels = [(a @ b.T / 3 + 1) ** 3 for a, b in ((first, first), (second, second), (first, second))]
    within = sum((kernel.sum() - np.trace(kernel)) / (1100 * 1099) for kernel in kernels[:2])
    expected = within - 2 * kernels[2].mean()
    assert squared_discrepancies(first, ones, second, ones, 3).tolist() == pytest.approx([expected], rel=1e-9)


def drawn_by_hand(records, row, *, size, subset, seed):
    """Subsets as the documentation says: the smallest numbers among the copies that a row has."""
    generator = np.random.Generator(np.random.PCG64(seed + subset))
    counts = {side: [len(record[side]) for record in records] for side in ("reference", "prediction")}
    candidates = {side: [] for side in counts}
    for copy in range(max(row)):
        for side, lengths in counts.items():
            keys = iter(generator.random(sum(lengths)))
            for record, length, often in zip(records, lengths, row, strict=True):
                for frame in range(length):
                    key = next(keys)
                    if copy < often:
                        candidates[side].append((key, record[side][frame].astype(np.float64)))
    return [np.stack([vector for _, vector in sorted(pairs, key=lambda pair: pair[0])[:size]]) for pairs in candidates.values()]


def test_subsets_are_the_smallest_numbers_of_seeded_generators_for_every_row_of_weights():
    records = clip_records(12)
    rows = np.array([[1] * 12, [0, 0, 0] + [1] * 9, [2, 0, 1] * 4, [1] * 11 + [0]])
    expected = [
        np.mean([by_definition(*drawn_by_hand(records, row, size=10, subset=subset, seed=5)) for subset in range(3)])
        for row in rows
    ]
    assert kernel_score(records, rows, seed=5).tolist() == pytest.approx(expected, rel=1e-9)


def test_a_row_has_one_score_whatever_other_rows_are_requested():
    records = clip_records(40)
    rows = np.concatenate([np.ones((1, 40), np.int64), leave_out(groups(40)), 2 * np.ones((1, 40), np.int64)])
    together = kernel_score(records, rows)
    apart = [kernel_score(records, row[None])[0] for row in rows]
    assert together.tolist() == pytest.approx(apart, rel=1e-11)


def test_leaving_out_clips_that_no_subset_has_changes_nothing():
    records = clip_records(40)
    left_out = [leave_out(np.arange(40))[index] for index in range(40)]
    scores = kernel_score(records, np.concatenate([np.ones((1, 40), np.int64), left_out]), subsets=1, size=4)
    unchanged = np.isclose(scores[1:], scores[0], rtol=1e-12, atol=0).sum()
    assert 40 - 2 * 4 <= unchanged < 40


def test_with_subsets_of_the_whole_set_nothing_is_random():
    records = clip_records(20, frames=(2, 3))
    whole = [np.concatenate([record[side] for record in records]).astype(np.float64) for side in ("prediction", "reference")]
    scores = [kernel_score(records, size=40, subsets=2, seed=seed)[0] for seed in (0, 1)]
    assert scores == pytest.approx([by_definition(*whole)] * 2, rel=1e-9)


def test_a_set_is_near_itself_and_an_estimate_may_be_negative():
    records = [{"prediction": record["reference"], "reference": record["reference"]} for record in clip_records(300)]
    scores = [kernel_score(records, size=100, subsets=20, seed=seed)[0] for seed in (0, 100, 200)]
    assert max(np.abs(scores)) < 0.05
    assert min(scores) < 0
    assert kernel_score(clip_records(300), size=100, subsets=20)[0] > 0.5


def test_order_of_the_clips_within_the_set_and_seed_change_the_draws_only():
    records = clip_records(200)
    scores = [
        kernel_score(records, subsets=50)[0],
        kernel_score(records[::-1], subsets=50)[0],
        kernel_score(records, subsets=50, seed=9)[0],
    ]
    assert len(set(scores)) == 3
    assert scores == pytest.approx([np.mean(scores)] * 3, rel=0.3)


def test_too_few_vectors_are_an_error_that_names_the_size_to_choose():
    records = clip_records(3, frames=(3, 4))
    with pytest.raises(
        InputError, match=r"subsets of 10 vectors, but there are 9 of the predictions and 9 of the references; .*size=9"
    ):
        kernel_score(records)


def test_a_row_that_leaves_too_few_vectors_is_not_a_number_and_the_others_are_computed():
    records = clip_records(4, frames=(3, 4))
    scores = kernel_score(records, np.array([[1, 1, 1, 1], [0, 1, 1, 1], [0, 0, 0, 0]]))
    assert np.isfinite(scores).tolist() == [True, False, False]
    assert scores[0] == kernel_score(records)[0]
