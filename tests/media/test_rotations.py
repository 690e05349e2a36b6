"""Rotations: axis-angle, matrices and 6D agree, even where one of them is singular."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.media.rotations import (
    axis_angle_from_matrix,
    axis_angle_from_six,
    matrix_from_axis_angle,
    matrix_from_six,
    mean_rotation,
    outer_quaternions,
    partway,
    quaternion_from_matrix,
    shortest_turn,
    six_from_axis_angle,
    six_from_matrix,
    turn_about,
)

RANDOM = np.random.default_rng(3)
AXES = RANDOM.normal(size=(200, 3))
AXES /= np.linalg.norm(AXES, axis=1, keepdims=True)

ANGLES = [0.0, 1e-12, 1e-7, 0.3, np.pi / 2, 3.0, np.pi - 1e-7]


@pytest.mark.parametrize("angle", ANGLES)
def test_axis_angle_comes_back_from_its_matrix_and_from_6d(angle: float) -> None:
    vectors = AXES * angle
    assert axis_angle_from_matrix(matrix_from_axis_angle(vectors)) == pytest.approx(vectors, abs=1e-7)
    assert axis_angle_from_six(six_from_axis_angle(vectors)) == pytest.approx(vectors, abs=1e-7)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_turn_about_one_axis_is_its_axis_angle(axis: int) -> None:
    angles = RANDOM.uniform(-4, 4, (5, 7))
    vectors = angles[..., None] * np.eye(3)[axis]
    assert turn_about(axis, angles) == pytest.approx(matrix_from_axis_angle(vectors), abs=1e-14)


def test_half_a_turn_comes_back_about_the_same_line() -> None:
    vectors = axis_angle_from_matrix(matrix_from_axis_angle(AXES * np.pi))
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.full(200, np.pi))
    assert np.abs(np.sum(vectors * AXES, axis=1)) == pytest.approx(np.full(200, np.pi))


def test_more_than_half_a_turn_is_the_shorter_turn_the_other_way() -> None:
    assert axis_angle_from_matrix(matrix_from_axis_angle([0, 0, 1.5 * np.pi])) == pytest.approx([0, 0, -0.5 * np.pi])


def test_a_quarter_turn_about_z_takes_x_to_y() -> None:
    matrix = matrix_from_axis_angle([0, 0, np.pi / 2])
    assert matrix @ [1, 0, 0] == pytest.approx([0, 1, 0])
    # the first two rows, concatenated
    assert six_from_matrix(matrix) == pytest.approx([0, -1, 0, 1, 0, 0])


def test_scipy_agrees() -> None:
    rotation = pytest.importorskip("scipy.spatial.transform").Rotation
    vectors = AXES * RANDOM.uniform(0, np.pi, (200, 1))
    theirs = rotation.from_rotvec(vectors)
    assert matrix_from_axis_angle(vectors) == pytest.approx(theirs.as_matrix(), abs=1e-12)
    quaternion = theirs.as_quat()[:, [3, 0, 1, 2]]
    assert quaternion_from_matrix(theirs.as_matrix()) == pytest.approx(quaternion * np.sign(quaternion[:, :1]), abs=1e-12)


def test_6d_that_is_not_orthonormal_becomes_a_rotation() -> None:
    matrix = matrix_from_six(RANDOM.normal(size=(50, 6)))
    assert matrix @ np.swapaxes(matrix, 1, 2) == pytest.approx(np.broadcast_to(np.eye(3), (50, 3, 3)), abs=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(np.ones(50))


def test_a_rotation_is_converted_the_same_among_others_and_alone() -> None:
    # some turn by less than 120 degrees, some by more about each axis
    six = np.concatenate([RANDOM.normal(size=(60, 6)), six_from_axis_angle(AXES * np.linspace(0, np.pi, 200)[:, None])])
    together = axis_angle_from_six(six)
    assert together.tobytes() == np.stack([axis_angle_from_six(one) for one in six]).tobytes()
    matrices = matrix_from_six(six)
    assert axis_angle_from_matrix(matrices).tobytes() == together.tobytes()
    assert quaternion_from_matrix(matrices).tobytes() == np.stack([quaternion_from_matrix(one) for one in matrices]).tobytes()


def test_leading_axes_are_kept() -> None:
    vectors = AXES[:24].reshape(2, 3, 4, 3)
    assert matrix_from_axis_angle(vectors).shape == (2, 3, 4, 3, 3)
    assert six_from_axis_angle(vectors).shape == (2, 3, 4, 6)


def test_the_shortest_turn_takes_one_direction_to_the_other_in_their_plane() -> None:
    start, end = AXES[:100], AXES[100:]
    turn = shortest_turn(start, end)
    assert np.einsum("tij,tj->ti", turn, start) == pytest.approx(end, abs=1e-9)
    normal = np.cross(start, end)
    assert np.einsum("tij,tj->ti", turn, normal) == pytest.approx(normal, abs=1e-9)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("angle", [0.0, 1e-7, 0.3, 3.0])
def test_partway_is_a_share_of_the_turn_about_the_same_axis(angle: float, share: float) -> None:
    start = matrix_from_axis_angle(AXES[::-1] * 2.0)
    end = start @ matrix_from_axis_angle(AXES * angle)
    assert partway(start, end, share) == pytest.approx(start @ matrix_from_axis_angle(AXES * angle * share), abs=1e-7)


def test_partway_takes_the_shortest_turn_across_half_a_turn() -> None:
    start, end = (matrix_from_axis_angle([angle, 0, 0]) for angle in (3.0, -3.0))
    assert partway(start, end, 0.5) == pytest.approx(matrix_from_axis_angle([np.pi, 0, 0]), abs=1e-12)


@pytest.mark.parametrize("spread", [0.0, 1e-6, 0.1, 0.7, 1.2])
def test_the_mean_rotation_is_nearest_to_all_as_a_singular_value_decomposition_says(spread: float) -> None:
    vectors = axis_angle_from_matrix(
        matrix_from_axis_angle(AXES[:20] * 3.0) @ matrix_from_axis_angle(RANDOM.normal(0, spread, (300, 20, 3)))
    )
    found = matrix_from_axis_angle(mean_rotation(outer_quaternions(vectors).sum(axis=0)))
    left, _, right = np.linalg.svd(matrix_from_axis_angle(vectors).mean(axis=0))
    left[..., -1] *= np.linalg.det(left @ right)[:, None]
    assert found == pytest.approx(left @ right, abs=1e-7)


def test_the_mean_of_one_rotation_is_that_rotation() -> None:
    vectors = AXES * np.linspace(0, 3.1, 200)[:, None]
    assert mean_rotation(outer_quaternions(vectors)) == pytest.approx(vectors, abs=1e-7)


def test_turns_to_either_side_of_half_a_turn_have_their_mean_there() -> None:
    total = outer_quaternions([[3.0, 0, 0], [-3.0, 0, 0]]).sum(axis=0)
    assert np.abs(mean_rotation(total)) == pytest.approx([np.pi, 0, 0])
