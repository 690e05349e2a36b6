"""Rotations as axis-angle, matrix and 6D, and conversions between them.

Axis-angle is a vector along the axis whose length is the angle in radians. 6D is the first two rows of the matrix, concatenated
(Zhou et al., "On the Continuity of Rotation Representations in Neural Networks", CVPR 2019, by rows as in PyTorch3D). All functions
accept any leading axes and compute in float64, bit-identically on every processor.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from signbench.arithmetic import arc_tangent, inner, length, product, sine_cosine

Array = NDArray[np.float64]

_SMALL = 1e-8
_SQUARES = 40


def matrix_from_axis_angle(axis_angle: ArrayLike) -> Array:
    """Matrices of rotations (Rodrigues' formula).

    Args:
        axis_angle: ``(..., 3)``, radians.

    Returns:
        float64 ``(..., 3, 3)``.
    """
    vector = np.asarray(axis_angle, dtype=np.float64)
    x, y, z = np.moveaxis(vector, -1, 0)
    square = x * x + y * y + z * z
    angle = np.sqrt(square)
    small = angle < _SMALL
    safe = np.where(small, 1.0, angle)
    # the limits at 0 are 1 and 1/2
    sine, cosine = sine_cosine(safe)
    first = np.where(small, 1.0, sine / safe)
    second = np.where(small, 0.5, (1 - cosine) / (safe * safe))
    matrix = np.empty((*vector.shape, 3))
    matrix[..., 0, 0] = 1 - second * (y * y + z * z)
    matrix[..., 1, 1] = 1 - second * (x * x + z * z)
    matrix[..., 2, 2] = 1 - second * (x * x + y * y)
    for row, column, turn, both in ((0, 1, -z, x * y), (0, 2, y, x * z), (1, 2, -x, y * z)):
        matrix[..., row, column] = first * turn + second * both
        matrix[..., column, row] = -first * turn + second * both
    return matrix


def turn_about(axis: int, angle: ArrayLike) -> Array:
    """Matrices of rotations about the first, second or third axis.

    Args:
        axis: 0, 1 or 2.
        angle: of any shape, radians.

    Returns:
        float64 ``(..., 3, 3)``.
    """
    sine, cosine = sine_cosine(angle)
    second, third = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.zeros((*np.shape(angle), 3, 3))
    matrix[..., axis, axis] = 1.0
    matrix[..., second, second] = matrix[..., third, third] = cosine
    matrix[..., third, second], matrix[..., second, third] = sine, -sine
    return matrix


def quaternion_from_matrix(matrix: ArrayLike) -> Array:
    """Unit quaternions ``(..., 4)``, real part first and never negative, of rotation matrices ``(..., 3, 3)``."""
    m = np.asarray(matrix, dtype=np.float64)
    return np.stack(_quaternion([m[..., row, column] for row in range(3) for column in range(3)]), axis=-1)


def _quaternion(elements: Sequence[Array]) -> tuple[Array, Array, Array, Array]:
    """The four parts of the unit quaternions of matrices, whose nine elements are given row by row."""
    a, b, c, d, e, f, g, h, i = elements
    real = 1 + a + e + i
    # for turns of less than 120 degrees, which most are
    parts = [real, h - f, c - g, d - b]
    others = ~((real >= 1 + a - e - i) & (real >= 1 - a + e - i) & (real >= 1 - a - e + i))
    if others.any():
        chosen = _largest_row(*(element[others] for element in elements))
        parts = [np.array(part) for part in parts]
        for index, part in enumerate(parts):
            part[others] = chosen[..., index]
    x, y, z = parts[1:]
    size = np.sqrt(parts[0] * parts[0] + x * x + y * y + z * z)
    return parts[0] / size, x / size, y / size, z / size


def _largest_row(a: Array, b: Array, c: Array, d: Array, e: Array, f: Array, g: Array, h: Array, i: Array) -> Array:
    """Multiples of the quaternions ``(..., 4)`` of matrices, stable for every rotation."""
    # 4 q q^T; its row with the largest diagonal element
    rows = [
        [1 + a + e + i, h - f, c - g, d - b],
        [h - f, 1 + a - e - i, b + d, c + g],
        [c - g, b + d, 1 - a + e - i, f + h],
        [d - b, c + g, f + h, 1 - a - e + i],
    ]
    products = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
    largest = np.argmax(np.diagonal(products, axis1=-2, axis2=-1), axis=-1)
    chosen = np.take_along_axis(products, largest[..., None, None], axis=-2)[..., 0, :]
    return np.asarray(np.where(chosen[..., :1] < 0, -chosen, chosen))


def axis_angle_from_matrix(matrix: ArrayLike) -> Array:
    """Rotations as axis-angle.

    Args:
        matrix: rotation matrices ``(..., 3, 3)``.

    Returns:
        float64 ``(..., 3)`` with angles in [0, pi].
    """
    return axis_angle_from_quaternion(quaternion_from_matrix(matrix))


def axis_angle_from_quaternion(quaternion: ArrayLike) -> Array:
    """Rotations as axis-angle.

    Args:
        quaternion: unit quaternions ``(..., 4)``, real part first and not negative.

    Returns:
        float64 ``(..., 3)`` with angles in [0, pi].
    """
    unit = np.asarray(quaternion, dtype=np.float64)
    return np.stack(_axis_angle(*(unit[..., part] for part in range(4))), axis=-1)


def _axis_angle(real: Array, x: Array, y: Array, z: Array) -> tuple[Array, Array, Array]:
    """The three numbers of axis-angle from the four parts of unit quaternions."""
    sine = np.sqrt(x * x + y * y + z * z)
    small = sine < _SMALL
    scale = np.where(small, 2.0, 2 * arc_tangent(sine, real) / np.where(small, 1.0, sine))
    return x * scale, y * scale, z * scale


def six_from_matrix(matrix: ArrayLike) -> Array:
    """6D ``(..., 6)`` of rotation matrices ``(..., 3, 3)``: their first two rows."""
    m = np.asarray(matrix, dtype=np.float64)
    return np.asarray(m[..., :2, :].reshape(*m.shape[:-2], 6))


def matrix_from_six(six: ArrayLike) -> Array:
    """Rotation matrices from 6D, orthonormalised by Gram-Schmidt.

    Args:
        six: ``(..., 6)``; the two rows need not be unit vectors or orthogonal, but must not be parallel or 0.

    Returns:
        float64 ``(..., 3, 3)``.
    """
    elements = _matrix(six)
    matrix = np.stack(elements, axis=-1)
    return matrix.reshape(*matrix.shape[:-1], 3, 3)


def _matrix(six: ArrayLike) -> list[Array]:
    """The nine elements of the matrices of 6D, row by row."""
    # each number of all rotations side by side, which is faster than each rotation by itself
    a, b, c, d, e, f = np.ascontiguousarray(np.moveaxis(np.asarray(six, dtype=np.float64), -1, 0))
    size = np.sqrt(a * a + b * b + c * c)
    a, b, c = a / size, b / size, c / size
    share = a * d + b * e + c * f
    d, e, f = d - share * a, e - share * b, f - share * c
    size = np.sqrt(d * d + e * e + f * f)
    d, e, f = d / size, e / size, f / size
    return [a, b, c, d, e, f, b * f - c * e, c * d - a * f, a * e - b * d]


def six_from_axis_angle(axis_angle: ArrayLike) -> Array:
    """6D ``(..., 6)`` of axis-angle rotations ``(..., 3)``."""
    return six_from_matrix(matrix_from_axis_angle(axis_angle))


def axis_angle_from_six(six: ArrayLike) -> Array:
    """Axis-angle rotations ``(..., 3)`` of 6D ``(..., 6)``."""
    return np.stack(_axis_angle(*_quaternion(_matrix(six))), axis=-1)


def partway(start: ArrayLike, end: ArrayLike, share: ArrayLike) -> Array:
    """Rotations on the way from some to others, by the shortest turn.

    Args:
        start: rotation matrices ``(..., 3, 3)``.
        end: the same.
        share: the part of the turn that is done, 0 at the start and 1 at the end; of a shape that broadcasts with ``(...)``.

    Returns:
        float64 ``(..., 3, 3)``.
    """
    first = np.asarray(start, dtype=np.float64)
    turn = axis_angle_from_matrix(product(np.swapaxes(first, -1, -2), end))
    return product(first, matrix_from_axis_angle(turn * np.asarray(share, dtype=np.float64)[..., None]))


def outer_quaternions(axis_angle: ArrayLike) -> Array:
    """Products of each rotation's quaternion with itself, float64 ``(..., 4, 4)``; see :func:`mean_rotation`."""
    quaternion = quaternion_from_matrix(matrix_from_axis_angle(axis_angle))
    return np.asarray(quaternion[..., :, None] * quaternion[..., None, :])


def mean_rotation(total: ArrayLike) -> Array:
    """Chordal means of rotations: those with the least sum of squared differences between matrices.

    Args:
        total: ``(..., 4, 4)``, sums or means of :func:`outer_quaternions`, whose first eigenvectors are the means (Markley et al.,
            "Averaging Quaternions", 2007).

    Returns:
        Axis-angle, float64 ``(..., 3)`` with angles in [0, pi].
    """
    power = np.asarray(total, dtype=np.float64)
    # each square doubles the exponent, so that the largest eigenvalue soon outweighs the others
    for _ in range(_SQUARES):
        power = power / inner(np.diagonal(power, axis1=-2, axis2=-1), np.ones(4))[..., None, None]
        power = product(power, power)
    largest = np.argmax(np.diagonal(power, axis1=-2, axis2=-1), axis=-1)
    quaternion = np.take_along_axis(power, largest[..., None, None], axis=-2)[..., 0, :]
    quaternion = quaternion / length(quaternion)[..., None]
    return axis_angle_from_quaternion(np.where(quaternion[..., :1] < 0, -quaternion, quaternion))


def shortest_turn(start: ArrayLike, end: ArrayLike) -> Array:
    """The shortest rotations that take unit vectors to others.

    Args:
        start: ``(..., 3)``.
        end: ``(..., 3)``, not opposite to ``start``.

    Returns:
        float64 ``(..., 3, 3)``.
    """
    first, last = np.broadcast_arrays(np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64))
    cosine = inner(first, last)
    x, y, z = np.moveaxis(np.cross(first, last), -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([np.stack(row, axis=-1) for row in ([zero, -z, y], [z, zero, -x], [-y, x, zero])], axis=-2)
    return np.asarray(np.eye(3) + cross + product(cross, cross) / np.maximum(1 + cosine, 1e-9)[..., None, None])
