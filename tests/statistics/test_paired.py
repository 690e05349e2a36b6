"""Two runs on the same clips: exchanges, the jackknife of a difference, and what comes of both."""

from __future__ import annotations

import tracemalloc
from typing import ClassVar

import numpy as np
import pytest
from scipy import stats

from signbench.errors import InputError
from signbench.metrics.base import Direction, MeanOfClips, Metric, ratio_of_sums, weighted_sum
from signbench.statistics import paired as module
from signbench.statistics.intervals import interval
from signbench.statistics.paired import PValues, effect_size, paired, randomisation_draws
from signbench.statistics.units import Units


class Mean(MeanOfClips):
    """The mean of the clips' values."""

    name = "mean"
    direction: ClassVar[Direction] = "lower"
    view = "pose"
    pairs_frames = False
    unit = "1"

    def recorder(self):
        raise AssertionError("the records are made by the tests")

    def clip_value(self, record):
        return float(record["above"]) / float(record["below"])


class HigherMean(Mean):
    direction = "higher"


class FoldedMean(Mean):
    """The same score, which does not say that it is a mean of clips."""

    mean_of_clips = False


class Ratio(Mean):
    """Sum of ``above`` over sum of ``below``: the shape of a corpus metric such as BLEU or WER."""

    mean_of_clips = False

    def score(self, records, weights):
        return ratio_of_sums(records, weights, "above", "below")


class NearOne(Ratio):
    """A ratio whose best value is 1."""

    direction = "reference"

    def reference_score(self, records, weights):
        return np.ones(weights.shape[0])


class MeanNearOne(Mean):
    direction = "reference"

    def reference_score(self, records, weights):
        return np.ones(weights.shape[0])


class Share(HigherMean):
    interval_method = "share"


class LeftOutMean(Mean):
    """The mean, taken for a distance between distributions."""

    interval_method = "jackknife"
    mean_of_clips = False


class Spread(LeftOutMean):
    """Standard deviation over clips."""

    direction = "reference"

    def score(self, records, weights):
        values = np.array([record["above"] for record in records], dtype=np.float64)
        number = weighted_sum(np.ones_like(values), weights)
        mean = weighted_sum(values, weights) / number
        return np.sqrt(weighted_sum(values**2, weights) / number - mean**2)

    def reference_score(self, records, weights):
        return np.ones(weights.shape[0])


def records_of(above, below=None):
    below = np.ones(len(above)) if below is None else below
    return [{"above": np.asarray(a, np.float64), "below": np.asarray(b, np.float64)} for a, b in zip(above, below, strict=True)]


def normals(seed, clips, shift=0.0):
    generator = np.random.default_rng(seed)
    common = generator.normal(5, 2, clips)
    return common + generator.normal(0, 1, clips), common + shift + generator.normal(0, 1, clips)


def held(metric: Metric, first, second, **options):
    return paired(metric, records_of(first), records_of(second), **options)


def test_the_test_of_a_mean_agrees_with_all_exchanges_there_are():
    first, second = normals(3, 14, shift=0.6)
    found = held(Mean(), first, second).p
    assert found is not None
    for ours, alternative in ((found.worse, "greater"), (found.better, "less"), (found.two_sided, "two-sided")):
        exact = stats.permutation_test(
            (second, first), lambda x, y, axis: np.mean(x - y, axis=axis), permutation_type="samples", n_resamples=np.inf,
            alternative=alternative, vectorized=True,
        ).pvalue  # fmt: skip
        assert ours == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 10_000))


def test_the_short_way_for_means_and_the_way_of_any_fold_make_the_same_exchanges():
    first, second = normals(4, 60, shift=0.3)
    assert held(Mean(), first, second).p == held(FoldedMean(), first, second).p


def test_a_ratio_of_sums_is_folded_again_from_the_exchanged_records():
    generator = np.random.default_rng(5)
    counts = [(generator.poisson(6 + side, 25), generator.poisson(9, 25) + 1) for side in (0, 1)]
    found = paired(Ratio(), *(records_of(*side) for side in counts))
    (a, b), (c, d) = counts
    observed = c.sum() / d.sum() - a.sum() / b.sum()
    swap = np.concatenate([np.asarray(block) for block in module._swaps(Units.of(25, None), 10_000)]).astype(bool)
    ours = np.where(swap, c, a).sum(axis=1) / np.where(swap, d, b).sum(axis=1)
    theirs = np.where(swap, a, c).sum(axis=1) / np.where(swap, b, d).sum(axis=1)
    expected = (np.sum(theirs - ours >= observed - 1e-12) + 1) / 10_001
    assert found.difference == pytest.approx(observed)
    assert found.p is not None
    assert found.p.worse == expected


