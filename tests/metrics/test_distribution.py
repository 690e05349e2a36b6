"""fid, kid, fvd and motion-fid as metrics: their records, what is printed with their scores, and what they refuse."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.metrics.distribution import Fvd
from signbench.metrics.frechet import frechet_scores
from signbench.metrics.pairs import FeaturePair, FramePair, ObservationPair
from signbench.metrics.registry import create
from signbench.statistics.intervals import interval

NAMES = ["fid:weights=random", "kid:size=20,weights=random", "fvd:weights=random", "motion-fid"]


def rows(count, width=6, *, seed=0, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1, (count, width)).astype(np.float32)


def recorded(name, clips, width=6, frames=1):
    """A metric and its records of clips of seeded features."""
    metric = create(name)
    records = []
    for clip in range(clips):
        prediction, reference = rows(frames + 1, width, seed=2 * clip, shift=0.4), rows(frames, width, seed=2 * clip + 1)
        if metric.view == "features":
            records.append(metric.record([FeaturePair(prediction[0], reference[0])]))
        else:
            records.append(metric.record([ObservationPair(prediction, reference)]))
    return metric, records


def score(metric, records):
    return float(metric.score(records, np.ones((1, len(records)), dtype=np.int64))[0])


@pytest.mark.parametrize("name", NAMES)
def test_lower_is_better_of_unpaired_sides_with_a_jackknife_and_no_value_of_a_clip(name):
    metric, records = recorded(name, 3)
    assert (metric.direction, metric.unit, metric.pairs_frames, metric.interval_method) == ("lower", "1", False, "jackknife")
    assert metric.view == ("features" if name == "motion-fid" else "observations")
    assert metric.clip_value(records[0]) is None
    assert metric.missing() is None
    assert metric.reference_score(records, np.ones((1, 3), dtype=np.int64)) is None
    assert pickle.loads(pickle.dumps(metric)).canonical == metric.canonical


@pytest.mark.parametrize("name", ["fid", "kid", "fvd"])
def test_the_network_is_that_of_the_variant_and_the_weights(name):
    for parameter in create(name).parameters:
        if parameter.name == "variant":
            for variant in parameter.choices:
                extractor = create(f"{name}:variant={variant},weights=random").extractor
                assert (extractor.variant, extractor.weights) == (variant, "random")
    assert create(name).extractor.weights == "official"


@pytest.mark.parametrize(
    ("name", "unbiased"),
    [
        ("fid", True),
        ("fid:variant=pytorch-fid", True),
        ("fid:variant=clean", True),
        ("fvd", False),
        ("fvd:variant=common-metrics", True),
        ("fvd:variant=cd-fvd", False),
        ("motion-fid", True),
    ],
)
def test_covariances_are_divided_as_the_variant_s_source_does(name, unbiased):
    metric, records = recorded(name, 20, 4)
    ones = np.ones((1, 20), dtype=np.int64)
    both = {kind: float(frechet_scores(records, ones, "x", unbiased=kind)[0]) for kind in (True, False)}
    assert score(metric, records) == both[unbiased] != both[not unbiased]


@pytest.mark.parametrize("chunk", [1, 3, 10])
def test_records_hold_the_rows_as_they_came_however_they_were_cut(chunk):
    metric = create("fid:weights=random")
    whole = rows(10)
    record = metric.record(ObservationPair(whole[at : at + chunk], whole[at : at + chunk] + 1) for at in range(0, 10, chunk))
    np.testing.assert_array_equal(record["prediction"], whole)
    np.testing.assert_array_equal(record["reference"], whole + 1)
    assert record["prediction"].dtype == np.float32


def test_sides_of_different_lengths_give_as_many_samples_as_each_has():
    metric, records = recorded("fid:weights=random", 5, frames=3)
    assert metric.samples(records) == (20, 15)


def test_too_few_vectors_for_a_full_rank_are_flagged_and_explained():
    metric, records = recorded("motion-fid", 6)
    assert metric.warnings(records) == ("rank_deficient",)
    assert (
        metric.note(records) == "6 vectors for 6 dimensions: the covariance lacks full rank, and the distance comes out too large"
    )
    metric, records = recorded("motion-fid", 7)
    assert (metric.warnings(records), metric.note(records)) == ((), None)


@pytest.mark.parametrize("name", NAMES)
def test_identical_sides_are_near_zero_and_shifted_ones_are_not(name):
    metric = create(name)
    records = []
    for clip in range(200):
        one = rows(1, seed=clip)
        pair = FeaturePair(one[0], one[0]) if metric.view == "features" else ObservationPair(one, one)
        records.append(metric.record([pair]))
    # Two draws from one set of N meet the same vector once in N pairs, which pulls the kernel distance a little below 0.
    assert score(metric, records) == pytest.approx(0, abs=0.2 if name.startswith("kid") else 1e-9)
    moved = [{**record, "prediction": record["prediction"] + 1} for record in records]
    assert score(metric, moved) > 1


@pytest.mark.parametrize("name", NAMES)
def test_an_interval_comes_from_leaving_out_groups_of_clips(name):
    metric, records = recorded(name, 60)
    found = interval(metric, records)
    assert found.method == "jackknife"
    assert found.low < score(metric, records) < found.high


def test_a_clip_whose_reference_is_too_short_for_fvd_is_left_out_on_both_sides_and_told():
    metric, records = recorded("fvd:weights=random", 12, 4)
    short = metric.record([ObservationPair(rows(1, 4), np.empty((0, 4), np.float32))])
    assert {side: len(vectors) for side, vectors in short.items()} == {"prediction": 0, "reference": 0}
    with_short = [*records[:5], short, *records[5:], short]
    assert score(metric, with_short) == score(metric, records)
    assert metric.samples(with_short) == metric.samples(records)
    assert metric.note(with_short).startswith("clips left out on both sides, because their references have fewer than 16 frames: 2")
    assert metric.note(records) is None


def test_a_production_that_is_too_short_for_fvd_fails_and_one_next_to_a_short_reference_does_not():
    metric = create("fvd:weights=random")
    none = np.empty((0, 4), np.float32)
    with pytest.raises(MediaError, match="needs clips of at least 16 frames; the prediction has fewer, but its reference"):
        metric.record([ObservationPair(none, rows(1, 4))])
    assert len(metric.record([ObservationPair(none, none)])["prediction"]) == 0


def test_fvd_of_short_references_alone_has_no_score():
    metric = Fvd(weights="random")
    none = np.empty((0, 4), np.float32)
    records = [metric.record([ObservationPair(rows(1, 4), none)])]
    with pytest.raises(InputError, match="at least 2 vectors on each side; there are 0"):
        score(metric, records)


@pytest.mark.parametrize("name", ["fid:weights=random", "kid:weights=random"])
def test_a_side_without_frames_is_refused(name):
    for pairs in (
        [],
        [ObservationPair(rows(3), np.empty((0, 6), np.float32))],
        [ObservationPair(np.empty((0, 6), np.float32), rows(3))],
    ):
        with pytest.raises(MediaError, match="needs at least one frame of each side"):
            create(name).record(pairs)


def test_sides_of_different_networks_are_refused():
    with pytest.raises(InputError, match="the prediction has 6 features, the reference 5"):
        create("fid:weights=random").record([ObservationPair(rows(3, 6), rows(3, 5))])
    with pytest.raises(InputError, match="the prediction has 6 features, the reference 5"):
        create("motion-fid").record([FeaturePair(rows(1, 6)[0], rows(1, 5)[0])])


@pytest.mark.parametrize("shape", [(5, 1), (1, 5), ()])
def test_features_that_are_not_vectors_are_refused(shape):
    good = rows(1, 5)[0]
    for pair in (FeaturePair(np.ones(shape), good), FeaturePair(good, np.ones(shape))):
        with pytest.raises(InputError, match=r"metric motion-fid needs one vector \(D,\) of each side"):
            create("motion-fid").record([pair])


def test_another_view_is_a_mistake_of_the_caller():
    frames = np.zeros((1, 4, 4, 3), np.uint8)
    for name in NAMES:
        with pytest.raises(TypeError, match="not FramePair"):
            create(name).record([FramePair(frames, frames)])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("kid:size=1", "size must be an integer of at least 2, not 1"),
        ("kid:subsets=0", "subsets must be an integer of at least 1"),
        ("kid:degree=0", "degree must be an integer of at least 1"),
        ("kid:seed=-1", "seed must be an integer of at least 0"),
        ("kid:size=1.5", "size is a number"),
        ("fid:variant=torchfidelity", "Did you mean torch-fidelity"),
        ("fvd:weights=randoms", "Did you mean random"),
    ],
)
def test_parameters_with_which_nothing_can_be_measured_are_refused(name, message):
    with pytest.raises(InputError, match=message):
        create(name)
