"""diversity and multimodality: their draws, the exact expectation, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.metrics.motion import mean_pair_distance
from signbench.metrics.pairs import FeaturePair, LabelPair
from signbench.metrics.registry import create
from signbench.statistics.intervals import interval
from signbench.statistics.jackknife import groups, leave_out

WAYS = ["replacement=true", "replacement=false"]


def recorded(name, labels, *, seed=0, scale=2.0):
    """A metric and records of clips with these labels, the references' features half as far apart as the predictions'."""
    metric = create(name)
    features = np.random.default_rng(seed).normal(size=(len(labels), 5))
    return metric, [metric.record([FeaturePair(scale * row, row, label)]) for row, label in zip(features, labels, strict=True)]


def scores(metric, records, weights=None):
    weights = np.ones((1, len(records)), dtype=np.int64) if weights is None else weights
    return metric.score(records, weights)


def features_of(records, side="prediction"):
    return np.concatenate([record[side] for record in records])


def all_pairs(vectors):
    return np.mean([np.linalg.norm(first - second) for first in vectors for second in vectors])


def test_all_pairs_are_all_ordered_pairs_with_those_of_a_clip_with_itself():
    metric, records = recorded("diversity:pairs=all", ["a"] * 30)
    assert scores(metric, records).tolist() == pytest.approx([all_pairs(features_of(records))], rel=1e-12)
    assert metric.reference_score(records, np.ones((1, 30), dtype=np.int64)).tolist() == pytest.approx(
        [all_pairs(features_of(records, "reference"))], rel=1e-12
    )


def test_all_pairs_of_many_clips_are_taken_block_by_block():
    vectors = np.random.default_rng(0).normal(size=(600, 3))
    weights = np.random.default_rng(1).integers(0, 3, (2, 600))
    expected = [
        np.mean(np.linalg.norm(own[:, None] - own[None], axis=2)) for own in (np.repeat(vectors, row, axis=0) for row in weights)
    ]
    assert mean_pair_distance(vectors, weights).tolist() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("way", WAYS)
def test_the_expectation_of_drawn_pairs_is_that_of_all_pairs_with_and_without_replacement(way):
    """Without replacement each end is drawn without it, and the ends independently: so a clip still meets itself at times."""
    _, records = recorded("diversity", ["a"] * 12)
    drawn = float(scores(create(f"diversity:size=8,repeats=20000,{way}"), records)[0])
    assert drawn == pytest.approx(all_pairs(features_of(records)), rel=5e-3)


@pytest.mark.parametrize("way", WAYS)
def test_without_replacement_and_as_many_draws_as_clips_every_clip_is_an_end(way):
    """A clip far out is then drawn once at each end: it is far from two others, or meets itself."""
    far = np.zeros((6, 2))
    far[5] = [600.0, 0.0]
    metric = create(f"diversity:size=6,repeats=1,{way}")
    records = [metric.record([FeaturePair(row, row)]) for row in far]
    found = {float(scores(create(f"diversity:size=6,repeats=1,seed={seed},{way}"), records)[0]) for seed in range(40)}
    assert found <= {0.0, 200.0} if way == "replacement=false" else len(found) > 3


def test_drawn_pairs_are_those_of_seeded_generators_in_order_of_clips():
    metric, records = recorded("diversity:size=7,repeats=3,seed=4", ["a"] * 20)
    vectors, means = features_of(records), []
    for repeat in range(3):
        generator = np.random.Generator(np.random.PCG64(4 + repeat))
        first, second = generator.integers(0, 20, 7), generator.integers(0, 20, 7)
        means.append(np.linalg.norm(vectors[first] - vectors[second], axis=1).mean())
    assert scores(metric, records).tolist() == pytest.approx([np.mean(means)], rel=1e-12)


def test_multimodality_draws_within_each_label_in_order_of_the_labels():
    labels = [["b", "a", "c"][index % 3] for index in range(24)]
    metric, records = recorded("multimodality:size=5,repeats=2,seed=1,replacement=false", labels)
    vectors, means = features_of(records), []
    for repeat in range(2):
        generator = np.random.Generator(np.random.PCG64(1 + repeat))
        for label in "abc":
            members = np.flatnonzero(np.array(labels) == label)
            first, second = members[generator.permutation(8)[:5]], members[generator.permutation(8)[:5]]
            means.append(np.linalg.norm(vectors[first] - vectors[second], axis=1).mean())
    assert scores(metric, records).tolist() == pytest.approx([np.mean(means)], rel=1e-12)


def test_every_label_counts_alike_whatever_its_number_of_clips():
    labels = ["a"] * 20 + ["b"] * 3
    metric, records = recorded("multimodality:pairs=all", labels)
    vectors = features_of(records)
    assert scores(metric, records).tolist() == pytest.approx([(all_pairs(vectors[:20]) + all_pairs(vectors[20:])) / 2], rel=1e-12)


def test_as_many_pairs_of_each_label_give_what_drawing_until_each_has_its_pairs_gives():
    """Action2Motion draws a clip, keeps it if its label still lacks pairs, then draws clips until one has that label."""
    labels = np.array(["a"] * 9 + ["b"] * 3)
    metric, records = recorded("multimodality:size=4,repeats=4000", labels.tolist())
    vectors, random, means = features_of(records), np.random.default_rng(0), []
    for _ in range(4000):
        lacking, total = {"a": 4, "b": 4}, 0.0
        while any(lacking.values()):
            first = random.integers(12)
            if lacking[labels[first]]:
                lacking[labels[first]] -= 1
                second = random.choice(np.flatnonzero(labels == labels[first]))
                total += np.linalg.norm(vectors[first] - vectors[second])
        means.append(total / 8)
    error = np.std(means) / np.sqrt(4000)
    assert abs(float(scores(metric, records)[0]) - np.mean(means)) < 5 * error


@pytest.mark.parametrize("name", ["diversity", "multimodality"])
@pytest.mark.parametrize("options", ["size=6,repeats=2", "size=6,repeats=2,replacement=false", "pairs=all"])
def test_a_row_of_weights_is_the_fold_of_the_clips_that_it_repeats_and_leaves_out(name, options):
    labels = [["a", "b"][index // 20] for index in range(40)]
    metric, records = recorded(f"{name}:{options}", labels)
    rows = np.concatenate([leave_out(groups(40, 4)), np.random.default_rng(2).integers(0, 3, (3, 40))])
    expected = [
        scores(metric, [record for record, often in zip(records, row, strict=True) for _ in range(often)])[0] for row in rows
    ]
    assert scores(metric, records, rows).tolist() == pytest.approx(expected, rel=1e-12)


def test_the_reference_value_is_the_same_fold_with_the_same_draws_and_the_best_there_is():
    metric, records = recorded("diversity", ["a"] * 40)
    ones = np.ones((1, 40), dtype=np.int64)
    assert metric.direction == "reference"
    assert metric.score(records, ones).tolist() == pytest.approx((2 * metric.reference_score(records, ones)).tolist(), rel=1e-12)
    assert metric.samples(records) == (40, 40)


def test_an_interval_comes_from_leaving_out_groups_of_clips():
    metric, records = recorded("diversity:pairs=all", ["a"] * 40)
    found = interval(metric, records)
    assert found.method == "jackknife"
    assert found.low < float(scores(metric, records)[0]) < found.high


@pytest.mark.parametrize(
    ("name", "labels", "message"),
    [
        ("diversity", ["a"], "needs at least 2 clips of each group; of all 1"),
        ("diversity:replacement=false,size=30", ["a"] * 29, "at least 30 clips of each group; of all 29: .* smaller size"),
        ("multimodality", ["a", "a", "b"], "needs at least 2 clips of each group; of b 1"),
        ("multimodality:pairs=all", ["a", "a", "b"], "of b 1"),
        ("multimodality:replacement=false,size=3", ["HOUSE"] * 3 + ["RAIN"] * 2, "needs at least 3 clips of each group; of RAIN 2"),
    ],
)
def test_a_group_that_is_too_small_is_an_error_that_names_it(name, labels, message):
    metric, records = recorded(name, labels)
    with pytest.raises(InputError, match=message):
        scores(metric, records)


def test_a_row_that_leaves_a_group_too_small_is_not_a_number():
    metric, records = recorded("multimodality", ["a", "a", "a", "b", "b"])
    rows = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 1, 0], [1, 1, 1, 0, 0], [0, 1, 1, 1, 1], [0, 0, 0, 0, 0]])
    assert np.isfinite(scores(metric, records, rows)).tolist() == [True, False, False, True, False]


def test_a_clip_without_a_label_is_refused_by_multimodality_alone():
    pair = FeaturePair(np.ones(3), np.ones(3))
    with pytest.raises(InputError, match="multimodality needs the sign of each reference; add a column label"):
        create("multimodality").record([pair])
    assert set(create("diversity").record([pair])) == {"prediction", "reference"}


def test_records_are_numbers_and_no_clip_has_a_value_or_a_cost_of_its_own():
    metric, records = recorded("multimodality", ["grüßen", "a"])
    assert records[0]["label"].dtype == np.uint8
    assert all(np.isfinite(array).all() for array in records[0].values())
    assert metric.clip_value(records[0]) is None
    assert metric.missing() is None


def test_the_signature_lists_the_draws_only_where_there_are_any():
    assert create("diversity").resolved() == {"pairs": "drawn", "repeats": 20, "replacement": True, "seed": 0, "size": 200}
    assert create("diversity:pairs=all,size=3").resolved() == {"pairs": "all"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("diversity:size=0", "size must be an integer of at least 1, not 0"),
        ("diversity:repeats=0", "repeats must be an integer of at least 1"),
        ("diversity:seed=-1", "seed must be an integer of at least 0"),
        ("multimodality:pairs=every", "pairs cannot be 'every'"),
        ("multimodality:replacement=yes", "true or false"),
    ],
)
def test_parameters_with_which_nothing_can_be_drawn_are_refused(name, message):
    with pytest.raises(InputError, match=message):
        create(name)


def test_no_features_and_another_view_are_refused():
    with pytest.raises(MediaError, match="the clip has none"):
        create("diversity").record([])
    with pytest.raises(TypeError, match="not LabelPair"):
        create("diversity").record([LabelPair("a", ("a",))])
