"""accuracy: over clips and over classes, its weights, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.metrics.pairs import LabelPair, TextPair
from signbench.metrics.registry import create


def recorded(name, pairs):
    metric = create(name)
    return metric, [metric.record([LabelPair(reference, tuple(ranked))]) for reference, ranked in pairs]


def score(metric, records, *rows):
    return metric.score(records, np.array(rows or [[1] * len(records)])).tolist()


CLIPS = [("a", "abc"), ("a", "bac"), ("a", "cab"), ("b", "bca"), ("c", "abc")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", 2 / 5),
        ("accuracy:top=2", 4 / 5),
        ("accuracy:top=3", 1.0),
        ("accuracy:average=class", (1 / 3 + 1 + 0) / 3),
        ("accuracy:average=class,top=2", (1 + 1 + 0) / 3),
    ],
)
def test_the_share_is_taken_over_clips_or_first_within_each_true_label(name, expected):
    assert score(*recorded(name, CLIPS)) == pytest.approx([expected])


def test_weights_repeat_and_leave_out_clips_and_the_class_average_goes_over_the_labels_that_are_left():
    rows = [[1, 1, 1, 1, 0], [0, 0, 0, 2, 1], [0, 0, 0, 0, 0]]
    assert score(*recorded("accuracy", CLIPS), *rows) == pytest.approx([2 / 4, 2 / 3, np.nan], nan_ok=True)
    assert score(*recorded("accuracy:average=class", CLIPS), *rows) == pytest.approx([(1 / 3 + 1) / 2, 1 / 2, np.nan], nan_ok=True)


def test_a_clip_for_which_nothing_is_named_is_wrong_in_its_class_and_told():
    pairs = [*CLIPS[:4], ("c", "")]
    metric, records = recorded("accuracy:top=3", pairs)
    assert score(metric, records) == pytest.approx([4 / 5])
    assert metric.note(records) == "clips for which the recogniser names nothing, which count as wrong: 1"
    assert score(*recorded("accuracy:top=3,average=class", pairs)) == pytest.approx([2 / 3])


def test_a_missing_production_without_its_label_counts_over_clips_but_cannot_be_given_to_a_class():
    metric, records = recorded("accuracy", CLIPS[:1])
    assert score(metric, [*records, metric.missing()]) == [0.5]
    by_class = create("accuracy:average=class")
    with pytest.raises(InputError, match="1 without a production have none"):
        score(by_class, [*records, by_class.missing()])


def test_a_clip_is_right_or_wrong_and_the_score_over_clips_is_their_mean():
    metric, records = recorded("accuracy", CLIPS)
    assert [metric.clip_value(record) for record in records] == [1, 0, 0, 1, 0]
    assert metric.mean_of_clips
    assert not create("accuracy:average=class").mean_of_clips
    assert (metric.direction, metric.unit, metric.view, metric.interval_method) == ("higher", "1", "labels", "share")


def test_labels_outside_ascii_are_labels_like_any_other():
    assert score(*recorded("accuracy:average=class", [("日本", ["日本"]), ("日木", ["日本"])])) == [0.5]


def test_labels_that_the_recogniser_cannot_give_are_reported():
    metric, records = recorded("accuracy", [*CLIPS, ("d", "abc")])
    assert metric.note(records) == "clips whose label the recogniser does not know, which count as wrong: 1"
    assert metric.note(records[:5]) is None
    single, records = recorded("accuracy", [("d", "a")])
    assert single.note(records) is None  # one label alone does not show which others there are


@pytest.mark.parametrize("ranked", [("a",), ("a", "b", "c", "d")])
def test_more_labels_than_the_prediction_ranks_are_refused(ranked):
    message = f"metric accuracy:top=5 uses 5 labels, but the prediction ranks only {len(ranked)}; provide logits"
    with pytest.raises(InputError, match=message):
        create("accuracy:top=5").record([LabelPair("a", ranked)])


def test_what_has_no_label_is_refused():
    with pytest.raises(InputError, match="needs the true label of each clip"):
        create("accuracy").record([LabelPair("", ("a",))])
    with pytest.raises(MediaError, match="the clip has none"):
        create("accuracy").record([])
    with pytest.raises(TypeError, match="not TextPair"):
        create("accuracy").record([TextPair("a", "a")])
    with pytest.raises(InputError, match="top must be an integer of at least 1, not 0"):
        create("accuracy:top=0")
