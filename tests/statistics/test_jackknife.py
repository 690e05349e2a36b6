"""The jackknife over groups of clips and over clusters."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from signbench.metrics.base import IntervalMethod, Metric, Record, Recorder, Records, Weights
from signbench.statistics.bootstrap import draws, percentile_interval
from signbench.statistics.intervals import Interval, interval
from signbench.statistics.jackknife import groups, leave_out, log_interval, standard_error, t_interval


class Mean(Metric):
    """The mean of the records' values, taken for a distribution metric."""

    name = "mean"
    direction = "lower"
    view = "pose"
    pairs_frames = False
    unit = "1"
    interval_method: ClassVar[IntervalMethod] = "jackknife"

    def recorder(self) -> Recorder:
        raise AssertionError("the records are made by the tests")

    def clip_value(self, record: Record) -> float | None:
        return None

    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        values = np.array([record["value"] for record in records])
        return weights @ values / weights.sum(axis=1)


class SquaredDistance(Mean):
    """Squared distance between the mean feature and the origin: biased upwards, as Fréchet distances are."""

    name = "squared-distance"

    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        means = weights @ np.stack([record["value"] for record in records]) / weights.sum(axis=1, keepdims=True)
        return np.asarray(np.sum(means**2, axis=1))


class DefinedWithFirstClip(Mean):
    """Has no score where the first clip is left out."""

    name = "defined-with-first-clip"

    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        return np.where(weights[:, 0] > 0, super().score(records, weights), np.nan)


def records_of(values: NDArray[np.float64]) -> list[Record]:
    return [{"value": value} for value in values]


