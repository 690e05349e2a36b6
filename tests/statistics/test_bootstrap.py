"""The bootstrap over clips: its draws, and their percentiles."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from signbench.metrics.base import Metric, Record, Recorder, Records, Weights, ratio_of_sums, weighted_sum
from signbench.statistics.bootstrap import draws, over_clusters, percentile_interval
from signbench.statistics.units import numbered


class Ratio(Metric):
    """Sum of ``above`` over sum of ``below``: the shape of a corpus metric such as BLEU or WER."""

    name = "ratio"
    direction = "higher"
    view = "pose"
    pairs_frames = False
    unit = "1"
    interval_method = "bootstrap"

    def recorder(self) -> Recorder:
        raise AssertionError("the records are made by the tests")

    def clip_value(self, record: Record) -> float | None:
        return None

    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        return ratio_of_sums(records, weights, "above", "below")


def records_of(above: NDArray[Any], below: NDArray[Any] | None = None) -> list[Record]:
    below = np.ones(len(above)) if below is None else below
    return [{"above": np.asarray(a), "below": np.asarray(b)} for a, b in zip(above, below, strict=True)]


@pytest.mark.parametrize("clips", [1, 2, 10, 49, 255, 256, 1000, 3001])
@pytest.mark.parametrize("seed", [12345, 7])
def test_draws_made_in_blocks_are_those_of_one_call(clips: int, seed: int) -> None:
    generator = np.random.Generator(np.random.PCG64(seed))
    expected = generator.multinomial(clips, [1 / clips] * clips, size=300)
    assert np.array_equal(draws(clips, 300, seed), expected)


def test_draws_do_not_depend_on_the_size_of_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = draws(40, 100)
    monkeypatch.setattr("signbench.statistics.bootstrap._BLOCK_CELLS", 7 * 40)
    assert np.array_equal(draws(40, 100), whole)


def test_more_draws_begin_with_the_same_draws() -> None:
    assert np.array_equal(draws(25, 1000)[:100], draws(25, 100))


@pytest.mark.parametrize(
    ("clips", "dtype"), [(1, np.uint8), (255, np.uint8), (256, np.uint16), (65535, np.uint16), (65536, np.uint32)]
)
def test_draws_take_the_smallest_type_that_holds_the_number_of_clips(clips: int, dtype: type) -> None:
    assert draws(clips, size=2).dtype == dtype


def test_every_draw_counts_as_many_clips_as_there_are() -> None:
    weights = draws(300)
    assert weights.shape == (1000, 300)
    assert (weights.sum(axis=1) == 300).all()


def test_draws_over_many_clips_stay_small_in_memory() -> None:
    tracemalloc.start()
    weights = draws(20_000, size=200)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert weights.nbytes == 200 * 20_000 * 2
    assert peak < weights.nbytes + (6 << 20)


def test_no_clips_cannot_be_drawn_from() -> None:
    with pytest.raises(ValueError, match="at least one clip"):
        draws(0)


def test_means_by_weights_are_the_means_of_the_repeated_clips() -> None:
    values = np.random.default_rng(1).normal(size=60)
    weights = draws(60, size=50)
    expected = [np.mean(np.repeat(values, row)) for row in weights]
    assert weighted_sum(values, weights) / 60 == pytest.approx(expected, rel=1e-12)


def test_a_score_by_weights_is_the_score_of_the_repeated_clips() -> None:
    generator = np.random.default_rng(2)
    above, below = generator.poisson(5, 30), generator.poisson(9, 30) + 1
    weights = draws(30, size=40)
    by_weights = Ratio().score(records_of(above, below), weights)
    for row, score in zip(weights, by_weights, strict=True):
        repeated = records_of(np.repeat(above, row), np.repeat(below, row))
        assert score == Ratio().score(repeated, np.ones((1, len(repeated)), dtype=np.uint8))[0]


def test_percentiles_are_linear_between_neighbours() -> None:
    # positions 0.025 x 40 = 1 and 0.975 x 40 = 39 for 41 values; half-way cases for 21
    assert percentile_interval(np.arange(41.0)[::-1]) == (1.0, 39.0)
    assert percentile_interval(np.arange(21.0)) == pytest.approx((0.5, 19.5))


@pytest.mark.parametrize(
    ("undefined", "expected"),
    [(0, True), (50, True), (51, False), (1000, False)],
    ids=["none", "exactly 5 %", "just more than 5 %", "all"],
)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_draws_without_a_score_are_left_out_up_to_one_in_twenty(undefined: int, expected: bool, value: float) -> None:
    scores = np.random.default_rng(3).normal(size=1000)
    scores[:undefined] = value
    found = percentile_interval(scores)
    assert (found is not None) is expected
    if found is not None:
        assert found == tuple(np.percentile(scores[undefined:], [2.5, 97.5]))


def test_the_interval_of_a_mean_agrees_with_an_independent_bootstrap() -> None:
    from scipy.stats import bootstrap as reference

    values = np.random.default_rng(4).gamma(2.0, size=80)
    low, high = percentile_interval(draws(80, size=20_000) @ values / 80) or (0.0, 0.0)
    generator = np.random.default_rng(5)
    theirs = reference((values,), np.mean, n_resamples=20_000, method="percentile", rng=generator).confidence_interval
    their_low, their_high = float(theirs.low), float(theirs.high)
    width = their_high - their_low
    assert abs(low - their_low) < 0.03 * width
    assert abs(high - their_high) < 0.03 * width


def test_clips_of_a_cluster_are_drawn_together() -> None:
    cluster = numbered(["b", "a", "b", "c"])
    assert cluster.tolist() == [0, 1, 0, 2]
    assert over_clusters(np.array([[2, 0, 1]]), cluster).tolist() == [[2, 0, 2, 1]]