def test_exchanges_do_not_depend_on_the_size_of_the_blocks(monkeypatch):
    units = Units.of(37, None)
    whole = np.concatenate(list(module._swaps(units, 500)))
    monkeypatch.setattr(module, "_BLOCK_CELLS", 7 * 37)
    blocks = list(module._swaps(units, 500))
    assert len(blocks) > 10
    assert np.array_equal(np.concatenate(blocks), whole)
    assert whole.mean() == pytest.approx(0.5, abs=0.02)


def test_exchanges_over_many_clips_stay_small_in_memory():
    tracemalloc.start()
    sizes = [block.shape for block in module._swaps(Units.of(20_000, None), 1000)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(rows for rows, _ in sizes) == 1000
    assert peak < 16 << 20


@pytest.mark.parametrize(("tests", "expected"), [(1, 10_000), (25, 10_000), (26, 10_400), (100, 40_000)])
def test_a_larger_family_gets_more_exchanges(tests, expected):
    assert randomisation_draws(tests) == expected
    first, second = normals(1, 20)
    if tests < 100:
        assert held(Mean(), first, second, tests=tests).draws == expected


def test_a_p_value_is_never_zero():
    found = held(Mean(), np.zeros(40), np.arange(1, 41)).p
    assert found == PValues(1 / 10_001, 1.0, 1 / 10_001)


@pytest.mark.parametrize("metric", [Mean(), Ratio(), NearOne(), LeftOutMean(), Spread()], ids=lambda metric: type(metric).__name__)
def test_equal_runs_do_not_differ(metric):
    values, _ = normals(6, 30)
    found = held(metric, values, values)
    assert (found.difference, found.worsening, found.p) == (0, 0, PValues(1, 1, 1))
    assert found.interval.bounds is None
    assert found.interval.reason == "the difference is the same without any of the clips"


@pytest.mark.parametrize(
    ("metric", "first", "second", "difference", "worse"),
    [
        (Mean(), 2.0, 3.0, 1.0, True),
        (Mean(), 3.0, 2.0, -1.0, False),
        (HigherMean(), 2.0, 3.0, 1.0, False),
        (HigherMean(), 3.0, 2.0, -1.0, True),
        (MeanNearOne(), 0.9, 1.3, 0.2, True),  # 0.3 from 1 instead of 0.1
        (MeanNearOne(), 1.3, 0.9, -0.2, False),
        (NearOne(), 0.5, 1.2, -0.3, False),
        (LeftOutMean(), 2.0, 3.0, 1.0, True),
    ],
)
def test_worse_is_in_the_metric_s_own_direction(metric, first, second, difference, worse):
    noise = np.random.default_rng(7).normal(0, 0.01, (2, 400))
    noise -= noise.mean(axis=1, keepdims=True)
    found = held(metric, first + noise[0], second + noise[1])
    assert found.difference == pytest.approx(difference)
    assert found.worsening == pytest.approx(abs(difference) if worse else -abs(difference))
    assert found.interval.low is not None
    assert found.interval.high is not None
    assert found.interval.low < difference < found.interval.high
    assert found.p is not None
    assert (found.p.worse < 0.001, found.p.better < 0.001) == (worse, not worse)
    assert found.p.two_sided < 0.001


def test_the_interval_of_a_difference_of_means_is_that_of_the_mean_difference():
    first, second = normals(8, 50, shift=0.4)
    found = held(Mean(), first, second).interval
    assert found.bounds == pytest.approx(interval(Mean(), records_of(second - first)).bounds, rel=1e-9)
    assert found.method == "bootstrap-t"


def test_the_interval_of_a_difference_of_shares_counts_one_more_clip_either_way():
    first, second = np.arange(20) < 14, np.arange(20) < 17
    found = held(Share(), first, second).interval
    # Bonett and Price: (3 + 1) and (0 + 1) of 22
    difference, half = 3 / 22, 1.959964 * np.sqrt((5 / 22 - (3 / 22) ** 2) / 22)
    assert found.bounds == pytest.approx((difference - half, difference + half), rel=1e-6)
    assert found.method == "paired-wald"
    equal = held(Share(), first, first).interval
    assert equal.low is not None
    assert equal.low == -equal.high < 0


def test_the_jackknife_of_a_mean_is_student_s_paired_test():
    first, second = normals(9, 20, shift=0.5)
    found = held(LeftOutMean(), first, second)
    assert found.p is not None
    for ours, alternative in ((found.p.worse, "greater"), (found.p.better, "less"), (found.p.two_sided, "two-sided")):
        assert ours == pytest.approx(stats.ttest_rel(second, first, alternative=alternative).pvalue, rel=1e-9)
    expected = stats.ttest_rel(second, first).confidence_interval(0.95)
    assert found.interval.bounds == pytest.approx((expected.low, expected.high))
    assert (found.method, found.draws) == ("jackknife", None)


def test_a_distance_between_distributions_is_compared_by_its_distance_from_the_references():
    generator = np.random.default_rng(10)
    narrow, right = generator.normal(0, 0.4, 400), generator.normal(0, 1, 400)
    found = held(Spread(), right, narrow)
    assert found.worsening == pytest.approx(0.6, abs=0.1)
    assert found.p is not None
    assert found.p.worse < 1e-6


def test_clusters_change_sides_as_a_whole():
    swaps = np.concatenate(list(module._swaps(Units.of(6, ["b", "a", "b", "c", "a", "b"]), 200)))
    assert np.array_equal(swaps[:, 0], swaps[:, 2])
    assert np.array_equal(swaps[:, 0], swaps[:, 5])
    assert np.array_equal(swaps[:, 1], swaps[:, 4])
    assert len({tuple(row) for row in swaps[:, [0, 1, 3]].tolist()}) == 8


def test_clusters_of_one_clip_are_independent_clips():
    first, second = normals(11, 40, shift=0.3)
    labels = [f"signer {number}" for number in range(40)]
    clustered, plain = held(Mean(), first, second, clusters=labels), held(Mean(), first, second)
    assert (clustered.p, clustered.interval.bounds) == (plain.p, plain.interval.bounds)
    assert (clustered.method, clustered.interval.method) == ("cluster-randomisation", "cluster-bootstrap-t")


def test_a_difference_that_belongs_to_few_signers_is_no_longer_significant():
    generator = np.random.default_rng(12)
    signer = np.repeat(np.arange(6), 50)
    effect = generator.normal(0.1, 1, 6)[signer]
    first, second = np.zeros(300), effect + generator.normal(0, 0.2, 300)
    alone, together = held(Mean(), first, second), held(Mean(), first, second, clusters=signer.tolist())
    assert alone.p is not None
    assert together.p is not None
    assert alone.p.two_sided < 0.01
    assert together.p.two_sided > 0.05
    assert together.interval.method == "cluster-bootstrap-t"


@pytest.mark.parametrize(
    ("metric", "clips", "clusters", "reason", "tested"),
    [
        (Mean(), 9, None, "fewer than 10 clips", True),
        (Mean(), 12, ["a", "b", "c"] * 4, "fewer than 5 clusters", True),
        (LeftOutMean(), 9, None, "fewer than 10 clips", False),
        (LeftOutMean(), 12, ["a", "b", "c"] * 4, "fewer than 5 clusters", False),
    ],
)
def test_few_clips_have_no_interval_and_no_test_that_needs_one(metric, clips, clusters, reason, tested):
    first, second = normals(13, clips)
    found = held(metric, first, second, clusters=clusters)
    assert found.interval.bounds is None
    assert found.interval.reason == reason
    assert (found.p is not None, found.reason) == (tested, None if tested else reason)
    assert found.difference == pytest.approx(np.mean(second) - np.mean(first))


@pytest.mark.parametrize("metric", [Mean(), Ratio(), LeftOutMean()], ids=lambda metric: type(metric).__name__)
def test_no_clip_is_not_a_comparison(metric):
    found = held(metric, [], [])
    assert (found.first, found.difference, found.p) == (None, None, None)
    assert found.reason


def test_an_undefined_score_is_not_a_comparison():
    found = paired(Ratio(), records_of(np.ones(12), np.zeros(12)), records_of(np.ones(12)))
    assert (found.first, found.second, found.difference, found.p) == (None, 1.0, None, None)
    assert found.reason == "the score is undefined"


def test_exchanges_that_leave_a_score_undefined_count_against_a_finding():
    # one clip alone has a denominator on each side; wherever it goes, a side is left without one half of the time
    below = np.eye(12)[0]
    found = paired(Ratio(), records_of(np.ones(12), below), records_of(2 * np.ones(12), np.eye(12)[1]))
    assert found.p is not None
    assert found.p.two_sided > 0.4


def test_sides_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="3 records of the first run and 4 of the second"):
        held(Mean(), np.ones(3), np.ones(4))
    with pytest.raises(InputError, match="2 cluster labels for 3 clips"):
        held(Mean(), np.ones(3), np.ones(3), clusters=["a", "b"])


