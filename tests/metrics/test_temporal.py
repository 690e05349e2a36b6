"""tcd: values worked out by hand, exactness at the threshold, and what it makes of perfect copies."""

from fractions import Fraction

import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.metrics.pairs import FramePair
from signbench.metrics.registry import create

READINGS = [f"tcd:range={span},reduce={reduction}" for span in ("unit", "byte") for reduction in ("mean", "max", "sum")]


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def flat(*levels, size=4):
    return np.stack([np.full((size, size, 3), level, dtype=np.uint8) for level in levels])


def record(name, prediction, reference, chunk=None):
    chunk = chunk or max(len(reference), 1)
    pairs = (FramePair(prediction[at : at + chunk], reference[at : at + chunk]) for at in range(0, len(reference), chunk))
    return create(name).record(pairs)


def value(name, prediction, reference):
    return create(name).clip_value(record(name, prediction, reference))


def reference_value(name, reference):
    metric = create(name)
    scores = metric.reference_score([record(name, reference, reference)], np.ones((1, 1), dtype=np.int64))
    assert scores is not None
    return scores[0]


def bits(found):
    return {key: (array.dtype, array.shape, array.tobytes()) for key, array in found.items()}


def in_fractions(prediction, reference, threshold, levels, reduction):
    """Equations 12 and 13 with rational numbers, pixel by pixel."""
    over = 0
    for t in range(1, len(reference) - 1):
        for index in np.ndindex(reference.shape[1:3]):
            differences = [
                abs(Fraction(int(p)) - Fraction(int(a) + int(b), 2)) / levels
                for p, a, b in zip(prediction[t][index], reference[t - 1][index], reference[t + 1][index], strict=True)
            ]
            reduced = {"mean": sum(differences) / 3, "max": max(differences), "sum": sum(differences)}[reduction]
            over += reduced > threshold
    return over, (len(reference) - 2) * reference[0, :, :, 0].size


@pytest.mark.parametrize("name", READINGS)
def test_a_still_clip_scores_zero(name):
    frame = noise(1, 8, 8, 3)
    assert value(name, np.repeat(frame, 5, axis=0), np.repeat(frame, 5, axis=0)) == 0.0


@pytest.mark.parametrize("name", READINGS)
def test_white_for_black_scores_one(name):
    assert value(name, flat(255, 255, 255), flat(0, 0, 0)) == 1.0


@pytest.mark.parametrize("name", READINGS)
def test_one_row_of_four_scores_a_quarter(name):
    prediction = flat(0, 0, 0)
    prediction[1, 0] = 255
    assert value(name, prediction, flat(0, 0, 0)) == 0.25


@pytest.mark.parametrize("name", READINGS)
def test_a_perfect_copy_of_a_flash_scores_one_and_so_does_its_reference_value(name):
    flash = flat(0, 255, 0)
    assert value(name, flash, flash) == 1.0
    assert reference_value(name, flash) == 1.0


@pytest.mark.parametrize("name", READINGS)
def test_the_optimum_is_the_midpoint_of_the_neighbours_and_not_the_copy(name):
    reference = flat(0, 255, 0, 255, 200)
    midpoints = flat(0, 0, 255, 100, 200)
    assert value(name, midpoints, reference) == 0.0
    assert value(name, reference, reference) > 0.0


def test_first_and_last_frame_of_the_prediction_do_not_count():
    assert value("tcd", flat(255, 0, 0, 255), flat(0, 0, 0, 0)) == 0.0


def test_frames_count_alike():
    # Of four inner frames, one is wholly over.
    assert value("tcd", flat(0, 0, 255, 0, 0, 0), flat(*[0] * 6)) == 0.25


def test_neighbours_are_those_of_the_reference():
    # The prediction flickers; its neighbours stay at 127, 128 levels from white and 127 from black, and half of 255 is in between.
    assert value("tcd", flat(0, 255, 0, 255), flat(127, 127, 127, 127)) == 0.5
    # |127 - (0 + 127) / 2| = 63.5 and |255 - (127 + 255) / 2| = 64, on either side of a quarter of 255.
    assert value("tcd:threshold=0.25", flat(0, 127, 255, 0), flat(0, 127, 127, 255)) == 0.5


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tcd", 0.0),  # 0.299
        ("tcd:reduce=max", 1.0),  # 0.898
        ("tcd:reduce=sum", 1.0),  # 0.898
        ("tcd:range=byte", 1.0),  # 76.33
        ("tcd:range=byte,threshold=76.5", 0.0),
        ("tcd:range=byte,threshold=76.3", 1.0),
    ],
)
def test_readings_disagree_on_one_channel(name, expected):
    prediction = flat(0, 0, 0)
    prediction[1, :, :, 0] = 229
    assert value(name, prediction, flat(0, 0, 0)) == expected


