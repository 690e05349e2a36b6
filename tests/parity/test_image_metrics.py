"""l1, psnr, ssim and tcd against scikit-image, torchmetrics and NumPy."""

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from signbench.metrics.pairs import FramePair
from signbench.metrics.registry import create

WINDOWS = {
    "ssim": {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False},
    "ssim:window=uniform": {},
}
SIZES = [(11, 11), (11, 40), (12, 17), (17, 12), (33, 33), (48, 64), (64, 48), (101, 67)]


def value(name, prediction, reference):
    metric = create(name)
    return metric.clip_value(metric.record([FramePair(prediction, reference)]))


def skimage_ssim(name, prediction, reference):
    return np.mean(
        [
            structural_similarity(made / 255, real / 255, channel_axis=-1, data_range=1, **WINDOWS[name])
            for made, real in zip(prediction, reference, strict=True)
        ]
    )


def bright_and_smooth(random, frames, height, width):
    """Frames whose local variance is a few levels on top of bright values, where single precision fails."""
    down, across = np.mgrid[0:height, 0:width]
    base = 235 + 8 * np.sin(down / 9)[..., None] + 8 * np.cos(across / 7)[..., None] * np.ones(3)
    return np.clip(np.rint(base + random.normal(0, 0.7, (frames, height, width, 3))), 0, 255).astype(np.uint8)


def clips(height, width, frames=2):
    """Pairs of clips of different kinds: (prediction, reference)."""
    random = np.random.default_rng(height * 1000 + width)
    anything = random.integers(0, 256, (2, frames, height, width, 3), dtype=np.uint8)
    yield anything[0], anything[1]
    yield np.clip(anything[0] + random.integers(-15, 16, anything[0].shape), 0, 255).astype(np.uint8), anything[0]
    yield bright_and_smooth(random, frames, height, width), bright_and_smooth(random, frames, height, width)
    levels = random.integers(0, 256, (2, 1, 1, 1, 3), dtype=np.uint8)
    yield tuple(np.broadcast_to(level, (frames, height, width, 3)) for level in levels)
    yield anything[0], np.zeros_like(anything[0])


@pytest.mark.parametrize("name", WINDOWS)
@pytest.mark.parametrize("size", SIZES)
def test_ssim_is_that_of_scikit_image(name, size):
    for prediction, reference in clips(*size):
        assert value(name, prediction, reference) == pytest.approx(skimage_ssim(name, prediction, reference), abs=2e-12)


@pytest.mark.parametrize("size", [(7, 7), (7, 10), (9, 8)])
def test_uniform_ssim_is_that_of_scikit_image_on_frames_as_small_as_its_window(size):
    name = "ssim:window=uniform"
    for prediction, reference in clips(*size):
        assert value(name, prediction, reference) == pytest.approx(skimage_ssim(name, prediction, reference), abs=2e-12)


@pytest.mark.parametrize("size", SIZES)
def test_psnr_is_that_of_scikit_image(size):
    for prediction, reference in clips(*size):
        frames = [
            peak_signal_noise_ratio(real / 255, made / 255, data_range=1) for made, real in zip(prediction, reference, strict=True)
        ]
        assert value("psnr", prediction, reference) == pytest.approx(np.mean(frames), abs=1e-10)


@pytest.mark.parametrize("size", [(1, 1), (2, 5), *SIZES])
def test_l1_is_that_of_floating_point(size):
    for prediction, reference in clips(*size):
        assert value("l1", prediction, reference) == pytest.approx(np.abs(prediction / 255 - reference / 255).mean(), abs=1e-14)


@pytest.mark.parametrize("reduction", ["mean", "max", "sum"])
@pytest.mark.parametrize("span", ["unit", "byte"])
def test_tcd_is_that_of_floating_point_where_no_difference_equals_the_threshold(reduction, span):
    # No difference of bytes, and no third of one, is 0.77 of a level or of 255.
    for prediction, reference in clips(31, 22, frames=5):
        scale = 255 if span == "unit" else 1
        midpoint = (reference[:-2] / scale + reference[2:] / scale) / 2
        reduced = getattr(np.abs(prediction[1:-1] / scale - midpoint), reduction)(axis=-1)
        expected = (reduced > 0.77).mean(axis=(1, 2)).mean()
        assert value(f"tcd:range={span},reduce={reduction},threshold=0.77", prediction, reference) == pytest.approx(
            expected, abs=1e-14
        )


@pytest.fixture(scope="module")
def tensors():
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(8)
    reference = bright_and_smooth(random, 4, 48, 40)
    prediction = np.clip(reference + random.integers(-9, 10, reference.shape), 0, 255).astype(np.uint8)
    prediction[2] = 255 - prediction[2]
    floats = [torch.from_numpy(side / 255).permute(0, 3, 1, 2) for side in (prediction, reference)]
    return prediction, reference, *floats


def test_ssim_is_the_valid_region_of_torchmetrics_map(tensors):
    from torchmetrics.functional.image import structural_similarity_index_measure

    prediction, reference, made, real = tensors
    _, similarities = structural_similarity_index_measure(made, real, data_range=1.0, return_full_image=True)
    assert value("ssim", prediction, reference) == pytest.approx(similarities[..., 5:-5, 5:-5].mean().item(), abs=1e-11)


def test_psnr_is_that_of_torchmetrics_frame_by_frame(tensors):
    from torchmetrics.functional.image import peak_signal_noise_ratio as torchmetrics_psnr

    prediction, reference, made, real = tensors
    frames = torchmetrics_psnr(made, real, data_range=1.0, dim=(1, 2, 3))
    # Its 10 / log(10) is a 32-bit number.
    assert value("psnr", prediction, reference) == pytest.approx(frames.item(), rel=1e-6)


def test_l1_is_the_mean_absolute_error_of_torchmetrics(tensors):
    from torchmetrics.functional import mean_absolute_error

    prediction, reference, made, real = tensors
    assert value("l1", prediction, reference) == pytest.approx(
        mean_absolute_error(made.flatten(), real.flatten()).item(), abs=1e-12
    )


def test_ssim_and_psnr_of_a_real_video_are_those_of_scikit_image(real_data):
    import av
    import cv2

    with av.open(str(real_data / "video" / "signer_selfie.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame, _ in zip(container.decode(video=0), range(4), strict=False)]
    reference = np.stack([frame[100:420, 60:300] for frame in frames])
    prediction = np.stack([cv2.GaussianBlur(frame, (0, 0), 1.5) for frame in reference])
    for name in WINDOWS:
        assert value(name, prediction, reference) == pytest.approx(skimage_ssim(name, prediction, reference), abs=1e-12)
    decibels = [peak_signal_noise_ratio(real, made) for made, real in zip(prediction, reference, strict=True)]
    assert value("psnr", prediction, reference) == pytest.approx(np.mean(decibels), abs=1e-10)
