"""The shipped MimicMotion: the person in the picture moves as the driving clip's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from signbench.corpora.recordings import PoseArray
from signbench.corpora.synthsign import SynthSign
from signbench.generators.base import Made
from signbench.generators.registry import create
from signbench.generators.training import prompt_of
from signbench.judges.base import JudgedClip
from signbench.judges.registry import create as create_judge
from signbench.predictions.sampling import at_positions

CORPUS = SynthSign()
CLIPS = ("word-test-0014", "word-test-0200", "word-test-0301")
VIDEO = Made("video", 25.0, size=(128, 128))
SIDES = ("left", "right")


def prompt(clip, driving=None):
    """A clip's first frame, and the signing of that clip or of another one."""
    found = prompt_of(CORPUS.clip(clip), VIDEO, ("source_image", "driving_video"), references="video")
    return replace(found, driving_video=CORPUS.clip(driving or clip).video)


def made(name, *prompts):
    generator = create("mimicmotion", checkpoint=name)
    return [np.stack(list(next(generator.generate([one], [7])).frames)) for one in prompts]


@pytest.fixture(scope="module")
def productions():
    return {name: made(name, *map(prompt, CLIPS)) for name in ("mimicmotion-base", "mimicmotion")}


def real_frames(clip):
    recording = CORPUS.clip(clip).video
    probe = recording.probe(None)
    return np.stack(list(at_positions(recording, probe, np.arange(probe.frames), (128, 128))))


def seen(frames):
    return create_judge("pose-estimator").observe([JudgedClip("clip", frames=frames)], ["pose"])[0]["pose"]


def moves(pose, side, axis):
    """A wrist's distance from the middle of the shoulders, in shoulder widths, ``(T,)``."""
    wrist, left, right = pose.select((f"{side}_wrist", "left_shoulder", "right_shoulder")).points[..., :2].transpose(1, 0, 2)
    return (wrist - (left + right) / 2)[:, axis] / np.linalg.norm(left - right, axis=-1).mean()


def likenesses(frames, wanted):
    """Correlations of the wrists' paths in a production with those of key points, where their wrist moves."""
    found = seen(frames)
    count = min(found.frames, wanted.frames)
    paths = [[moves(pose.first(count), side, axis) for pose in (found, wanted)] for side in SIDES for axis in (0, 1)]
    return [np.corrcoef(*pair)[0, 1] for pair in paths if np.ptp(pair[1]) > 0.3]


@pytest.mark.parametrize("name", ["mimicmotion-base", "mimicmotion"])
def test_the_wrists_move_as_in_the_driving_clip(productions, name):
    alike = [one for frames, clip in zip(productions[name], CLIPS, strict=True) for one in likenesses(frames, CORPUS.pose(clip))]
    assert len(alike) >= 6
    assert np.mean(alike) > 0.9


@pytest.mark.parametrize("name", ["mimicmotion-base", "mimicmotion"])
def test_what_moves_is_nearer_to_the_clip_than_its_first_frame_is(productions, name):
    for frames, clip in zip(productions[name], CLIPS, strict=True):
        real = real_frames(clip)
        moving = np.abs(real.astype(int) - real[:1]).max(axis=-1) > 40
        error, still = (np.abs(shown.astype(int) - real)[moving].mean() for shown in (frames, real[:1]))
        assert error < 0.6 * still


def test_with_frames_in_another_order_the_wrists_follow_that_order(productions):
    clip = CLIPS[0]
    pose = CORPUS.pose(clip)
    order = np.random.default_rng(3).permutation(pose.frames // 4)
    # of four frames each, since the network makes every second one
    rows = np.concatenate([np.arange(4) + 4 * part for part in order])
    shuffled = replace(pose, points=pose.points[rows], confidence=pose.confidence[rows], picture=(512, 512))
    (frames,) = made("mimicmotion", replace(prompt(clip), driving_video=None, driving_pose=PoseArray(shuffled, clip)))
    follows, others = likenesses(frames, shuffled), likenesses(frames, pose)
    assert np.mean(follows) > 0.85
    own, crossed = likenesses(productions["mimicmotion"][0], pose), likenesses(productions["mimicmotion"][0], shuffled)
    assert np.mean(follows) > np.mean(others) + 0.3 and np.mean(own) > np.mean(crossed) + 0.3


def test_with_the_signing_of_another_clip_the_wrists_follow_that_one(productions):
    clip, other = CLIPS[:2]
    (frames,) = made("mimicmotion", prompt(clip, other))
    assert np.mean(likenesses(frames, CORPUS.pose(other))) > 0.85
    person = real_frames(clip)[0].astype(int)
    # the corners show what is behind the person, and the middle the clothes
    for rows, columns in ((slice(0, 20), slice(0, 20)), (slice(90, 128), slice(55, 73))):
        assert np.abs(frames[:, rows, columns].mean(axis=(0, 1, 2)) - person[rows, columns].mean(axis=(0, 1))).max() < 20
