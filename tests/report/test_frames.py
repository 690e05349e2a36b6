"""Curves over frames: equal to the metrics that they are named after."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import FrameArray
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from signbench.metrics.pairs import FramePair
from signbench.metrics.registry import create
from signbench.report.frames import Drawing, first_picture, image_curves
from signbench.runs.protocol import Protocol
from signbench.scoring.views import ClipViews
from tests.clips import moving_square, swaying_pose


def views(frames, seed=0):
    """A clip and a noisy copy of it."""
    reference = moving_square(frames, height=32, width=48)
    noise = np.random.default_rng(seed).integers(-90, 91, reference.shape)
    production = np.clip(reference.astype(np.int64) + noise, 0, 255).astype(np.uint8)
    sides = (Clip("one", video=FrameArray(each, "one", 25.0)) for each in (reference, production))
    return ClipViews(*sides, Protocol()), FramePair(production, reference)


@pytest.mark.parametrize("name", ["ssim", "l1", "tcd"])
def test_the_mean_of_a_curve_is_the_metric(name):
    clip, pair = views(7)
    curve = next(curve for curve in image_curves(clip) if curve.name == name)
    metric = create(name)
    values = [value for value in curve.values if value is not None]
    assert len(curve.values) == 7
    assert len(values) == (5 if name == "tcd" else 7)
    assert np.mean(values) == pytest.approx(metric.clip_value(metric.record([pair])), rel=1e-3)


def test_a_clip_of_two_frames_has_no_temporal_curve():
    clip, _ = views(2)
    assert [curve.name for curve in image_curves(clip)] == ["ssim", "l1"]


def test_the_picture_of_a_source_is_its_first_frame():
    video = moving_square(5, height=32, width=48)
    (picture,) = first_picture(FrameArray(video, "one", 25.0))
    assert np.array_equal(picture, video[:1])


def body(legs=5.0):
    """A body model's joints, y upwards: shoulders at 0, the head above them, hips below, and feet far below."""
    kind = layout("smplx-55")
    points = np.zeros((2, len(kind.joints), 3), np.float32)
    at = {"left_shoulder": (0.5, 0), "right_shoulder": (-0.5, 0), "neck": (0, 0.1), "head": (0, 0.4)}
    at |= {"left_hip": (0.2, -1.2), "right_hip": (-0.2, -1.2), "left_ankle": (0.2, -legs), "right_foot": (-0.2, -legs)}
    for joint, (x, y) in at.items():
        points[:, kind.index([joint])[0], :2] = x, y
    return Pose(points, np.ones(points.shape[:2], np.float32), kind, 25.0)


def test_a_body_is_drawn_upright_without_legs_and_with_a_head():
    drawing = Drawing.of(body())
    assert drawing.upwards
    assert drawing.extent == pytest.approx(Drawing.of(body(legs=2.0)).extent)
    assert drawing.extent == pytest.approx((1.2 + 1.0) * 1.16, rel=0.01)
    picture = next(drawing.draw(body(), "reference"))
    grey = (picture.min(axis=2) > 120) & (np.ptp(picture.astype(int), axis=2) < 20)
    rows, columns = np.nonzero(grey)
    unit = 256 / drawing.extent
    assert (columns.mean(), rows.mean()) == pytest.approx(
        ((0 - drawing.corner[0]) * unit, (-0.7 - drawing.corner[1]) * unit), abs=2
    )


def test_key_points_with_a_face_get_no_second_head():
    pose = swaying_pose(3, name="coco-wholebody-133", dimensions=2)
    drawing = Drawing.of(pose)
    still = next(drawing.draw(pose, "reference"))
    assert still.shape == (256, 256, 3)
    knees = pose.layout.index(["left_knee", "right_ankle"])
    pose.points[:, knees] += 10000
    assert Drawing.of(pose).extent == pytest.approx(drawing.extent)
