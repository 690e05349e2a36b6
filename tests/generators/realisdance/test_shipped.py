"""The shipped RealisDance: a person signs as the drawn poses, hands and bodies do, and SignAligner's sentences become videos."""

from __future__ import annotations

import numpy as np
import pytest
import torch

pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from signbench.corpora.synthsign import SynthSign
from signbench.generators.base import Made
from signbench.generators.latents import pictures
from signbench.generators.mimicmotion.pose_pictures import pose_points
from signbench.generators.realisdance.checkpoints import Checkpoint
from signbench.generators.realisdance.clips import conditions_of
from signbench.generators.realisdance.denoising import Condition, frames_of
from signbench.generators.registry import create
from signbench.generators.training import prompt_of
from signbench.judges.base import JudgedClip
from signbench.judges.registry import create as create_judge
from signbench.media.video import resize_frames
from signbench.predictions.sampling import at_positions

CORPUS = SynthSign()
CLIPS = ("word-test-0033", "word-test-0200")


@pytest.fixture(scope="module")
def network():
    return Checkpoint.found("realisdance").loaded("cpu")


def shown(recording, positions, side=64):
    return np.stack(list(at_positions(recording, recording.probe(None), positions, (side, side))))


def scene(clip):
    """Every second frame of a clip, and what each is drawn as."""
    found = CORPUS.clip(clip)
    positions = np.arange(0, CORPUS.length(clip), 2)
    pose = CORPUS.pose(clip).at_positions(positions.astype(float))
    points = pose_points(pose, (found.pose.size, found.pose.size))
    hands, body = (shown(found.renderings[name], positions) for name in ("hamer", "smplx"))
    return shown(found.video, positions), conditions_of(points, hands, body, 256)


def made(network, source, conditions):
    with torch.no_grad():
        return frames_of(network, Condition(pictures(torch.from_numpy(source[None])), torch.from_numpy(conditions)), 5).numpy()


def error(frames, expected, where):
    return np.abs(frames.astype(int) - expected)[where].mean()


@pytest.mark.parametrize("clip", CLIPS)
def test_what_moves_is_nearer_to_the_clip_than_the_source_picture_is_and_each_condition_is_used(network, clip):
    real, conditions = scene(clip)
    moving = np.abs(real.astype(int) - real[:1]).max(axis=-1) > 40
    own = made(network, real[0], conditions)
    assert own.shape == real.shape
    assert error(own, real, moving) < 0.6 * error(np.broadcast_to(real[:1], real.shape), real, moving)
    for kind in range(3):
        other = conditions.copy()
        other[:, 3 * kind : 3 * kind + 3] = conditions[::-1, 3 * kind : 3 * kind + 3]
        assert error(made(network, real[0], other), own, moving) > 2


def test_the_person_is_that_of_the_source_picture(network):
    real, conditions = scene(CLIPS[0])
    person = Checkpoint.found("realisdance").person("Joy")
    frames = made(network, person, conditions)
    chest = (slice(None), slice(44, 60), slice(28, 36))
    wanted, own = person[chest[1:]].mean(axis=(0, 1)), real[chest].mean(axis=(0, 1, 2))
    found = frames[chest].mean(axis=(0, 1, 2))
    assert np.abs(found - wanted).max() < 25 < np.abs(wanted - own).max()


def test_the_wrists_of_a_video_move_as_the_sentence_that_was_signed():
    generator = create("signaligner:stage=video")
    prompt = prompt_of(CORPUS.clip("test-0018"), Made("video", 25.0, size=(128, 128)), ("text",), references="video")
    (video,) = generator.generate([prompt], [3])
    frames = np.stack(list(video.frames))
    seen = create_judge("pose-estimator").observe([JudgedClip("clip", frames=frames)], ["pose"])[0]["pose"]
    signed = generator._signed(prompt).pose()
    signed = signed.at_positions(np.linspace(0, signed.frames - 1, seen.frames))
    alike = []
    for side in ("left", "right"):
        for axis in (0, 1):
            tracks = [moves(pose, side, axis) for pose in (seen, signed)]
            if np.ptp(tracks[1]) > 0.3:
                alike.append(np.corrcoef(*tracks)[0, 1])
    assert len(alike) >= 2
    assert np.mean(alike) > 0.85


def moves(pose, side, axis):
    """A wrist's distance from the middle of the shoulders, in shoulder widths, ``(T,)``."""
    wrist, left, right = pose.select((f"{side}_wrist", "left_shoulder", "right_shoulder")).points[..., :2].transpose(1, 0, 2)
    return (wrist - (left + right) / 2)[:, axis] / np.linalg.norm(left - right, axis=-1).mean()


def test_pictures_of_the_signers_are_those_of_the_corpus():
    checkpoint = Checkpoint.found("realisdance")
    assert len(checkpoint.persons) == 10
    person = checkpoint.person(checkpoint.persons[0])
    clip = next(name for name in CORPUS.ids("word-train") if CORPUS.clip(name).signer == checkpoint.persons[0])
    first = shown(CORPUS.clip(clip).video, np.zeros(1, int), 128)
    assert np.array_equal(person, resize_frames(first, (64, 64))[0])
