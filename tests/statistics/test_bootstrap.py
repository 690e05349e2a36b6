"""The bootstrap over clips: its draws, its percentiles, and the intervals that come of them."""

from __future__ import annotations

import re
import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.metrics.base import Metric, Record, Recorder, Records, Weights, ratio_of_sums, weighted_sum
from signbench.statistics.bootstrap import draws, over_clusters, percentile_interval
from signbench.statistics.intervals import Interval, interval, numbered


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


@pytest.mark.parametrize("shape", ["normal", "exponential"])
def test_the_interval_of_a_mean_covers_the_truth_about_as_often_as_it_says(shape: str) -> None:
    generator = np.random.default_rng(6)
    samples = generator.normal(1.0, 1.0, (600, 60)) if shape == "normal" else generator.exponential(1.0, (600, 60))
    scores = draws(60) @ samples.T / 60
    bounds = [percentile_interval(column) or (np.nan, np.nan) for column in scores.T]
    covered = np.mean([low <= 1.0 <= high for low, high in bounds])
    # three standard errors of the simulation are 0.027; percentile intervals are a little short on skewed data
    assert 0.90 <= covered <= 0.975


def test_the_interval_of_a_metric_is_that_of_its_draws() -> None:
    above = np.random.default_rng(7).normal(size=25)
    found = interval(Ratio(), records_of(above))
    assert found.bounds == pytest.approx(np.percentile(draws(25) @ above / 25, [2.5, 97.5]), rel=1e-12)
    assert (found.method, found.reason) == ("bootstrap", None)


def test_two_metrics_of_a_run_share_their_draws() -> None:
    above = np.random.default_rng(8).normal(size=25)
    one, two = (interval(Ratio(), records_of(values)) for values in (above, 3 * above + 1))
    assert one.low is not None
    assert one.high is not None
    assert two.bounds == pytest.approx((3 * one.low + 1, 3 * one.high + 1), rel=1e-12)


@pytest.mark.parametrize("clips", [1, 9])
def test_fewer_than_ten_clips_have_no_interval(clips: int) -> None:
    found = interval(Ratio(), records_of(np.ones(clips)))
    assert found == Interval(None, None, "bootstrap", "fewer than 10 clips")
    assert found.bounds is None


def test_ten_clips_have_an_interval() -> None:
    assert interval(Ratio(), records_of(np.arange(10.0))).bounds is not None


def test_a_score_that_few_clips_define_has_no_interval_and_says_why() -> None:
    # one clip of twelve has a denominator: a draw misses it with probability (11/12)^12 = 35 %
    found = interval(Ratio(), records_of(np.ones(12), np.eye(12)[0]))
    assert found.bounds is None
    assert re.fullmatch(r"the score is undefined in 3\d\d of 1000 draws", found.reason or "")


def test_clips_of_a_cluster_are_drawn_together() -> None:
    cluster = numbered(["b", "a", "b", "c"])
    assert cluster.tolist() == [0, 1, 0, 2]
    assert over_clusters(np.array([[2, 0, 1]]), cluster).tolist() == [[2, 0, 2, 1]]


def test_clusters_of_one_clip_give_the_interval_of_independent_clips() -> None:
    records = records_of(np.random.default_rng(9).normal(size=40))
    labels = [f"signer {40 - place}" for place in range(40)]
    clustered = interval(Ratio(), records, labels)
    assert clustered.method == "cluster-bootstrap"
    assert clustered.bounds == interval(Ratio(), records).bounds


def test_like_clips_within_clusters_widen_the_interval() -> None:
    values = np.repeat(np.random.default_rng(10).normal(size=25), 8)
    labels = np.repeat(np.arange(25), 8).tolist()
    (low, high), (wide_low, wide_high) = (
        interval(Ratio(), records_of(values), clusters).bounds or (0.0, 0.0) for clusters in (None, labels)
    )
    assert (wide_high - wide_low) / (high - low) == pytest.approx(np.sqrt(8), rel=0.15)


def test_labels_that_are_not_one_per_clip_are_refused() -> None:
    with pytest.raises(InputError, match="3 cluster labels for 12 clips"):
        interval(Ratio(), records_of(np.ones(12)), ["a", "b", "c"])
