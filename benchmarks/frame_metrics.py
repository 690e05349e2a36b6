"""Speed of l1, psnr, ssim and tcd together, compared with the usual loop over frames with scikit-image, on one thread.

    python benchmarks/frame_metrics.py

Both sides get the same 8-bit frames in memory and give the same four numbers. Repetitions alternate between them, so that other
load on the machine affects both; times are medians.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signbench.metrics.pairs import FramePair
from signbench.metrics.registry import create

SIZES = (128, 256, 512)
METRICS = ("l1", "psnr", "ssim", "tcd")
CHUNK = 16

Frames = NDArray[np.uint8]


def signing_like(size: int, frames: int, seed: int = 0) -> tuple[Frames, Frames]:
    """A reference of smooth moving shapes in front of a shaded wall, and a blurred, slightly late and noisy copy of it.

    Returns:
        prediction and reference, uint8 ``(frames, size, size, 3)``.
    """
    import cv2

    random = np.random.default_rng(seed)
    down, across = np.mgrid[0:size, 0:size] / size
    wall = np.stack([90 + 80 * down, 110 + 60 * across, 140 + 40 * down * across], axis=-1)
    shapes = [(random.uniform(0.1, 0.25), random.uniform(0, 6.3, 2), random.uniform(0, 255, 3)) for _ in range(5)]

    def picture(moment: float) -> NDArray[np.float64]:
        image = wall.copy()
        for radius, phase, colour in shapes:
            x, y = 0.5 + 0.35 * np.cos(phase[0] + 0.25 * moment), 0.5 + 0.35 * np.sin(phase[1] + 0.2 * moment)
            cover = np.clip((radius - np.hypot(across - x, down - y)) * size / 2, 0, 1)[..., None]
            image += cover * (colour - image)
        return image

    def softened(moment: float) -> NDArray[np.float64]:
        return cv2.GaussianBlur(picture(moment), (0, 0), 1.2).astype(np.float64, copy=False)

    def recorded(image: NDArray[np.float64], noise: float) -> Frames:
        return np.clip(np.rint(image + random.normal(0, noise, image.shape)), 0, 255).astype(np.uint8)

    reference = np.stack([recorded(picture(moment), 2.0) for moment in range(frames)])
    prediction = np.stack([recorded(softened(moment - 0.3), 4.0) for moment in range(frames)])
    return prediction, reference


def ours(prediction: Frames, reference: Frames) -> list[float]:
    """The four numbers from signbench's recorders, which get the same chunks, as in the engine."""
    metrics = [create(name) for name in METRICS]
    recorders = [metric.recorder() for metric in metrics]
    for start in range(0, len(reference), CHUNK):
        pair = FramePair(prediction[start : start + CHUNK], reference[start : start + CHUNK])
        for recorder in recorders:
            recorder.update(pair)
    return [float(metric.clip_value(recorder.finish()) or 0.0) for metric, recorder in zip(metrics, recorders, strict=True)]


def usual(prediction: Frames, reference: Frames) -> list[float]:
    """The same four numbers from scikit-image and NumPy, frame by frame in float64."""
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    values: list[list[float]] = [[], [], [], []]
    for index in range(len(reference)):
        made, real = prediction[index] / 255, reference[index] / 255
        values[0].append(float(np.abs(made - real).mean()))
        values[1].append(float(peak_signal_noise_ratio(real, made, data_range=1)))
        window = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        values[2].append(float(structural_similarity(real, made, channel_axis=-1, data_range=1, **window)))
        if 0 < index < len(reference) - 1:
            midpoint = (reference[index - 1] / 255 + reference[index + 1] / 255) / 2
            values[3].append(float((np.abs(made - midpoint).mean(axis=-1) > 0.5).mean()))
    return [float(np.mean(frames)) for frames in values]


def rows(frames: int = 16, repetitions: int = 5) -> list[dict[str, Any]]:
    """Measures each size.

    Args:
        frames: number of frames of the clip.
        repetitions: number of timed runs of each side, after one warm-up.

    Returns:
        For each size ``benchmark``, ``size``, ``ours_ms`` and ``peer_ms`` (per frame), ``ratio`` (how many times faster than the
        loop) and ``difference`` (the largest between any two of the four numbers).
    """
    import cv2

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return [_row(size, frames, repetitions) for size in SIZES]
    finally:
        cv2.setNumThreads(threads)


def _row(size: int, frames: int, repetitions: int) -> dict[str, Any]:
    clip = signing_like(size, frames)
    difference = max(abs(own - other) for own, other in zip(ours(*clip), usual(*clip), strict=True))
    seconds: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(repetitions):
        for side, measure in (("ours", ours), ("peer", usual)):
            start = time.perf_counter()
            measure(*clip)
            seconds[side].append(time.perf_counter() - start)
    own, peer = (statistics.median(seconds[side]) for side in ("ours", "peer"))
    return {
        "benchmark": "l1 + psnr + ssim + tcd against scikit-image",
        "size": size,
        "ours_ms": 1000 * own / frames,
        "peer_ms": 1000 * peer / frames,
        "ratio": peer / own,
        "difference": difference,
    }


def main() -> None:
    print(f"{'size':>5} {'signbench ms/frame':>19} {'scikit-image ms/frame':>22} {'times faster':>13} {'largest difference':>19}")
    for row in rows():
        print(f"{row['size']:>5} {row['ours_ms']:>19.2f} {row['peer_ms']:>22.2f} {row['ratio']:>13.1f} {row['difference']:>19.1e}")


if __name__ == "__main__":
    main()
