"""lpips: sums of squared distances, and what a missing or unequal clip costs."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.extractors.perceptual import Perceptual
from signbench.metrics.pairs import LengthPair, ObservationPair
from signbench.metrics.registry import create


def rows(count, width=50, seed=0):
    return np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)


def record(prediction, reference, size=100):
    pairs = (ObservationPair(prediction[at : at + size], reference[at : at + size]) for at in range(0, len(reference), size))
    return create("lpips").record(pairs)


def bits(found):
    return {key: (array.dtype, array.shape, array.tobytes()) for key, array in found.items()}


def test_a_clip_is_the_mean_of_its_frames_squared_distances():
    prediction, reference = np.zeros((2, 3), np.float32), np.array([[1, 2, 2], [0, 0.5, 0]], np.float32)
    found = record(prediction, reference)
    assert create("lpips").clip_value(found) == (9 + 0.25) / 2
    assert bits(found) == bits({"sum": np.array(9.25), "frames": np.array(2)})


def test_equal_rows_score_zero():
    assert create("lpips").clip_value(record(rows(3), rows(3))) == 0.0


def test_the_squares_are_taken_in_64_bits():
    prediction, reference = np.full((1, 2), 1 + 2**-23, np.float32), np.ones((1, 2), np.float32)
    assert float(record(prediction, reference)["sum"]) == 2 * 2.0**-46


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_records_do_not_depend_on_where_chunks_end(size):
    assert bits(record(rows(7), rows(7, seed=1), size)) == bits(record(rows(7), rows(7, seed=1)))


def test_a_missing_production_is_left_out():
    assert create("lpips").missing() is None


def test_the_score_is_the_mean_of_the_clips():
    records = [record(rows(count), rows(count, seed=1)) for count in (1, 5)]
    values = [create("lpips").clip_value(found) for found in records]
    weights = np.array([[1, 1], [3, 0], [0, 0]])
    np.testing.assert_array_equal(create("lpips").score(records, weights), [np.mean(values), values[0], np.nan])


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        ([], "needs at least one frame"),
        ([(rows(2), rows(3))], r"\(2, 50\), those of the reference \(3, 50\)"),
        ([(rows(2), rows(2, 51))], "frames of equal size"),
    ],
)
def test_rows_that_do_not_fit_are_refused_in_words(sides, message):
    with pytest.raises(MediaError, match=message):
        create("lpips").record(ObservationPair(*side) for side in sides)


def test_what_is_not_rows_is_refused():
    with pytest.raises(TypeError, match="compares rows of a network"):
        create("lpips").record([LengthPair(2, 2, None, None)])


def test_parameters_choose_the_network():
    assert create("lpips").extractor == Perceptual()
    metric = create("lpips:net=vgg,weights=random")
    assert metric.extractor == Perceptual(net="vgg", weights="random")
    assert metric.canonical == "lpips:net=vgg,weights=random"
    assert pickle.loads(pickle.dumps(metric)).extractor == metric.extractor
    with pytest.raises(InputError, match="Did you mean alex"):
        create("lpips:net=alexnet")


def test_what_it_is_to_the_engine():
    metric = create("lpips")
    assert (metric.unit, metric.direction, metric.view, metric.pairs_frames, metric.mean_of_clips) == (
        "1",
        "lower",
        "observations",
        True,
        True,
    )


@pytest.mark.parametrize(("name", "least"), [("lpips", 31), ("lpips:net=vgg", 16), ("lpips:net=squeeze", 17)])
def test_frames_that_are_too_small_are_refused_before_work(name, least):
    metric = create(name)
    metric.check_frames(least, least, 1)
    with pytest.raises(InputError, match=f"at least {least} x {least} pixels, these have {least - 1} x 300"):
        metric.check_frames(300, least - 1, 1)
