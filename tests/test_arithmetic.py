"""Arithmetic that is the same on every processor: as accurate as the C library, with basic operations only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from signbench.arithmetic import (
    arc_tangent,
    cosine,
    exponential,
    inner,
    length,
    logarithm,
    normal,
    on_grid,
    product,
    sine,
    turned,
    uniform,
)

RANDOM = np.random.default_rng(0)

EVEN = RANDOM.uniform(-1, 1, 20_000)
SMALL, LARGE = EVEN * 1e-9, EVEN * 1e5


def close(found: NDArray[np.float64], wanted: NDArray[np.float64]) -> bool:
    """Within 2 units in the last digit of the expected value, or of 1e-3 if that is larger, since angles are rounded too."""
    return bool((np.abs(found - wanted) <= 2.5 * np.spacing(np.maximum(np.abs(wanted), 1e-3))).all())


@pytest.mark.parametrize(
    ("own", "usual", "arguments"),
    [
        pytest.param(sine, np.sin, (EVEN * 7,), id="sines of angles of a turn"),
        pytest.param(sine, np.sin, (SMALL,), id="sines of small angles"),
        pytest.param(sine, np.sin, (LARGE,), id="sines of large angles"),
        pytest.param(cosine, np.cos, (EVEN * 7,), id="cosines of angles of a turn"),
        pytest.param(cosine, np.cos, (LARGE,), id="cosines of large angles"),
        pytest.param(sine, np.sin, (np.arange(-40, 41) * np.pi / 4,), id="sines of eighths of a turn"),
        pytest.param(cosine, np.cos, (np.arange(-40, 41) * np.pi / 4,), id="cosines of eighths of a turn"),
        pytest.param(arc_tangent, np.arctan2, (EVEN, EVEN[::-1]), id="angles of points all around"),
        pytest.param(arc_tangent, np.arctan2, (SMALL, EVEN[::-1]), id="angles of points near the axis"),
        pytest.param(arc_tangent, np.arctan2, ([0, 0, 1, -1, 1, -1], [1, -1, 0, 0, 1, -1]), id="angles of the axes"),
        pytest.param(exponential, np.exp, (EVEN,), id="exponentials of numbers up to 1"),
        pytest.param(logarithm, np.log, (np.exp(EVEN * 300),), id="logarithms of all sizes"),
        pytest.param(logarithm, np.log, (1 + EVEN / 2,), id="logarithms of numbers about 1"),
    ],
)
def test_a_function_is_as_accurate_as_the_c_library(
    own: Callable[..., NDArray[np.float64]], usual: Callable[..., NDArray[np.float64]], arguments: tuple[NDArray[np.float64], ...]
) -> None:
    assert close(own(*arguments), np.asarray(usual(*(np.asarray(values, np.longdouble) for values in arguments)), np.float64))


def test_exponentials_are_relatively_accurate_over_their_whole_range() -> None:
    powers = EVEN * 700
    wanted = np.exp(powers.astype(np.longdouble))
    assert float(np.max(np.abs(exponential(powers) / wanted - 1))) < 4.5e-16
    assert exponential([-np.inf, -1e9, 0, 1e9, np.inf]).tolist() == [0, 0, 1, np.inf, np.inf]


def test_logarithms_and_exponentials_have_limits() -> None:
    assert logarithm([0, 1, np.inf]).tolist() == [-np.inf, 0, np.inf]
    assert np.isnan(logarithm([-1, np.nan])).all()
    assert np.isnan(exponential(np.nan))


def test_infinity_and_nan_have_no_sine() -> None:
    assert np.isnan(sine([np.nan, np.inf, -np.inf])).all()
    assert np.abs(sine([1e300, -1e200])).max() <= 1


def test_the_angle_of_the_origin_is_0() -> None:
    assert arc_tangent(0, 0) == 0


@pytest.mark.parametrize("shapes", [((3, 3), (3, 3)), ((7, 3, 3), (3, 3)), ((5, 1, 2, 4), (6, 4, 3))])
def test_products_are_those_of_matrices(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    left, right = (RANDOM.normal(size=shape) for shape in shapes)
    assert product(left, right) == pytest.approx(left @ right, abs=1e-14)
    assert turned(left, right[..., 0]) == pytest.approx((left @ right[..., :1])[..., 0], abs=1e-14)


def test_inner_products_and_lengths_add_in_the_order_of_their_terms() -> None:
    vector = np.array([1e16, 1.0, -1e16])
    assert inner(vector, np.ones(3)) == (1e16 + 1.0) - 1e16 == 0
    assert inner([[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0]).tolist() == [17.0, 39.0]
    assert length([[3.0, 4.0], [0.0, 0.0]]).tolist() == [5.0, 0.0]


def test_values_are_rounded_to_the_nearest_step_of_a_grid_and_halves_to_even() -> None:
    found = on_grid([0.12349, -0.0001, 0.0005, 0.0015, 7.0], 1000)
    assert found.dtype == np.float32
    assert found.tolist() == np.array([0.123, 0.0, 0.0, 0.002, 7.0], np.float32).tolist()
    assert not np.signbit(found[1])


def test_uniform_draws_are_those_of_numpy() -> None:
    own, usual = np.random.default_rng(3), np.random.default_rng(3)
    assert uniform(own, -2.0, 5.0, (4, 3)).tolist() == usual.uniform(-2.0, 5.0, (4, 3)).tolist()
    assert float(uniform(own, 1.0, 2.0)) == usual.uniform(1.0, 2.0)


def test_normal_deviates_have_the_moments_of_the_standard_normal_distribution() -> None:
    drawn = normal(np.random.default_rng(5), (200_000,))
    moments = [float(np.mean(drawn**power)) for power in (1, 2, 3, 4)]
    assert moments == pytest.approx([0, 1, 0, 3], abs=0.05)
    assert normal(np.random.default_rng(5), (2, 3)).shape == (2, 3)
