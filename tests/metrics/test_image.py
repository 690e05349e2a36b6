"""l1, psnr and ssim: values worked out by hand, golden values, and that nothing but the frames decides."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
import pytest

from signbench.compilation import compiled_for
from signbench.errors import InputError, MediaError
from signbench.metrics.pairs import FramePair, LengthPair
from signbench.metrics.registry import create
from signbench.metrics.structural_similarity import gaussian_weights

METRICS = ["l1", "psnr", "ssim", "ssim:window=uniform"]


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def noisy_copy(frames, spread=20, seed=1):
    change = np.random.default_rng(seed).integers(-spread, spread + 1, frames.shape)
    return np.clip(frames + change, 0, 255).astype(np.uint8)


def record(name, prediction, reference, chunk=None):
    chunk = chunk or len(reference)
    pairs = (FramePair(prediction[at : at + chunk], reference[at : at + chunk]) for at in range(0, len(reference), chunk))
    return create(name).record(pairs)


def value(name, prediction, reference):
    found = create(name).clip_value(record(name, prediction, reference))
    assert found is not None
    return found


def bits(found):
    return {key: (array.dtype, array.shape, array.tobytes()) for key, array in found.items()}


def flat(level, size=16, frames=2):
    return np.full((frames, size, size, 3), level, dtype=np.uint8)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("l1", 1.0), ("psnr", 0.0), ("ssim", 9.999000099990664e-05), ("ssim:window=uniform", 9.999000099990664e-05)],
)
def test_black_against_white_gives_the_golden_values(name, expected):
    # SSIM and PSNR as README.md of JunyaoHu/common_metrics_on_video_quality prints them for zeros against ones.
    assert value(name, flat(0, 64), flat(255, 64)) == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(("name", "expected"), [("l1", 0.0), ("psnr", 100.0), ("ssim", 1.0), ("ssim:window=uniform", 1.0)])
@pytest.mark.parametrize("frames", [noise(3, 23, 31, 3), flat(0), flat(255), noise(1, 11, 11, 3)])
def test_equal_frames_score_exactly_the_best_value(name, expected, frames):
    assert value(name, frames.copy(), frames) == expected


def test_l1_is_the_mean_distance_on_zero_to_one():
    prediction = flat(0, 2, frames=1)
    prediction[0, 0, 0] = (51, 102, 255)
    assert value("l1", prediction, flat(0, 2, frames=1)) == (0.2 + 0.4 + 1.0) / 12


def test_l1_takes_no_heed_of_the_sign():
    assert value("l1", flat(100), flat(151)) == value("l1", flat(151), flat(100)) == 0.2


def test_psnr_of_a_tenth_is_twenty_decibels():
    prediction, reference = flat(0, 20, frames=1), flat(0, 20, frames=1)
    prediction[0, :2, :2] = 255  # 4 of 400 pixels off by 1: an error of 0.01
    assert value("psnr", prediction, reference) == pytest.approx(20.0, abs=1e-12)


def test_psnr_is_the_mean_over_frames_and_not_that_of_the_mean_error():
    reference = flat(0, 20)
    prediction = reference.copy()
    prediction[0] = 255
    prediction[1, :2, :2] = 255
    assert value("psnr", prediction, reference) == pytest.approx((0.0 + 20.0) / 2, abs=1e-12)


@pytest.mark.parametrize(
    ("size", "expected"),
    [(226, 10 * np.log10(226 * 226 * 3 * 255**2)), (227, 100.0)],  # errors of 1.004e-10 and 0.995e-10
)
def test_psnr_is_cut_off_at_an_error_of_1e_10(size, expected):
    prediction, reference = flat(7, size, frames=1), flat(7, size, frames=1)
    prediction[0, 5, 5, 1] = 8
    found = value("psnr", prediction, reference)
    assert found == pytest.approx(expected, abs=1e-12)
    assert found <= 100.0


def test_ssim_of_opposite_patterns_is_negative():
    pattern = np.where(np.indices((16, 16)).sum(axis=0) % 2, 255, 0).astype(np.uint8)
    frames = np.repeat(pattern[None, :, :, None], 3, axis=3)
    assert -1 < value("ssim", 255 - frames, frames) < -0.9


def test_half_the_gaussian_window_holds_half_the_weight_around_its_centre():
    weights = gaussian_weights()
    assert weights[0] + 2 * weights[1:].sum() == pytest.approx(1.0, abs=1e-15)
    assert weights[3] / weights[0] == pytest.approx(np.exp(-0.5 * (3 / 1.5) ** 2), rel=1e-14)


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("chunk", [1, 2, 3, 7])
def test_records_do_not_depend_on_where_chunks_end(name, chunk):
    reference = noise(17, 21, 34, 3)
    prediction = noisy_copy(reference)
    assert bits(record(name, prediction, reference, chunk)) == bits(record(name, prediction, reference))


@pytest.mark.parametrize("name", METRICS)
def test_records_do_not_depend_on_threads(name):
    clips = [noise(3, 40, 52, 3, seed=seed) for seed in range(8)]
    alone = [bits(record(name, noisy_copy(clip), clip)) for clip in clips]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda clip: bits(record(name, noisy_copy(clip), clip)), clips))
    assert together == alone


@pytest.mark.parametrize("name", METRICS)
def test_a_clip_is_the_mean_of_its_frames(name):
    reference = noise(4, 19, 26, 3)
    prediction = noisy_copy(reference)
    frames = [value(name, prediction[at : at + 1], reference[at : at + 1]) for at in range(4)]
    assert value(name, prediction, reference) == pytest.approx(np.mean(frames), rel=1e-13)


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize(
    "view",
    [
        lambda frames: frames[:, ::-1, :, :],
        lambda frames: frames[:, :, ::2, :],
        lambda frames: frames[..., ::-1],
        np.asfortranarray,
        lambda frames: frames[::2],
    ],
    ids=["upside down", "every second column", "BGR", "Fortran order", "every second frame"],
)
def test_the_layout_in_memory_does_not_matter(name, view):
    reference = noise(4, 24, 46, 3)
    prediction = noisy_copy(reference)
    packed = record(name, np.ascontiguousarray(view(prediction)), np.ascontiguousarray(view(reference)))
    assert bits(record(name, view(prediction), view(reference))) == bits(packed)


@pytest.mark.parametrize("name", METRICS)
def test_frames_that_cannot_be_written_to_are_read_all_the_same(name):
    reference = noise(2, 15, 15, 3)
    prediction = noisy_copy(reference)
    expected = bits(record(name, prediction, reference))
    reference.flags.writeable = prediction.flags.writeable = False
    assert bits(record(name, prediction, reference)) == expected


def test_sums_of_errors_are_exact_where_32_bits_would_overflow():
    pair = FramePair(np.zeros((1, 3000, 4000, 3), np.uint8), np.full((1, 3000, 4000, 3), 255, np.uint8))
    assert pair.absolute_error_sums == [255 * 36_000_000]
    assert pair.squared_error_sums == [255**2 * 36_000_000]


def test_sums_of_errors_are_those_of_whole_numbers():
    pair = FramePair(noise(3, 13, 37, 3), noise(3, 13, 37, 3, seed=5))
    difference = pair.prediction.astype(np.int64) - pair.reference
    assert pair.absolute_error_sums == [int(np.abs(frame).sum()) for frame in difference]
    assert pair.squared_error_sums == [int((frame**2).sum()) for frame in difference]


@pytest.mark.parametrize(
    ("name", "least", "size", "message"),
    [
        ("ssim", 11, (8, 8), "metric ssim needs frames of at least 11 x 11 pixels, these have 8 x 8."),
        ("ssim", 11, (10, 200), "metric ssim needs frames of at least 11 x 11 pixels, these have 200 x 10."),
        ("ssim:window=uniform", 7, (7, 6), "metric ssim:window=uniform needs frames of at least 7 x 7 pixels, these have 6 x 7."),
    ],
)
def test_frames_smaller_than_the_window_are_refused_before_and_during_work(name, least, size, message):
    metric = create(name)
    metric.check_frames(least, least, 1)
    height, width = size
    with pytest.raises(InputError) as before:
        metric.check_frames(height, width, 30)
    assert str(before.value) == message
    with pytest.raises(MediaError) as during:
        metric.record([FramePair(noise(2, height, width, 3), noise(2, height, width, 3))])
    assert str(during.value) == message


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        ([], "needs at least one frame"),
        ([(noise(0, 16, 16, 3), noise(0, 16, 16, 3))], "needs at least one frame"),
        ([(noise(2, 16, 16, 3), noise(2, 16, 17, 3))], "the prediction has 2 of 16 x 16, the reference 2 of 17 x 16"),
        ([(noise(2, 16, 16, 3), noise(3, 16, 16, 3))], "the prediction has 2 of 16 x 16, the reference 3 of 16 x 16"),
        ([(noise(2, 16, 16, 3) / 255, noise(2, 16, 16, 3))], "the prediction's are float64"),
        ([(noise(2, 16, 16, 3), noise(2, 16, 16, 4))], r"the reference's are uint8 \(2, 16, 16, 4\)"),
        (
            [(noise(2, 16, 16, 3), noise(2, 16, 16, 3)), (noise(2, 18, 16, 3), noise(2, 18, 16, 3))],
            "after 2 frames it changes from 16 x 16 to 16 x 18",
        ),
    ],
    ids=["no chunk", "empty chunk", "other width", "other length", "floats", "four channels", "size changes"],
)
def test_frames_that_do_not_fit_are_refused_in_words(name, chunks, message):
    with pytest.raises(MediaError, match=message):
        create(name).record(FramePair(*chunk) for chunk in chunks)


def test_what_is_not_frames_is_refused():
    with pytest.raises(TypeError, match="compares frames"):
        create("l1").record([LengthPair(2, 2, None, None)])


@pytest.mark.parametrize("name", METRICS)
def test_a_missing_production_counts_as_a_clip_of_the_worst_value(name):
    metric = create(name)
    reference = noise(3, 16, 16, 3)
    there, missing = record(name, noisy_copy(reference), reference), metric.missing()
    assert missing is not None
    assert {key: (array.dtype, array.shape) for key, array in missing.items()} == {
        key: (array.dtype, array.shape) for key, array in there.items()
    }
    worst = {"l1": 1.0}.get(name, 0.0)
    weights = np.array([[1, 1], [1, 0], [0, 3], [0, 0]])
    own = value(name, noisy_copy(reference), reference)
    np.testing.assert_array_equal(metric.score([there, missing], weights), [(own + worst) / 2, own, worst, np.nan])


@pytest.mark.parametrize(("name", "unit", "direction"), [("l1", "1", "lower"), ("psnr", "dB", "higher"), ("ssim", "1", "higher")])
def test_units_and_directions(name, unit, direction):
    metric = create(name)
    assert (metric.unit, metric.direction, metric.view, metric.pairs_frames) == (unit, direction, "frames", True)


def test_an_unknown_window_is_answered_with_those_that_exist():
    with pytest.raises(InputError, match="Did you mean gaussian"):
        create("ssim:window=gausian")


def test_kernels_work_where_no_folder_keeps_their_compiled_form():
    namespace: dict[str, Any] = {}
    exec("def double(number):\n    return 2 * number", namespace)  # no source file, so numba finds no cache folder
    assert compiled_for(namespace["double"], numba.int64)(21) == 42
