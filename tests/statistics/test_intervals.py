"""Intervals of scores: their ends, why there are none, and how often they hold the truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.metrics import registry
from signbench.metrics.base import (
    IntervalMethod,
    Limits,
    MeanOfClips,
    Metric,
    Record,
    Recorder,
    Records,
    Weights,
    ratio_of_sums,
)
from signbench.statistics import studentised
from signbench.statistics.bootstrap import draws
from signbench.statistics.intervals import Interval, interval
from signbench.statistics.units import Units


class Ratio(Metric):
    """Sum of ``above`` over sum of ``below``: the shape of a corpus metric such as BLEU or WER."""

    name = "ratio"
    direction = "higher"
    view = "pose"
    pairs_frames = False
    unit = "1"

    def recorder(self) -> Recorder:
        raise AssertionError("the records are made by the tests")

    def clip_value(self, record: Record) -> float | None:
        return None

    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        return ratio_of_sums(records, weights, "above", "below")


class UpToOne(Ratio):
    limits: ClassVar[Limits] = (0.0, 1.0)


class Share(MeanOfClips, Ratio):
    interval_method: ClassVar[IntervalMethod] = "share"

    def clip_value(self, record: Record) -> float:
        return float(record["above"])


class OnlyWithFirst(Ratio):
    """Has no score without the first clip."""

    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        return np.where(weights[:, 0] > 0, super().score(records, weights), np.nan)


def records_of(above: Any, below: Any = None) -> list[Record]:
    below = np.ones(len(above)) if below is None else below
    return [{"above": np.asarray(a), "below": np.asarray(b)} for a, b in zip(above, below, strict=True)]


def normal(seed: int, *shape: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=shape)


def by_hand(values: NDArray[np.float64]) -> tuple[float, float]:
    """The studentised bootstrap of a mean with textbook errors, no end nearer than Student's t."""
    from scipy.stats import t

    number = len(values)
    drawn = np.array([np.repeat(values, row) for row in draws(number)])
    error = values.std(ddof=1) / np.sqrt(number)
    with np.errstate(divide="ignore"):
        ratio = np.sort((drawn.mean(axis=1) - values.mean()) / (drawn.std(axis=1) / np.sqrt(number - 1)))
    student = t.ppf(0.975, number - 1)
    return values.mean() - max(ratio[-25], student) * error, values.mean() - min(ratio[24], -student) * error


@pytest.mark.parametrize("make", [np.random.default_rng(1).normal, np.random.default_rng(2).exponential], ids=["normal", "skewed"])
@pytest.mark.parametrize("clips", [10, 25, 80])
def test_the_interval_of_a_mean_is_the_textbook_s(make: Callable[..., NDArray[np.float64]], clips: int) -> None:
    values = make(size=clips)
    found = interval(Ratio(), records_of(values))
    assert found.bounds == pytest.approx(by_hand(values), rel=1e-8)
    assert (found.method, found.reason) == ("bootstrap-t", None)


def test_no_end_is_nearer_than_student_s() -> None:
    from scipy.stats import sem, t

    for seed in range(20):
        values = np.random.default_rng(seed).exponential(size=20)
        low, high = interval(Ratio(), records_of(values)).bounds or (np.nan, np.nan)
        nearest = t.interval(0.95, 19, values.mean(), sem(values))
        assert low <= nearest[0] + 1e-9
        assert high >= nearest[1] - 1e-9
        assert high - values.mean() > values.mean() - low


def test_two_metrics_of_a_run_share_their_draws() -> None:
    above = normal(8, 25)
    one, two = (interval(Ratio(), records_of(values)).bounds or () for values in (above, 3 * above + 1))
    assert two == pytest.approx([3 * end + 1 for end in one], rel=1e-9)


def test_the_interval_does_not_depend_on_the_size_of_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    records = records_of(normal(9, 37))
    whole = interval(Ratio(), records)
    monkeypatch.setattr(studentised, "_BLOCK_CELLS", 5 * 37)
    assert interval(Ratio(), records) == whole


