from __future__ import annotations

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.generators.anchors import derangement
from signbench.generators.base import Made
from signbench.generators.trivial import mean_pose
from signbench.media.video import resize_frames
from tests.generators.corpora import MOTION, POSE, VIDEO, SmallCorpus, frames_of_clip, pose_of_clip, train_view
from tests.generators.runs import SEED, TASK, prepared, productions, prompts

IDS = ["test-0001", "test-0002", "test-0003", "test-0004"]
OWN_SIZE = Made("video", 25.0)


def test_ground_truth_hands_in_the_references():
    for name, frames in productions("ground-truth", OWN_SIZE, ["text"]).items():
        assert np.array_equal(np.stack(frames), frames_of_clip(name, len(frames)))
    for name, pose in productions("ground-truth", POSE, ["text"]).items():
        assert np.array_equal(pose.points, pose_of_clip(name, pose.frames).points)
    for name, pose in productions("ground-truth", MOTION, ["text"]).items():
        assert np.array_equal(pose.points, pose_of_clip(f"{name}/motion", pose.frames).points)


def test_ground_truth_of_a_rendering_is_the_rendering():
    made = productions("ground-truth", OWN_SIZE, ["text"], references="rendering:hamer")
    assert np.array_equal(np.stack(made["test-0001"]), 255 - frames_of_clip("test-0001", 10))


def test_ground_truth_resizes_and_converts_as_the_task_wants():
    made = productions("ground-truth", Made("video", 12.5, size=(24, 32)), ["text"])["test-0001"]
    assert np.array_equal(np.stack(made), resize_frames(frames_of_clip("test-0001", 10)[::2], (24, 32)))


def test_shuffled_hands_in_each_clip_once_and_none_its_own():
    made = productions("shuffled", OWN_SIZE, ["text"])
    first = {name: frames_of_clip(name, 1)[0, -1, -1].tolist() for name in IDS}
    sources = {clip: next(name for name in IDS if first[name] == frames[0][-1, -1].tolist()) for clip, frames in made.items()}
    assert sorted(sources.values()) == IDS
    assert all(clip != source for clip, source in sources.items())
    assert sources == derangement(IDS, TASK, SEED)


@pytest.mark.parametrize("clips", [2, 3, 50])
def test_a_derangement_is_a_permutation_without_a_fixed_point_in_any_order_of_the_ids(clips):
    ids = [f"clip-{number}" for number in range(clips)]
    found = derangement(ids, "task", 3)
    assert sorted(found.values()) == sorted(ids)
    assert all(clip != other for clip, other in found.items())
    assert derangement(ids[::-1], "task", 3) == found


def test_derangements_differ_with_seed_and_task():
    ids = [f"clip-{number}" for number in range(50)]
    assert len({tuple(sorted(derangement(ids, task, seed).items())) for task in "ab" for seed in (0, 1)}) == 4


def test_a_single_clip_cannot_be_shuffled():
    with pytest.raises(InputError, match="at least two clips"):
        derangement(["one"], "task", 0)


@pytest.mark.parametrize("name", ["ground-truth", "shuffled", "first-frame", "mean-pose", "noise", "nearest", "stitched"])
@pytest.mark.parametrize("made", [VIDEO, POSE, MOTION], ids=lambda made: made.modality)
def test_a_granted_length_is_kept_to_the_frame(name, made):
    wanted = {name: prompt.length for name, prompt in prompts(made, ["text", "length"]).items()}
    assert wanted == {"test-0001": 10, "test-0002": 8, "test-0003": 14, "test-0004": 7}
    got = productions(name, made, ["text", "length"])
    assert {name: len(made) if isinstance(made, list) else made.frames for name, made in got.items()} == wanted


@pytest.mark.parametrize("driving", ["driving_video", "driving_pose", "motion"])
def test_a_motion_to_follow_fixes_the_length(driving):
    made = productions("noise", POSE, [driving])
    assert [pose.frames for pose in made.values()] == [10, 8, 14, 7]


@pytest.mark.parametrize("name", ["first-frame", "mean-pose", "noise"])
def test_without_a_length_static_generators_use_the_mean_of_train(name):
    for made in (VIDEO, POSE):
        got = productions(name, made, ["text"])
        assert {len(each) if isinstance(each, list) else each.frames for each in got.values()} == {12}


def test_the_first_frame_is_the_source_image_where_there_is_one():
    made = productions("first-frame", VIDEO, ["source_image", "driving_video"])
    for name, length in zip(IDS, (10, 8, 14, 7), strict=True):
        still = resize_frames(frames_of_clip(name, 14)[:1], (24, 32))[0]
        assert len(made[name]) == length
        assert all(np.array_equal(frame, still) for frame in made[name])


