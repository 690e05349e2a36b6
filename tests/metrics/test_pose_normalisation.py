"""Scaling by the shoulders, and the two ways of trimming."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.media.layouts import Layout
from signbench.media.pose import Pose
from signbench.metrics.pose_normalisation import by_shoulders, ham2pose_joints, ham2pose_prepared, shoulder_geometry, signing_span
from tests.metrics.signers import FACE, LAYOUT, hide, made, signer

ARMS = Layout("arms", ("left_elbow", "left_wrist", "right_elbow", "right_wrist"), ("body",) * 4)


def arms(left: Sequence[int | None], right: Sequence[int | None]) -> Pose:
    """Elbows at height 50; wrists at the heights given (smaller is higher), None: not seen."""
    points = [[[0, 50], [0, ours or 0], [9, 50], [9, theirs or 0]] for ours, theirs in zip(left, right, strict=True)]
    confidence = [[1, ours is not None, 1, theirs is not None] for ours, theirs in zip(left, right, strict=True)]
    return made(points, confidence, ARMS)


def test_shoulders_end_up_around_the_origin_one_apart() -> None:
    prepared = by_shoulders(signer(1, 20, hidden=0.2), "prediction")
    shoulders = prepared.points[:, LAYOUT.index(["left_shoulder", "right_shoulder"])]
    assert shoulders.mean(axis=(0, 1)) == pytest.approx(np.zeros(3), abs=1e-12)
    assert np.linalg.norm(shoulders[:, 0] - shoulders[:, 1], axis=1).mean() == pytest.approx(1)
    assert (prepared.points[~prepared.seen] == 0).all()


def test_only_frames_that_show_both_shoulders_set_the_scale() -> None:
    pose = signer(2, 10)
    points = pose.points.copy()
    points[4:, LAYOUT.index(["left_shoulder"])] += 500
    half = hide(dataclasses.replace(pose, points=points), ["right_shoulder"], slice(4, None))
    found = shoulder_geometry(half.points.astype(np.float64), half.seen, LAYOUT)
    expected = shoulder_geometry(pose.points[:4].astype(np.float64), pose.seen[:4], LAYOUT)
    assert found is not None and expected is not None
    assert found[1] == expected[1] and np.array_equal(found[0], expected[0])


@pytest.mark.parametrize(
    ("left", "right", "span"),
    [
        pytest.param([90] * 20, [90] * 20, (0, 20), id="no arm rises"),
        pytest.param([90] * 8 + [10] * 3 + [90] * 9, [90] * 20, (3, 16), id="five frames around the raised wrist"),
        pytest.param([10] * 20, [90] * 20, (0, 20), id="margins end with the clip"),
        pytest.param([90] * 2 + [10] + [90] * 17, [90] * 9 + [10] + [90] * 10, (0, 15), id="from the earlier to the later arm"),
        pytest.param([None] * 6 + [90] + [10] * 2 + [None] * 11, [90] * 20, (6, 9), id="not before the wrist is seen, nor after"),
        pytest.param([10] * 20, [None] * 20, (0, 20), id="one arm is enough"),
        pytest.param([None] * 20, [None] * 20, (0, 20), id="no wrist is ever seen"),
    ],
)
def test_signing_lasts_from_the_first_raised_wrist_to_the_last(
    left: list[int | None], right: list[int | None], span: tuple[int, int]
) -> None:
    assert signing_span(arms(left, right)) == slice(*span)


def test_a_wrist_is_not_raised_above_an_elbow_that_is_not_seen() -> None:
    pose = hide(arms([10] * 5 + [90] * 15, [90] * 20), ["left_elbow"])
    assert signing_span(pose) == slice(0, 20)


def test_layouts_without_arms_are_not_trimmed() -> None:
    layout = Layout("wrists", ("left_wrist", "right_wrist"), ("body", "body"))
    assert signing_span(made(np.ones((7, 2, 2)), layout=layout)) == slice(0, 7)


@pytest.mark.parametrize(
    ("face", "wrists", "kept"),
    [
        pytest.param([1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1], slice(0, 6), id="nothing to trim"),
        pytest.param([0, 0, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1], slice(2, 5), id="no face at either end"),
        pytest.param([1, 1, 1, 1, 1, 1], [0, 1, 0, 1, 1, 0], slice(1, 5), id="no wrists at either end, gaps stay"),
        pytest.param([0.5, 0.6, 1, 1, 1, 0.5], [1, 1, 1, 1, 1, 1], slice(1, 5), id="half of the face is too little"),
        pytest.param([1, 1, 1, 1, 1, 1], [0, 0.2, 1, 1, 0.1, 0], slice(2, 4), id="wrists of low confidence do not count"),
        pytest.param([1, 1, 1, 1, 1, 1], [0, 0, 1, 0, 0, 0], slice(2, 6), id="the search from the end stops before the first"),
        pytest.param([0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1], slice(0, 6), id="a clip without one good frame stays whole"),
    ],
)
def test_ham2pose_trims_frames_without_face_or_wrists(face: list[float], wrists: list[float], kept: slice) -> None:
    pose = signer(3, 6)
    confidence = np.full_like(pose.confidence, 0.9)
    whole = ham2pose_prepared(made(pose.points, confidence), "prediction")
    confidence[:, LAYOUT.index(FACE)] = np.array(face)[:, None]
    confidence[:, LAYOUT.index(["left_wrist", "right_wrist"])] = np.array(wrists)[:, None]
    prepared = ham2pose_prepared(made(pose.points, confidence), "prediction")
    elbow = prepared.layout.index(["left_elbow"])[0]
    assert len(prepared.points) == len(range(6)[kept])
    # Which points are hidden may move the origin, but not one frame against another.
    shown = whole.points[kept, elbow] - whole.points[kept.start, elbow]
    assert prepared.points[:, elbow] - prepared.points[0, elbow] == pytest.approx(shown, abs=1e-9)


def test_layouts_without_a_face_are_trimmed_by_their_wrists() -> None:
    joints = [joint for joint in LAYOUT.joints if joint not in FACE]
    pose = hide(signer(4, 6).select(joints), ["left_wrist", "right_wrist"], slice(2))
    assert len(ham2pose_prepared(pose, "prediction").points) == 4


def test_ham2pose_starts_at_the_smallest_coordinates_of_all_points() -> None:
    pose = signer(5, 8)
    everything = dataclasses.replace(pose, points=pose.points.copy())
    face = LAYOUT.index(FACE)
    everything.points[:, face] = everything.points[..., :].min(axis=(0, 1)) - 100
    prepared, lowered = ham2pose_prepared(pose, "prediction"), ham2pose_prepared(everything, "prediction")
    assert prepared.points.shape[2] == 2
    moved = (lowered.points - prepared.points)[prepared.seen]
    assert (moved > 0).all()
    assert moved == pytest.approx(np.broadcast_to(moved[0], moved.shape))


@pytest.mark.parametrize(
    ("lacking", "count"), [((), 51), (("nose", "neck", "mid_hip"), 48), (("neck", "mid_hip"), 49), (("left_wrist",), 50)]
)
def test_ham2pose_takes_the_joints_that_a_layout_has(lacking: tuple[str, ...], count: int) -> None:
    layout = LAYOUT.subset([joint for joint in LAYOUT.joints if joint not in lacking])
    joints = ham2pose_joints(layout)
    assert len(joints) == len(set(joints)) == count
    assert not set(joints) & {*FACE, "left_hip", "right_hip", "left_knee", "right_knee"}


def test_ham2pose_needs_upper_body_or_hands() -> None:
    with pytest.raises(InputError, match="signer-61 has neither upper body nor hands"):
        ham2pose_joints(LAYOUT.subset(FACE))