@pytest.mark.parametrize("method", ["bootstrap", "share", "jackknife"])
@pytest.mark.parametrize("clips", [1, 9])
def test_fewer_than_ten_clips_have_no_interval(method: IntervalMethod, clips: int) -> None:
    kind = type("Few", (Share,), {"interval_method": method})
    found = interval(kind(), records_of(np.arange(clips) % 2))
    assert (found.bounds, found.reason) == (None, "fewer than 10 clips")


@pytest.mark.parametrize(
    ("metric", "above", "below", "reason"),
    [
        (Ratio(), np.full(12, 0.3), None, "the score is the same without any of the clips"),
        (Ratio(), np.zeros(40), None, "the score is the same without any of the clips"),  # BLEU 0, WER 0, DTW of a copy
        (UpToOne(), np.ones(200), None, "the score is the same without any of the clips"),
        (Ratio(), np.eye(12)[0], None, "the score hangs on too few clips for its error to be known"),
        (UpToOne(), [*np.ones(17), 0.2, 0.8, 0.95], None, "the score hangs on too few clips for its error to be known"),
        (Ratio(), np.ones(12), np.eye(12)[0], "the score is undefined when some clips are left out"),
        (OnlyWithFirst(), normal(3, 30), None, "the score is undefined when some clips are left out"),
    ],
)
def test_where_clips_do_not_tell_how_they_differ_there_is_no_interval(metric: Metric, above: Any, below: Any, reason: str) -> None:
    found = interval(metric, records_of(above, below))
    assert (found.bounds, found.reason) == (None, reason)


@pytest.mark.parametrize("metric", ["ssim", "dtw", "bleu", "wer", "chrf", "rouge-l", "duration-ratio", "l1"])
def test_equal_clips_never_have_an_interval_of_width_zero(metric: str) -> None:
    kind = registry.create(metric)
    if kind.view == "text":
        from signbench.metrics.pairs import TextPair

        same = [TextPair("a b c d e", "a b c d e"), TextPair("x y", "a b c d")]
        for pair in same:
            found = interval(kind, [kind.record([pair])] * 15)
            assert (found.bounds, found.reason) == (None, "the score is the same without any of the clips")
        return
    from tests.ci.simulated_runs import record_of

    found = interval(kind, [record_of(kind, 1.0)] * 15)
    assert (found.bounds, found.reason) == (None, "the score is the same without any of the clips")


@pytest.mark.parametrize(
    ("limits", "drawn_in"), [((0.0, None), (True, False)), ((None, 0.6), (False, True)), ((0.0, 0.6), (True, True))]
)
def test_ends_stay_within_what_the_metric_can_be(limits: Limits, drawn_in: tuple[bool, bool]) -> None:
    records = records_of(normal(3, 12))
    low, high = interval(Ratio(), records).bounds or (np.nan, np.nan)
    assert low < 0
    assert high > 0.6
    found = interval(type("Limited", (Ratio,), {"limits": limits})(), records)
    assert found.bounds == (0.0 if drawn_in[0] else low, 0.6 if drawn_in[1] else high)


@pytest.mark.parametrize(
    ("right", "number", "expected"),
    [
        # Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I, method 3
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
        (12, 12, (0.7575, 1.0)),
    ],
)
def test_a_share_has_wilson_s_interval(right: int, number: int, expected: tuple[float, float]) -> None:
    found = interval(Share(), records_of(np.arange(number) < right))
    assert found.bounds == pytest.approx(expected, abs=5e-5)
    assert found.method == "wilson"


def recognised(labels: list[str], right: list[bool]) -> list[Record]:
    return [
        {"hit": np.array(int(hit)), "known": np.array(1), "label": np.frombuffer(label.encode(), np.uint8)}
        for label, hit in zip(labels, right, strict=True)
    ]


def test_all_clips_correct_still_have_an_interval_of_accuracy_of_either_average() -> None:
    labels = [f"sign {number % 4}" for number in range(12)]
    for name in ("accuracy", "accuracy:average=class"):
        low, high = interval(registry.create(name), recognised(labels, [True] * 12)).bounds or (np.nan, np.nan)
        assert low == pytest.approx(0.7575, abs=5e-5)
        assert high == 1.0