def test_the_first_frame_is_that_of_the_first_train_clip_where_there_is_none():
    still = frames_of_clip("train-0001", 9)[0]
    assert all(np.array_equal(frame, still) for frame in productions("first-frame", OWN_SIZE, ["text"])["test-0002"])
    points = pose_of_clip("train-0001", 9).points[0]
    pose = productions("first-frame", POSE, ["text"])["test-0002"]
    assert all(np.array_equal(frame, points) for frame in pose.points)


def test_the_mean_pose_is_the_mean_of_all_frames_of_train_in_which_a_point_is_seen():
    clips = [pose_of_clip(name, frames) for name, frames in (("train-0001", 9), ("train-0002", 12), ("train-0003", 15))]
    wanted = np.concatenate([clip.points for clip in clips]).astype(np.float64).mean(axis=0)
    for pose in productions("mean-pose", POSE, ["text"]).values():
        assert np.allclose(pose.points, wanted[None], atol=1e-4)
        assert (pose.confidence[:, -1] == 0).all()
        assert (pose.confidence[:, :-1] == 1).all()


def test_a_point_that_is_seen_in_some_frames_has_their_mean_and_their_share_as_confidence():
    class Half(SmallCorpus):
        def clip(self, clip_id):
            clip = super().clip(clip_id)
            pose = clip.pose.points
            pose.confidence[::3, 0] = 0
            pose.points[::3, 0] = 0
            return clip

    train = train_view(POSE)
    train._corpus = Half()
    clips = [pose_of_clip(name, frames) for name, frames in (("train-0001", 9), ("train-0002", 12), ("train-0003", 15))]
    kept = np.concatenate([np.delete(clip.points[:, 0], np.s_[::3], axis=0) for clip in clips])
    mean = mean_pose(train)
    assert np.allclose(mean.points[0, 0], kept.astype(np.float64).mean(axis=0), atol=1e-4)
    assert mean.confidence[0, 0] == pytest.approx(2 / 3)


def test_train_clips_with_other_joints_have_no_mean():
    class Mixed(SmallCorpus):
        def clip(self, clip_id):
            clip = super().clip(clip_id)
            if clip_id == "train-0002":
                object.__setattr__(clip.motion, "points", clip.motion.points.select(clip.motion.points.layout.joints[:3]))
            return clip

    train = train_view(MOTION)
    train._corpus = Mixed()
    with pytest.raises(InputError, match="train-0002 has different joints"):
        mean_pose(train)


def test_the_mean_image_is_between_those_of_train():
    images = productions("mean-pose", OWN_SIZE, ["text"])["test-0001"]
    assert all(np.array_equal(image, images[0]) for image in images)
    corners = [frames_of_clip(name, 1)[0, -1, -1].astype(int) for name in ("train-0001", "train-0002", "train-0003")]
    assert np.abs(images[0][-1, -1] - np.mean(corners, axis=0)).max() <= 0.5


def test_noise_fills_its_range_and_differs_between_clips_and_frames():
    made = productions("noise", VIDEO, ["text"])
    frames = np.stack([frame for clip in made.values() for frame in clip])
    assert frames.shape == (48, 24, 32, 3)
    assert (frames.min(), frames.max()) == (0, 255)
    assert frames.mean() == pytest.approx(127.5, abs=1)
    assert len({frame.tobytes() for frame in frames}) == 48


def test_noise_around_the_mean_is_as_large_as_the_signer():
    mean = productions("mean-pose", POSE, ["text"])["test-0001"].points[0, :-1].astype(np.float64)
    reach = np.sqrt(((mean - mean.mean(axis=0)) ** 2).sum(axis=1).mean())
    poses = productions("noise", POSE, ["text"])
    apart = np.concatenate([pose.points[:, :-1] - mean for pose in poses.values()])
    assert apart.std() == pytest.approx(reach, rel=0.05)
    assert all((pose.confidence[:, -1] == 0).all() for pose in poses.values())


def test_noise_follows_the_clips_seed():
    ready = prepared("noise", POSE)
    found = list(prompts(POSE, ["text"]).values())
    first, again, other = (
        [production.pose.points for production in ready.generate(found, seeds)] for seeds in ([1] * 4, [1] * 4, [2] * 4)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_key_points_cannot_be_submitted_where_video_is_wanted():
    corpus = SmallCorpus()
    ready = prepared("ground-truth", VIDEO, references="pose", corpus=corpus)
    with pytest.raises(InputError, match="holds key points; the task requires video"):
        next(ready.generate(list(prompts(VIDEO, ["text"]).values()), [1] * 4))
