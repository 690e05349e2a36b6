"""Curves over frames: equal to the metrics that they are named after."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import FrameArray
from signbench.metrics.pairs import FramePair
from signbench.metrics.registry import create
from signbench.report.frames import first_picture, image_curves
from signbench.runs.protocol import Protocol
from signbench.scoring.views import ClipViews
from tests.clips import moving_square


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