@pytest.mark.parametrize(
    ("name", "before", "frame", "after", "expected"),
    [
        # Halves of a level, in bytes: |1 - (0 + 1) / 2| is 0.5 in each channel.
        ("tcd:range=byte", (0, 0, 0), (1, 1, 1), (1, 1, 1), 0.0),
        ("tcd:range=byte", (0, 0, 0), (1, 1, 1), (1, 1, 0), 1.0),
        ("tcd:range=byte,reduce=max", (0, 0, 0), (1, 1, 1), (1, 1, 1), 0.0),
        ("tcd:range=byte,reduce=max", (0, 0, 0), (1, 1, 1), (1, 1, 0), 1.0),
        ("tcd:range=byte,reduce=sum", (0, 0, 0), (1, 0, 0), (1, 0, 0), 0.0),
        ("tcd:range=byte,reduce=sum", (0, 0, 0), (1, 1, 0), (1, 1, 0), 1.0),
        # On [0, 1]: differences that add up to 382.5 levels of 765, and to half a level more.
        ("tcd", (0, 0, 0), (255, 127, 1), (0, 0, 1), 0.0),
        ("tcd", (0, 0, 0), (255, 127, 1), (0, 0, 0), 1.0),
        ("tcd:reduce=max", (0, 0, 0), (128, 0, 0), (1, 0, 0), 0.0),
        ("tcd:reduce=max", (0, 0, 0), (128, 0, 0), (0, 0, 0), 1.0),
        ("tcd:reduce=sum", (0, 0, 0), (100, 28, 0), (1, 0, 0), 0.0),
        ("tcd:reduce=sum", (0, 0, 0), (100, 28, 0), (0, 0, 0), 1.0),
        # One tenth and one fifth have no binary number; 51 of 255 is one fifth.
        ("tcd:threshold=0.2", (0, 0, 0), (51, 51, 51), (0, 0, 0), 0.0),
        ("tcd:threshold=0.1", (0, 0, 0), (51, 51, 51), (51, 51, 51), 0.0),
        ("tcd:threshold=0.1", (0, 0, 0), (51, 51, 51), (51, 51, 50), 1.0),
        ("tcd:range=byte,threshold=0", (3, 3, 3), (3, 3, 3), (3, 3, 3), 0.0),
        ("tcd:range=byte,threshold=0", (3, 3, 3), (3, 3, 3), (3, 4, 3), 1.0),
    ],
)
def test_a_difference_equal_to_the_threshold_does_not_exceed_it(name, before, frame, after, expected):
    def clip(*colours):
        return np.broadcast_to(np.array(colours, dtype=np.uint8)[:, None, None, :], (3, 5, 7, 3)).copy()

    assert value(name, clip(before, frame, after), clip(before, before, after)) == expected


@pytest.mark.parametrize("reduction", ["mean", "max", "sum"])
@pytest.mark.parametrize(("span", "levels"), [("unit", 255), ("byte", 1)])
@pytest.mark.parametrize("threshold", ["0.1", "0.5", "0.3333"])
def test_the_share_of_pixels_is_that_of_rational_arithmetic(reduction, span, levels, threshold):
    random = np.random.default_rng(3)
    wide = noise(4, 5, 6, 3), noise(4, 5, 6, 3, seed=1)
    narrow = tuple(random.integers(100, 103, (4, 5, 6, 3), dtype=np.uint8) for _ in range(2))
    for prediction, reference in (wide, narrow):
        over, pixels = in_fractions(prediction, reference, Fraction(threshold), levels, reduction)
        name = f"tcd:range={span},reduce={reduction},threshold={threshold}"
        assert value(name, prediction, reference) == pytest.approx(over / pixels, abs=1e-15)
        over, pixels = in_fractions(reference, reference, Fraction(threshold), levels, reduction)
        assert reference_value(name, reference) == pytest.approx(over / pixels, abs=1e-15)


@pytest.mark.parametrize("name", READINGS)
@pytest.mark.parametrize("chunk", [1, 2, 3, 7])
def test_records_do_not_depend_on_where_chunks_end(name, chunk):
    prediction, reference = noise(17, 9, 13, 3), noise(17, 9, 13, 3, seed=1)
    assert bits(record(name, prediction, reference, chunk)) == bits(record(name, prediction, reference))


