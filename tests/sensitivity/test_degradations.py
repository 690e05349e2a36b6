"""The degradations themselves: what they change, what they leave, and that nothing but clip and strength decides it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.media.degradations import frames_held, frames_shaken
from signbench.media.layouts import Layout, known_layouts, layout
from signbench.media.pose import Pose
from signbench.sensitivity.degradations import KEY_POINTS, VIDEO
from tests.clips import moving_square, swaying_pose

OF_VIDEO = {degradation.name: degradation for degradation in VIDEO}
OF_POSE = {degradation.name: degradation for degradation in KEY_POINTS}


def random(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def values(clip):
    return clip.points if isinstance(clip, Pose) else clip


def clip_for(degradation):
    return swaying_pose(100) if degradation.modality == "key points" else moving_square(40, 96, 72)


ALL = pytest.mark.parametrize("degradation", [*VIDEO, *KEY_POINTS], ids=lambda one: f"{one.modality}: {one.name}")


@ALL
def test_there_are_four_strengths_that_rise(degradation):
    assert len(degradation.strengths) == 4
    assert list(degradation.strengths) == sorted(set(degradation.strengths))


@ALL
def test_a_clip_and_a_strength_always_give_the_same(degradation):
    first, second = (degradation.of(clip_for(degradation), degradation.strengths[1], "a") for _ in range(2))
    assert np.array_equal(values(first), values(second))


@ALL
def test_the_original_stays_as_it_was(degradation):
    clip, untouched = clip_for(degradation), clip_for(degradation)
    degradation.of(clip, degradation.strengths[3], "a")
    assert np.array_equal(values(clip), values(untouched))


@ALL
def test_every_strength_changes_more_than_the_one_before_it(degradation):
    clip = clip_for(degradation)
    if degradation.name == "slower":
        assert [degradation.of(clip, strength, "a").frames for strength in degradation.strengths] == [150, 200, 300, 400]
        return
    degraded = [values(degradation.of(clip, strength, "a")).astype(np.float64) for strength in degradation.strengths]
    assert all(np.isfinite(one).all() and one.shape == values(clip).shape for one in degraded)
    changes = [np.abs(one - values(clip)).mean() for one in degraded]
    assert 0 < changes[0] < changes[1] < changes[2] < changes[3]


@ALL
def test_a_degraded_clip_is_still_what_the_contract_of_media_says(degradation):
    degraded = degradation.of(clip_for(degradation), degradation.strengths[2], "a")
    if isinstance(degraded, Pose):
        assert degraded.points.dtype == degraded.confidence.dtype == np.float32
        assert (degraded.points[~degraded.seen] == 0).all()
        degraded.check_finite()
    else:
        assert degraded.dtype == np.uint8


@pytest.mark.parametrize("name", ["joint noise", "hand swap", "hidden hand", "frame drop", "temporal jitter"])
def test_another_clip_has_other_random_choices(name):
    degradation, clip = OF_POSE[name], swaying_pose(40)
    first, other = (degradation.of(clip, degradation.strengths[1], clip_id) for clip_id in ("a", "b"))
    assert not np.array_equal(first.points, other.points)


def test_a_stronger_frame_drop_drops_all_that_a_weaker_one_drops():
    weak, strong = (set(frames_held(200, share, random())) for share in (20, 40))
    assert strong < weak
    assert 0.7 < len(weak) / 200 < 0.9
    assert 0.5 < len(strong) / 200 < 0.7


def test_a_dropped_frame_shows_the_last_one_that_was_kept():
    shown = frames_held(50, 40, random(1))
    kept = set(shown)
    assert shown[0] == 0
    assert all(index == max(frame for frame in kept if frame <= number) for number, index in enumerate(shown))


@pytest.mark.parametrize("reach", [1, 2, 8])
def test_a_shaken_time_stamp_moves_by_no_more_than_it_may(reach):
    shown = frames_shaken(300, reach, random())
    shifts = shown - np.arange(300)
    assert np.abs(shifts).max() == reach
    assert shown.min() >= 0
    assert shown.max() <= 299


def test_joint_noise_is_measured_by_the_shoulders():
    clip, strength = swaying_pose(60, noise=0, dimensions=2), 8
    shift = OF_POSE["joint noise"].of(clip, strength, "a").points - clip.points
    left, right = clip.layout.index(["left_shoulder", "right_shoulder"])
    width = np.linalg.norm(clip.points[:, left] - clip.points[:, right], axis=1).mean()
    assert shift.std() == pytest.approx(strength / 100 * width, rel=0.03)


@pytest.mark.parametrize(
    "name", [name for name in known_layouts() if "left_shoulder" in layout(name) and layout(name).part("hands")]
)
def test_all_frames_swapped_exchange_the_hands_and_nothing_else(name):
    kind = layout(name)
    clip = swaying_pose(5, name=name)
    hidden = clip.confidence.copy()
    hidden[2, kind.index(kind.part("left_hand"))] = 0.5
    clip = replace(clip, confidence=hidden)
    swapped = OF_POSE["hand swap"].of(clip, 100, "a")
    for joint in kind.joints:
        index = kind.index([joint])[0]
        side = joint.partition("_")[0]
        partner = index
        if joint in kind.part("hands"):
            partner = kind.index([joint.replace(side, "right" if side == "left" else "left", 1)])[0]
        assert np.array_equal(swapped.points[:, index], clip.points[:, partner])
        assert np.array_equal(swapped.confidence[:, index], clip.confidence[:, partner])


def test_the_hand_that_is_seen_more_often_is_the_one_that_is_hidden():
    clip = swaying_pose(20)
    for side, other in (("left", "right"), ("right", "left")):
        seen = clip.confidence.copy()
        seen[:12, clip.layout.index(clip.layout.part(f"{other}_hand"))] = 0
        degraded = OF_POSE["hidden hand"].of(replace(clip, confidence=seen), 100, "a")
        lost = seen - degraded.confidence
        assert lost[:, clip.layout.index(clip.layout.part(f"{side}_hand"))].all()
        assert lost.sum() == 20 * 21


def test_slowness_keeps_the_first_and_the_last_frame_and_the_rate():
    clip = swaying_pose(20)
    slow = OF_POSE["slower"].of(clip, 3, "a")
    assert (slow.frames, slow.fps) == (60, clip.fps)
    assert np.array_equal(slow.points[[0, -1]], clip.points[[0, -1]])


@pytest.mark.parametrize(("height", "width"), [(32, 48), (25, 33)])
def test_compression_keeps_size_and_colours(height, width):
    clip = np.full((5, height, width, 3), (200, 60, 90), np.uint8)
    compressed = OF_VIDEO["compression"].of(clip, 20, "a")
    assert compressed.shape == clip.shape
    assert np.abs(compressed.astype(int) - clip).max() <= 3


@pytest.mark.parametrize(("name", "lacks"), [("hand swap", "hands"), ("hidden hand", "hands"), ("joint noise", "left_shoulder")])
def test_key_points_that_lack_what_is_to_be_degraded_are_refused(name, lacks):
    bare = Layout("two", ("nose", "neck"), ("body", "body"))
    clip = Pose(np.ones((3, 2, 2), np.float32), np.ones((3, 2), np.float32), bare, 25.0)
    with pytest.raises(InputError, match=f"layout two has no {lacks}"):
        OF_POSE[name].of(clip, 10, "a")
