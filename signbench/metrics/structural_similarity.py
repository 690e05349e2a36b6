"""Structural similarity of 8-bit frames, compiled: all filters of a frame in one pass over its rows.

The formula is that of Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to structural
similarity", IEEE Transactions on Image Processing 13 (2004), equation 13, with K1 = 0.01 and K2 = 0.03::

    S = (2 m_x m_y + C1) (2 v_xy + C2) / ((m_x² + m_y² + C1) (v_x + v_y + C2))

Why signbench has its own kernels, and why these:

* 32-bit floats are not an option: variances are differences of large numbers, and bright smooth frames would lose five digits.
* 64-bit filters of OpenCV are only 3 times as fast as scikit-image, because every intermediate image goes through memory. Here only
  a few rows are kept, and each sample of the frame is used only while its row is.
* S needs v_x + v_y, never one of them alone, so four quantities are filtered: x, y, x² + y² and xy. They are small integers until
  the first multiplication by a weight.
* Channels stay interleaved; a neighbour to the side is three samples away.
* Sums run down the columns first and across them last, in one fixed order, so a frame's value depends only on the frame. Fused
  multiplication and other floating-point optimisations stay off: identical frames score exactly 1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Literal

import numba
import numpy as np
from numpy.typing import NDArray

from signbench.arithmetic import exponential
from signbench.compilation import compiled_for

Window = Literal["gaussian", "uniform"]

WINDOW_SIZES: dict[Window, int] = {"gaussian": 11, "uniform": 7}
"""Side of each window in pixels."""

SIGMA = 1.5
"""Standard deviation of the Gaussian window, in pixels."""

# (K L)² with samples on 0..255, where L = 255: the ratio is the same as on [0, 1].
C1 = (0.01 * 255) * (0.01 * 255)
C2 = (0.03 * 255) * (0.03 * 255)

# Read-only in the signature: arrays of either kind are accepted, and one compilation serves both.
ROWS = numba.types.Array(numba.uint8, 3, "C", readonly=True)
WEIGHTS = numba.types.Array(numba.float64, 1, "C", readonly=True)


def structural_similarities(
    prediction: NDArray[np.uint8], reference: NDArray[np.uint8], window: Window = "gaussian"
) -> NDArray[np.float64]:
    """SSIM of each frame: the mean over channels and over the pixels whose window is entirely inside the frame.

    Args:
        prediction: uint8 ``(n, H, W * 3)``, C-contiguous; H and W at least the window's size.
        reference: the same shape.
        window: ``gaussian`` is 11 x 11 with sigma 1.5 and population covariance, as Wang et al. use it; ``uniform`` is 7 x 7 with
            sample covariance, the default of ``skimage.metrics.structural_similarity``.

    Returns:
        float64 ``(n,)``, each in [-1, 1]; exactly 1 for identical frames.
    """
    weights = (gaussian_weights(),) if window == "gaussian" else ()
    similarities: NDArray[np.float64] = _kernel(window)(prediction, reference, *weights)
    return similarities


def gaussian_weights() -> NDArray[np.float64]:
    """One half of the Gaussian window along one axis, from its centre outwards: float64 ``(6,)``; the whole sums to 1."""
    far = np.arange(6) / SIGMA
    weights = exponential(-0.5 * far * far)
    halved: NDArray[np.float64] = weights / (weights[0] + 2 * weights[1:].sum())
    return halved


@cache
def _kernel(window: Window) -> Callable[..., Any]:
    if window == "gaussian":
        return compiled_for(_gaussian, ROWS, ROWS, WEIGHTS)
    return compiled_for(_uniform, ROWS, ROWS)


# In both kernels, np.int32(...) around a sum is there because numba would widen it to 64 bits, which takes twice the space in a
# register. All of these fit: the largest is 49² (255² + 255²), about 0.31e9. Slices start at the neighbour, so that loops run over
# one plain index; an index such as [j + 3] might be negative as far as the compiler knows.


def _gaussian(prediction: NDArray[np.uint8], reference: NDArray[np.uint8], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    frames, height, width = prediction.shape
    valid = width - 30
    w0, w1, w2, w3, w4, w5 = weights[0], weights[1], weights[2], weights[3], weights[4], weights[5]
    moments = np.empty((4, 11, width), np.int32)  # of the last 11 rows: x, y, x² + y², xy
    filtered = np.empty((4, width))  # down the columns
    means = np.empty((4, valid))  # and across
    columns = np.empty(valid)
    scores = np.empty(frames)
    for frame in range(frames):
        columns[:] = 0.0
        for row in range(height):
            slot = row % 11
            x, y = prediction[frame, row], reference[frame, row]
            xs, ys, squares, products = moments[0, slot], moments[1, slot], moments[2, slot], moments[3, slot]
            for j in range(width):
                a, b = np.int32(x[j]), np.int32(y[j])
                xs[j] = a
                ys[j] = b
                squares[j] = a * a + b * b
                products[j] = a * b
            if row < 10:
                continue

            for kind in range(4):
                r0, s0 = moments[kind, (row - 10) % 11], moments[kind, row % 11]
                r1, s1 = moments[kind, (row - 9) % 11], moments[kind, (row - 1) % 11]
                r2, s2 = moments[kind, (row - 8) % 11], moments[kind, (row - 2) % 11]
                r3, s3 = moments[kind, (row - 7) % 11], moments[kind, (row - 3) % 11]
                r4, s4 = moments[kind, (row - 6) % 11], moments[kind, (row - 4) % 11]
                r5 = moments[kind, (row - 5) % 11]
                down = filtered[kind]
                for j in range(width):
                    down[j] = (
                        w0 * r5[j]
                        + w1 * np.int32(r4[j] + s4[j])
                        + w2 * np.int32(r3[j] + s3[j])
                        + w3 * np.int32(r2[j] + s2[j])
                        + w4 * np.int32(r1[j] + s1[j])
                        + w5 * np.int32(r0[j] + s0[j])
                    )
                d0, e0 = down[:valid], down[30:]
                d1, e1 = down[3 : 3 + valid], down[27 : 27 + valid]
                d2, e2 = down[6 : 6 + valid], down[24 : 24 + valid]
                d3, e3 = down[9 : 9 + valid], down[21 : 21 + valid]
                d4, e4 = down[12 : 12 + valid], down[18 : 18 + valid]
                d5 = down[15 : 15 + valid]
                mean = means[kind]
                for j in range(valid):
                    mean[j] = (
                        w0 * d5[j]
                        + w1 * (d4[j] + e4[j])
                        + w2 * (d3[j] + e3[j])
                        + w3 * (d2[j] + e2[j])
                        + w4 * (d1[j] + e1[j])
                        + w5 * (d0[j] + e0[j])
                    )

            mean_x, mean_y, mean_squares, mean_products = means[0], means[1], means[2], means[3]
            for j in range(valid):
                product = mean_x[j] * mean_y[j]
                square = mean_x[j] * mean_x[j] + mean_y[j] * mean_y[j]
                covariance = mean_products[j] - product
                variances = mean_squares[j] - square
                columns[j] += ((2 * product + C1) * (2 * covariance + C2)) / ((square + C1) * (variances + C2))

        total = 0.0
        for j in range(valid):
            total += columns[j]
        scores[frame] = total / ((height - 10) * valid)
    return scores


def _uniform(prediction: NDArray[np.uint8], reference: NDArray[np.uint8]) -> NDArray[np.float64]:
    frames, height, width = prediction.shape
    valid = width - 18
    # With n = 49 samples, both sides of the fraction are multiplied by n² and by n (n - 1), so that everything except the constants
    # is an integer: n² m_x m_y = Σx Σy, and n (n - 1) v_xy = n Σxy - Σx Σy for the sample covariance.
    c1 = C1 * 49 * 49
    c2 = C2 * 49 * 48
    sums = np.empty((4, width), np.int32)  # of 7 rows: x, y, x² + y², xy
    columns = np.empty(valid)
    scores = np.empty(frames)
    for frame in range(frames):
        columns[:] = 0.0
        sums[:] = 0
        xs, ys, squares, products = sums[0], sums[1], sums[2], sums[3]
        for row in range(height):
            x, y = prediction[frame, row], reference[frame, row]
            for j in range(width):
                a, b = np.int32(x[j]), np.int32(y[j])
                xs[j] += a
                ys[j] += b
                squares[j] += a * a + b * b
                products[j] += a * b
            if row < 6:
                continue

            x0, x1, x2, x3 = xs[:valid], xs[3 : 3 + valid], xs[6 : 6 + valid], xs[9 : 9 + valid]
            x4, x5, x6 = xs[12 : 12 + valid], xs[15 : 15 + valid], xs[18:]
            y0, y1, y2, y3 = ys[:valid], ys[3 : 3 + valid], ys[6 : 6 + valid], ys[9 : 9 + valid]
            y4, y5, y6 = ys[12 : 12 + valid], ys[15 : 15 + valid], ys[18:]
            s0, s1, s2, s3 = squares[:valid], squares[3 : 3 + valid], squares[6 : 6 + valid], squares[9 : 9 + valid]
            s4, s5, s6 = squares[12 : 12 + valid], squares[15 : 15 + valid], squares[18:]
            p0, p1, p2, p3 = products[:valid], products[3 : 3 + valid], products[6 : 6 + valid], products[9 : 9 + valid]
            p4, p5, p6 = products[12 : 12 + valid], products[15 : 15 + valid], products[18:]
            for j in range(valid):
                sum_x = np.int32(x0[j] + x1[j] + x2[j] + x3[j] + x4[j] + x5[j] + x6[j])
                sum_y = np.int32(y0[j] + y1[j] + y2[j] + y3[j] + y4[j] + y5[j] + y6[j])
                sum_squares = np.int32(s0[j] + s1[j] + s2[j] + s3[j] + s4[j] + s5[j] + s6[j])
                sum_products = np.int32(p0[j] + p1[j] + p2[j] + p3[j] + p4[j] + p5[j] + p6[j])
                product = np.int32(2 * np.int32(sum_x * sum_y))
                square = np.int32(np.int32(sum_x * sum_x) + np.int32(sum_y * sum_y))
                covariance = np.int32(np.int32(98 * sum_products) - product)
                variances = np.int32(np.int32(49 * sum_squares) - square)
                columns[j] += ((product + c1) * (covariance + c2)) / ((square + c1) * (variances + c2))

            x, y = prediction[frame, row - 6], reference[frame, row - 6]
            for j in range(width):
                a, b = np.int32(x[j]), np.int32(y[j])
                xs[j] -= a
                ys[j] -= b
                squares[j] -= a * a + b * b
                products[j] -= a * b

        total = 0.0
        for j in range(valid):
            total += columns[j]
        scores[frame] = total / ((height - 6) * valid)
    return scores