def normal(seed: int, *shape: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize(("units", "sizes"), [(20, {1}), (40, {2}), (47, {2, 3}), (1003, {50, 51}), (10, {1}), (19, {1})])
def test_units_are_dealt_evenly(units: int, sizes: set[int]) -> None:
    group = groups(units)
    assert set(np.bincount(group, minlength=min(20, units)).tolist()) == sizes


def test_the_group_of_a_clip_is_its_place_in_the_seeded_permutation() -> None:
    order = np.random.Generator(np.random.PCG64(12345)).permutation(53)
    group = groups(53)
    assert [group[clip] for clip in order] == [index % 20 for index in range(53)]


def test_each_row_leaves_out_one_group_and_nothing_else() -> None:
    weights = leave_out(groups(53))
    assert weights.shape == (20, 53)
    assert set(np.unique(weights)) == {0, 1}
    assert ((weights == 0).sum(axis=0) == 1).all()


def test_the_standard_error_follows_the_formula() -> None:
    # mean 2, squares 1 + 0 + 1, times 2/3
    assert standard_error(np.array([1.0, 2.0, 3.0])) == pytest.approx(np.sqrt(4 / 3))


@pytest.mark.parametrize("clips", [10, 15, 20])
def test_leaving_out_single_clips_gives_students_interval_of_a_mean(clips: int) -> None:
    from scipy.stats import sem, t

    values = normal(1, clips)
    found = interval(Mean(), records_of(values))
    assert found.bounds == pytest.approx(t.interval(0.95, clips - 1, values.mean(), sem(values)), rel=1e-8)
    assert (found.method, found.reason) == ("jackknife", None)


def test_groups_of_equal_size_give_students_interval_over_the_means_of_groups() -> None:
    from scipy.stats import sem, t

    values = normal(2, 100)
    means = np.array([values[groups(100) == group].mean() for group in range(20)])
    expected = t.interval(0.95, 19, values.mean(), sem(means))
    assert interval(Mean(), records_of(values)).bounds == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("degrees", [4, 9, 19, 200])
def test_the_quantile_is_that_of_students_t(degrees: int) -> None:
    from scipy.stats import t

    scores = normal(3, degrees + 1)
    low, high = t_interval(0.0, scores)
    assert high / standard_error(scores) == pytest.approx(t.ppf(0.975, degrees), rel=1e-9)
    assert low == -high


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    samples = np.random.default_rng(4).exponential(1.0, (600, 60))
    weights = np.concatenate([np.ones((1, 60)), leave_out(groups(60))])
    scores = samples @ weights.T / weights.sum(axis=1)
    bounds = [t_interval(row[0], row[1:]) for row in scores]
    # three standard errors of the simulation are 0.027
    assert 0.90 <= np.mean([low <= 1.0 <= high for low, high in bounds]) <= 0.975


def test_the_jackknife_holds_a_biased_score_that_the_bootstrap_misses() -> None:
    records = records_of(normal(5, 100, 64))
    value = float(SquaredDistance().score(records, np.ones((1, 100), dtype=np.uint8))[0])
    low, high = interval(SquaredDistance(), records).bounds or (np.nan, np.nan)
    assert low < value < high
    biased, _ = percentile_interval(SquaredDistance().score(records, draws(100))) or (np.nan, np.nan)
    assert biased > value


@pytest.mark.parametrize("clips", [1, 9])
def test_fewer_than_ten_clips_have_no_interval(clips: int) -> None:
    assert interval(Mean(), records_of(normal(6, clips))) == Interval(method="jackknife", reason="fewer than 10 clips")


def test_a_score_that_one_group_carries_has_no_interval_and_says_why() -> None:
    found = interval(DefinedWithFirstClip(), records_of(normal(7, 30)))
    assert found == Interval(method="jackknife", reason="the score is undefined when some clips are left out")


@pytest.mark.parametrize("clusters", [5, 9, 19])
def test_few_clusters_are_left_out_one_by_one(clusters: int) -> None:
    from scipy.stats import sem, t

    values = normal(8, clusters * 4)
    labels = np.tile(np.arange(clusters), 4)
    means = np.array([values[labels == label].mean() for label in range(clusters)])
    found = interval(Mean(), records_of(values), labels.tolist())
    assert found.method == "cluster-jackknife"
    assert found.bounds == pytest.approx(t.interval(0.95, clusters - 1, values.mean(), sem(means)), rel=1e-8)


def test_fewer_than_five_clusters_have_no_interval() -> None:
    found = interval(Mean(), records_of(normal(9, 40)), ["a", "b", "c", "d"] * 10)
    assert found == Interval(method="cluster-jackknife", reason="fewer than 5 clusters")


def test_many_clusters_are_left_out_in_groups_and_never_split() -> None:
    from scipy.stats import sem, t

    labels = np.repeat(np.arange(40), 3)
    values = normal(11, 120)
    group = groups(40)[labels]
    means = np.array([values[group == each].mean() for each in range(20)])
    found = interval(Mean(), records_of(values), labels.tolist())
    assert found.bounds == pytest.approx(t.interval(0.95, 19, values.mean(), sem(means)), rel=1e-8)


class NeverNegative(SquaredDistance):
    limits = (0.0, None)


def test_a_score_that_cannot_be_negative_has_its_error_on_the_scale_of_logarithms() -> None:
    from scipy.stats import t

    records = records_of(normal(12, 60, 3) + 0.3)
    scores = NeverNegative().score(records, np.concatenate([np.ones((1, 60)), leave_out(groups(60))]).astype(np.uint8))
    low, high = interval(NeverNegative(), records).bounds or (np.nan, np.nan)
    half = t.ppf(0.975, 19) * standard_error(np.log(scores[1:]))
    assert (low, high) == pytest.approx((scores[0] * np.exp(-half), scores[0] * np.exp(half)), rel=1e-8)
    assert 0 < low < scores[0] < high
    assert high - scores[0] > scores[0] - low


@pytest.mark.parametrize("scores", [[0.0, 1.0, 1.0], [1e-9, 1.0, 1e-4], [1.0, 1.0, -1.0]])
def test_noise_around_zero_has_no_interval(scores: list[float]) -> None:
    assert log_interval(1.0, np.array(scores)) is None
    assert log_interval(0.0, np.ones(3)) is None


def test_large_clusters_leave_fewer_degrees_of_freedom() -> None:
    from scipy.stats import t

    sizes = [20, 4, 4, 4, 4, 4]  # 40² / (20² + 5 x 4²) = 3.3 clusters of equal size
    labels = np.repeat(np.arange(6), sizes)
    values = normal(13, 40)
    without = np.array([values[labels != label].mean() for label in range(6)])
    half = t.ppf(0.975, 2) * standard_error(without)
    found = interval(Mean(), records_of(values), labels.tolist())
    assert found.bounds == pytest.approx((values.mean() - half, values.mean() + half), rel=1e-8)


def test_equal_clips_have_no_interval() -> None:
    found = interval(Mean(), records_of(np.full(30, 0.1)))
    assert found == Interval(method="jackknife", reason="the score is the same without any of the clips")