@pytest.mark.parametrize(
    ("differences", "expected"), [([1.0, 2.0, 3.0], 2.0), ([-1.0, -2.0, -3.0], -2.0), ([1.0, 1.0], None), ([1.0], None), ([], None)]
)
def test_the_effect_is_the_mean_difference_in_standard_deviations(differences, expected):
    assert effect_size(np.array(differences)) == expected


@pytest.mark.parametrize("kind", ["mean", "ratio", "reference", "jackknife", "clusters"])
def test_p_values_are_uniform_where_two_models_draw_from_one_distribution(kind, monkeypatch):
    monkeypatch.setattr(module, "randomisation_draws", lambda tests: 1000)
    generator = np.random.default_rng(14)
    metric = {"mean": Mean(), "ratio": Ratio(), "reference": MeanNearOne(), "jackknife": LeftOutMean(), "clusters": Mean()}[kind]
    clusters = np.repeat(np.arange(10), 4).tolist() if kind == "clusters" else None
    found = []
    for _ in range(250):
        difficulty = generator.gamma(2, size=40)
        shared = np.repeat(generator.normal(0, 1, (2, 10)), 4, axis=1) if kind == "clusters" else np.zeros((2, 40))
        sides = 0.5 + difficulty + shared + generator.exponential(1, (2, 40))
        lengths = generator.integers(5, 20, (2, 40)) if kind == "ratio" else np.ones((2, 40))
        result = paired(metric, *(records_of(values * n, n) for values, n in zip(sides, lengths, strict=True)), clusters)
        assert result.p is not None
        found.append((result.p.two_sided, result.p.worse))
    for values in np.array(found).T:
        assert stats.kstest(values, "uniform").pvalue > 0.01