def test_clips_of_rare_labels_make_the_mean_over_labels_less_certain() -> None:
    labels = ["often"] * 18 + ["seldom"] * 2
    metric = registry.create("accuracy:average=class")
    found = interval(metric, recognised(labels, [True] * 20))
    # 1 / (18 / 36² + 2 / 4²) = 7.2 clips of equal weight
    assert found.low == pytest.approx(7.2 / (7.2 + 1.959964**2), rel=1e-6)


def test_clips_of_a_cluster_count_once_where_all_are_right() -> None:
    from scipy.stats import t

    labels = np.repeat(np.arange(6), 10).tolist()
    found = interval(Share(), records_of(np.ones(60)), labels)
    assert found.method == "cluster-wilson"
    assert found.bounds == pytest.approx((6 / (6 + t.ppf(0.975, 5) ** 2), 1.0))
    mixed = (np.arange(60) % 10 < 7) ^ (np.repeat(np.arange(6), 10) == 5)
    clustered, plain = interval(Share(), records_of(mixed), labels), interval(Share(), records_of(mixed))
    assert clustered.low is not None
    assert plain.low is not None
    assert clustered.low < plain.low


def test_clusters_of_one_clip_give_the_interval_of_independent_clips() -> None:
    records = records_of(normal(9, 40))
    labels = [f"signer {40 - index}" for index in range(40)]
    clustered = interval(Ratio(), records, labels)
    assert clustered.method == "cluster-bootstrap-t"
    assert clustered.bounds == interval(Ratio(), records).bounds


def test_like_clips_within_clusters_widen_the_interval() -> None:
    values = np.repeat(normal(10, 25), 8)
    labels = np.repeat(np.arange(25), 8).tolist()
    (low, high), (wide_low, wide_high) = (
        interval(Ratio(), records_of(values), clusters).bounds or (0.0, 0.0) for clusters in (None, labels)
    )
    assert (wide_high - wide_low) / (high - low) == pytest.approx(np.sqrt(8), rel=0.2)


def test_one_large_cluster_makes_the_others_count_for_less() -> None:
    units = Units.of(60, ["large"] * 30 + [f"small {index}" for index in range(10) for _ in range(3)])
    # 60² / (30² + 10 x 3²)
    assert units.effective == pytest.approx(3.636, abs=1e-3)
    assert units.freedom() == 2
    assert Units.of(40, [str(index % 8) for index in range(40)]).freedom() == 7
    nearly_one = Units.of(100, ["large"] * 90 + [str(index % 5) for index in range(10)])
    assert nearly_one.too_few() == "nearly all clips are of one cluster"


def test_labels_that_are_not_one_per_clip_are_refused() -> None:
    with pytest.raises(InputError, match="3 cluster labels for 12 clips"):
        interval(Ratio(), records_of(np.ones(12)), ["a", "b", "c"])


@pytest.mark.parametrize("clips", [10, 20, 60])
@pytest.mark.parametrize("shape", ["normal", "exponential", "lognormal", "near one"])
def test_the_interval_of_a_mean_holds_the_truth_about_as_often_as_it_says(shape: str, clips: int) -> None:
    generator = np.random.default_rng(6)
    size = (300, clips)
    samples, truth = {
        "normal": (generator.normal(1.0, 1.0, size), 1.0),
        "exponential": (generator.exponential(1.0, size), 1.0),
        "lognormal": (generator.lognormal(0, 0.6, size), np.exp(0.18)),
        "near one": (generator.beta(8, 1, size), 8 / 9),
    }[shape]
    bounds = [interval(Ratio(), records_of(row)).bounds or (np.nan, np.nan) for row in samples]
    # 93 % less three standard errors of the simulation; plain percentiles give 80 to 87 % for 10 skewed clips
    assert np.mean([low <= truth <= high for low, high in bounds]) >= 0.93 - 3 * np.sqrt(0.95 * 0.05 / 300)


def test_an_interval_is_none_or_has_two_ends() -> None:
    assert Interval.of("why", "wilson") == Interval(method="wilson", reason="why")
    assert Interval.of((-1.0, 2.0), "wilson", (0.0, 1.0)).bounds == (0.0, 1.0)