def test_chunks_may_share_one_piece_of_memory():
    prediction, reference = noise(9, 6, 6, 3), noise(9, 6, 6, 3, seed=1)

    def chunks():
        buffers = np.empty((2, 2, 6, 6, 3), dtype=np.uint8)
        for at in range(0, 9, 2):
            count = min(2, 9 - at)
            buffers[0, :count], buffers[1, :count] = prediction[at : at + count], reference[at : at + count]
            yield FramePair(buffers[0, :count], buffers[1, :count])
            buffers[:] = 0

    assert bits(create("tcd:range=byte").record(chunks())) == bits(record("tcd:range=byte", prediction, reference))


@pytest.mark.parametrize(
    "view", [lambda frames: frames[:, ::-1], lambda frames: frames[:, :, ::2], lambda frames: frames[..., ::-1]]
)
def test_the_layout_in_memory_does_not_matter(view):
    prediction, reference = noise(5, 8, 10, 3), noise(5, 8, 10, 3, seed=1)
    packed = record("tcd", np.ascontiguousarray(view(prediction)), np.ascontiguousarray(view(reference)))
    assert bits(record("tcd", view(prediction), view(reference))) == bits(packed)


@pytest.mark.parametrize("frames", [1, 2])
def test_fewer_than_three_frames_are_refused_before_and_during_work(frames):
    metric = create("tcd:range=byte")
    message = f"metric tcd:range=byte needs clips of at least 3 frames, this one has {frames}."
    metric.check_frames(1, 1, 3)
    with pytest.raises(InputError) as before:
        metric.check_frames(64, 64, frames)
    assert str(before.value) == message
    with pytest.raises(MediaError) as during:
        record("tcd:range=byte", noise(frames, 4, 4, 3), noise(frames, 4, 4, 3), chunk=1)
    assert str(during.value) == message


def test_a_missing_production_counts_as_one_and_leaves_the_reference_value_alone():
    metric = create("tcd")
    reference = flat(0, 255, 0, 0)  # its first inner frame is far from its midpoint, its second is not
    there, missing = record("tcd", flat(0, 0, 0, 0), reference), metric.missing()
    assert missing is not None
    assert {key: (array.dtype, array.shape) for key, array in missing.items()} == {
        key: (array.dtype, array.shape) for key, array in there.items()
    }
    weights = np.array([[1, 1], [1, 0], [3, 1], [0, 1], [0, 0]])
    own = metric.clip_value(there)
    assert own == 0.0
    np.testing.assert_array_equal(metric.score([there, missing], weights), [0.5, 0.0, 0.25, 1.0, np.nan])
    np.testing.assert_array_equal(metric.reference_score([there, missing], weights), [0.5, 0.5, 0.5, np.nan, np.nan])


def test_lower_is_better_and_every_parameter_is_in_the_signature():
    metric = create("tcd:range=byte")
    assert (metric.direction, metric.unit, metric.view, metric.pairs_frames) == ("lower", "1", "frames", True)
    assert metric.resolved() == {"range": "byte", "reduce": "mean", "threshold": 0.5}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tcd:threshold=1", "below 1 for range=unit,reduce=mean, not 1"),
        ("tcd:reduce=max,threshold=1.5", "below 1 for range=unit,reduce=max"),
        ("tcd:reduce=sum,threshold=3", "below 3 for range=unit,reduce=sum"),
        ("tcd:range=byte,threshold=255", "below 255 for range=byte,reduce=mean"),
        ("tcd:range=byte,reduce=sum,threshold=765", "below 765 for range=byte,reduce=sum"),
        ("tcd:threshold=-0.1", "at least 0"),
        ("tcd:range=bytes", "Did you mean byte"),
        ("tcd:reduce=median", "cannot be 'median'"),
        ("tcd:treshold=0.5", "Did you mean threshold"),
    ],
)
def test_parameters_under_which_nothing_could_be_measured_are_refused(name, message):
    with pytest.raises(InputError, match=message):
        create(name)


def test_the_largest_thresholds_that_can_be_exceeded_are_accepted():
    assert value("tcd:reduce=sum,threshold=2.99", flat(255, 255, 255), flat(0, 0, 0)) == 1.0
    assert value("tcd:range=byte,threshold=254", flat(255, 255, 255), flat(0, 0, 0)) == 1.0
