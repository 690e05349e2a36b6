"""Elementary functions, small matrix products and lengths that are bit-identical on every processor.

Addition, subtraction, multiplication, division and square root of IEEE 754 have exactly one correct result. Everything else in
NumPy does not: ``np.sin`` and similar functions choose vectorised routines by processor, so does the C library, matrix products go
through BLAS, whose kernels add in different orders, and ``np.einsum`` fuses multiplication and addition if the processor can.
Whatever is written to a file, digested or used for a decision is therefore computed here: each NumPy call below is a single basic
operation, so that nothing can be fused or reordered. Results are within 2 units in the last quadrant.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

# pi / 2 in three parts, the first two of 33 bits, so that their products with integers below 2^20 are exact
_HALF_PI = (1.57079632673412561417e00, 6.07710050630396597660e-11, 2.02226624879595063154e-21)
_TWO_BY_PI = 0.6366197723675814
_QUARTER_PI, _QUARTER_PI_REST = 0.7853981633974483, 3.061616997868383e-17
_LN_2, _LN_2_REST = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_LOG_2_OF_E = 1.4426950408889634

# Coefficients, highest power first, as published in fdlibm (k_sin.c, k_cos.c, e_exp.c, e_log.c) and for the arc tangent in Cephes
# (atan.c).
_SINE = (
    1.58969099521155010221e-10,
    -2.50507602534068634195e-08,
    2.75573137070700676789e-06,
    -1.98412698298579493134e-04,
    8.33333333332248946124e-03,
    -1.66666666666666324348e-01,
)
_COSINE = (
    -1.13596475577881948265e-11,
    2.08757232129817482790e-09,
    -2.75573143513906633035e-07,
    2.48015872894767294178e-05,
    -1.38888888888741095749e-03,
    4.16666666666666019037e-02,
)
_EXPONENTIAL = (
    4.13813679705723846039e-08,
    -1.65339022054652515390e-06,
    6.61375632143793436117e-05,
    -2.77777777770155933842e-03,
    1.66666666666666019037e-01,
)
_LOGARITHM = (
    1.479819860511658591e-01,
    1.531383769920937332e-01,
    1.818357216161805012e-01,
    2.222219843214978396e-01,
    2.857142874366239149e-01,
    3.999999999940941908e-01,
    6.666666666666735130e-01,
)
_ARC_TANGENT = (
    -8.750608600031904122785e-1,
    -1.615753718733365076637e1,
    -7.500855792314704667340e1,
    -1.228866684490136173410e2,
    -6.485021904942025371773e1,
)
_ARC_TANGENT_BELOW = (
    1.0,
    2.485846490142306297962e1,
    1.650270098316988542046e2,
    4.328810604912902668951e2,
    4.853903996359136964868e2,
    1.945506571482613964425e2,
)


def sine_cosine(angle: ArrayLike) -> tuple[Array, Array]:
    """Sines and cosines.

    Args:
        angle: radians, of any shape; beyond a million the angle itself is too coarse, and so are the results.

    Returns:
        Two float64 arrays of that shape; NaN if the angle is not finite.
    """
    x = np.asarray(angle, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        quarters = np.rint(x * _TWO_BY_PI)
        rest = x - quarters * _HALF_PI[0]
        rest = rest - quarters * _HALF_PI[1]
        rest -= quarters * _HALF_PI[2]
        quadrant = quarters - 4.0 * np.floor(quarters * 0.25)
    # for an angle so large that rounding leaves more than an eighth turn, any sine is as good as another
    rest = np.clip(rest, -1.0, 1.0)
    square = rest * rest
    sine = _polynomial(square, _SINE)
    sine *= square
    sine *= rest
    sine += rest
    cosine = _polynomial(square, _COSINE)
    cosine *= square
    cosine *= square
    half = 0.5 * square
    whole = 1.0 - half
    cosine += (1.0 - whole) - half
    cosine += whole
    # the quadrant: the sine is negative in the lower half of the circle, the cosine in the left half
    odd, lower = (quadrant == 1) | (quadrant == 3), quadrant >= 2
    left = odd != lower
    first, second = np.where(odd, cosine, sine), np.where(odd, sine, cosine)
    return np.where(lower, -first, first), np.where(left, -second, second)


def sine(angle: ArrayLike) -> Array:
    """Sines; see :func:`sine_cosine`."""
    return sine_cosine(angle)[0]


def cosine(angle: ArrayLike) -> Array:
    """Cosines; see :func:`sine_cosine`."""
    return sine_cosine(angle)[1]


def arc_tangent(y: ArrayLike, x: ArrayLike) -> Array:
    """Angles of points in the plane, in [-pi, pi].

    Args:
        y: finite, of any shape.
        x: finite, of a shape that broadcasts with it; the angle at (0, 0) is 0.

    Returns:
        float64.
    """
    up, right = np.broadcast_arrays(np.asarray(y, dtype=np.float64), np.asarray(x, dtype=np.float64))
    high, wide = np.abs(up), np.abs(right)
    steep = high > wide
    larger = np.where(steep, high, wide)
    share = np.where(steep, wide, high) / np.where(larger == 0, 1.0, larger)
    # from here on the ratio is in [0, 1]; its upper part is measured from an eighth turn
    upper = share > 0.66
    share = np.where(upper, (share - 1.0) / (share + 1.0), share)
    square = share * share
    angle = share * (square * _polynomial(square, _ARC_TANGENT) / _polynomial(square, _ARC_TANGENT_BELOW)) + share
    angle = np.where(upper, (angle + _QUARTER_PI_REST) + _QUARTER_PI, angle)
    angle = np.where(steep, 2 * _QUARTER_PI - (angle - 2 * _QUARTER_PI_REST), angle)
    angle = np.where(right < 0, 4 * _QUARTER_PI - (angle - 4 * _QUARTER_PI_REST), angle)
    return np.asarray(np.where(up < 0, -angle, angle))


def exponential(x: ArrayLike) -> Array:
    """e to the power of numbers of any shape: 0 below -746, infinity above 709.78, NaN for NaN."""
    given = np.asarray(x, dtype=np.float64)
    power = np.clip(given, -800.0, 800.0)
    power = np.where(np.isnan(given), 0.0, power)
    twos = np.rint(power * _LOG_2_OF_E)
    high = power - twos * _LN_2
    low = twos * _LN_2_REST
    rest = high - low
    square = rest * rest
    close = rest - square * _polynomial(square, _EXPONENTIAL)
    found = 1.0 - ((low - (rest * close) / (2.0 - close)) - high)
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(np.where(np.isnan(given), np.nan, np.ldexp(found, twos.astype(np.int32))))


def logarithm(x: ArrayLike) -> Array:
    """Natural logarithms of numbers of any shape; minus infinity for 0, NaN for negative numbers."""
    given = np.asarray(x, dtype=np.float64)
    ordinary = (given > 0) & (given < np.inf)
    share, twos = np.frexp(np.where(ordinary, given, 1.0))
    small = share < 0.7071067811865476
    share, power = np.where(small, 2.0 * share, share), twos - small.astype(np.float64)
    f = share - 1.0
    s = f / (2.0 + f)
    square = s * s
    series = square * _polynomial(square, _LOGARITHM)
    half = 0.5 * f * f
    found = power * _LN_2 - ((half - (s * (half + series) + power * _LN_2_REST)) - f)
    return np.asarray(np.where(ordinary, found, np.where(given == 0, -np.inf, np.where(given > 0, np.inf, np.nan))))


def product(left: ArrayLike, right: ArrayLike) -> Array:
    """Products of small matrices, each sum in the order of its terms.

    Args:
        left: ``(..., n, m)``.
        right: ``(..., m, k)``.

    Returns:
        float64 ``(..., n, k)``.
    """
    first, last = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    leading = np.broadcast_shapes(first.shape[:-2], last.shape[:-2])
    found = np.empty((*leading, first.shape[-2], last.shape[-1]))
    # element by element: many matrices at once are faster than one at a time
    for row in range(first.shape[-2]):
        for column in range(last.shape[-1]):
            total = first[..., row, 0] * last[..., 0, column]
            for term in range(1, first.shape[-1]):
                total = total + first[..., row, term] * last[..., term, column]
            found[..., row, column] = total
    return found


def turned(matrix: ArrayLike, vector: ArrayLike) -> Array:
    """Products of small matrices ``(..., n, m)`` and vectors ``(..., m)``, in the order of their terms: float64 ``(..., n)``."""
    first, last = np.asarray(matrix, dtype=np.float64), np.asarray(vector, dtype=np.float64)
    total: Array = first[..., 0] * last[..., 0, None]
    for term in range(1, first.shape[-1]):
        total += first[..., term] * last[..., term, None]
    return total


def inner(left: ArrayLike, right: ArrayLike) -> Array:
    """Inner products over the last axis, in the order of its terms: float64 of the remaining shape."""
    first, last = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    total: Array = np.asarray(first[..., 0] * last[..., 0])
    for term in range(1, max(first.shape[-1], last.shape[-1])):
        total = total + first[..., term] * last[..., term]
    return total


def length(vector: ArrayLike) -> Array:
    """Euclidean lengths over the last axis: float64 of the remaining shape."""
    return np.asarray(np.sqrt(inner(vector, vector)))


def on_grid(values: ArrayLike, steps: int) -> NDArray[np.float32]:
    """The nearest multiples of ``1 / steps``, ties to even, as float32."""
    # no negative zeros
    return np.asarray(np.rint(np.asarray(values, dtype=np.float64) * steps) / steps + 0.0, dtype=np.float32)


def uniform(random: np.random.Generator, low: float, high: float, size: tuple[int, ...] | int | None = None) -> Array:
    """Uniform random numbers from [low, high): float64 of that size, or a scalar without one."""
    return np.asarray(low + (high - low) * np.asarray(random.random(size)))


def normal(random: np.random.Generator, size: tuple[int, ...]) -> Array:
    """Standard normal random numbers, by Box and Muller's method of 1958: float64 of that size.

    NumPy's own method uses the logarithm of the installed C library.
    """
    first, second = 1.0 - random.random(size), random.random(size)
    return np.asarray(np.sqrt(-2.0 * logarithm(first)) * cosine(2 * np.pi * second))


def _polynomial(x: Array, coefficients: tuple[float, ...]) -> Array:
    """A polynomial by Horner's rule, the coefficient of the highest power first."""
    total: Array = coefficients[0] * x
    total += coefficients[1]
    for coefficient in coefficients[2:]:
        total *= x
        total += coefficient
    return total