@pytest.mark.parametrize("clips", [5, 9, 13])
def test_few_exchanges_are_all_made_and_give_the_exact_p_value(clips):
    first, second = normals(15, clips, shift=0.8)
    found = held(Mean(), first, second)
    assert found.p is not None
    for ours, alternative in ((found.p.worse, "greater"), (found.p.better, "less"), (found.p.two_sided, "two-sided")):
        exact = stats.permutation_test(
            (second, first), lambda x, y, axis: np.mean(x - y, axis=axis), permutation_type="samples", n_resamples=np.inf,
            alternative=alternative, vectorized=True,
        ).pvalue  # fmt: skip
        assert ours == pytest.approx(exact, rel=1e-12)
    assert (found.draws, found.smallest_p) == (2**clips, 2.0**-clips)


def test_more_clips_than_there_are_draws_for_are_exchanged_at_random():
    found = held(Mean(), *normals(15, 14))
    assert (found.draws, found.smallest_p) == (10_000, 1 / 10_001)


@pytest.mark.parametrize("metric", [Mean(), LeftOutMean()], ids=["exchanges", "jackknife"])
def test_nine_signers_of_unequal_size_raise_no_more_alarms_than_promised(metric, monkeypatch):
    generator = np.random.default_rng(16)
    sizes = [30, 12, 8, 6, 4, 4, 3, 2, 2]
    signer = np.repeat(np.arange(9), sizes)
    alarms = 0
    for _ in range(400):
        shared = generator.normal(0, 1, (2, 9))[:, signer]
        first, second = 5 + generator.normal(0, 1, len(signer)) + shared + generator.normal(0, 1, (2, len(signer)))
        found = held(metric, first, second, clusters=signer.tolist())
        assert found.p is not None
        alarms += found.p.two_sided <= 0.05
    # 5 % of 400 plus three standard errors; with 8 degrees of freedom the jackknife gives 40 to 60
    assert alarms <= 20 + 13
