"""The generator MimicMotion: its productions, what identifies them, and what it refuses."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

pytest.importorskip("diffusers", reason="MimicMotion's networks are those of diffusers; install signbench[models]")

from signbench.corpora.synthsign.corpus import SynthSign
from signbench.errors import InputError
from signbench.generators.base import Made, Prompt
from signbench.generators.computing import computing
from signbench.generators.mimicmotion import denoising
from signbench.generators.mimicmotion.denoising import denoised
from signbench.generators.mimicmotion.generator import MimicMotionGenerator
from signbench.generators.mimicmotion.generator import _levels as levels
from signbench.generators.mimicmotion.pose_pictures import pose_points
from signbench.generators.registry import create
from signbench.judges.base import JudgedClip
from signbench.media.pose import Pose
from signbench.media.video import resize_frames
from signbench.predictions.sampling import first_frame, frames_of
from tests.generators.mimicmotion.models import TINY, written_generator
from tests.generators.pgmm.models import WITHOUT_POSE
from tests.generators.pgmm.models import written_generator as written_other

VIDEO = Made("video", 25.0, size=(48, 64))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("models")
    written_generator(path / "moving", replace(TINY, guidance=1.0, steps=1))
    written_other(path / "splines", WITHOUT_POSE, "tpsmm")
    return path


class Recorded:
    """Key points as a recording."""

    def __init__(self, pose):
        self.found = pose

    def pose(self, _fps):
        return self.found


@pytest.fixture(scope="module")
def prompt():
    """SynthSign's first test clip, with a source picture of another clip."""
    corpus = SynthSign()
    driving, source = (corpus.clip(name) for name in corpus.ids("test")[:2])
    return Prompt(
        clip=driving.id, made=VIDEO, length=5, source_image=first_frame(source.video, (64, 64)), driving_video=driving.video
    )


def production(generator, given, seed=1):
    (made,) = generator.generate([given], [seed])
    assert (made.clip, made.fps) == (given.clip, given.fps)
    return np.stack(list(made.frames))


def test_a_production_has_the_granted_length_and_the_task_s_size(folder, prompt):
    generator = MimicMotionGenerator(folder / "moving")
    made = production(generator, prompt)
    assert made.shape == (5, 48, 64, 3) and made.dtype == np.uint8
    # the network makes every second frame
    assert np.array_equal(made[0], made[1]) and not np.array_equal(made[0], made[2])
    again, other = (production(MimicMotionGenerator(folder / "moving"), prompt, seed) for seed in (1, 2))
    assert np.array_equal(made, again) and not np.array_equal(made, other)


def test_granted_key_points_drive_instead_of_the_estimated_ones(folder, prompt):
    generator = MimicMotionGenerator(folder / "moving")
    pose = SynthSign().clip(prompt.clip).pose
    given = replace(prompt, driving_pose=pose, driving_video=None)
    made = production(generator, given)
    assert made.shape == (5, 48, 64, 3)
    still = pose.pose(None)
    turned = Pose(still.points[::-1].copy(), still.confidence[::-1].copy(), still.layout, still.fps, picture=(512, 512))
    assert not np.array_equal(production(generator, replace(given, driving_pose=Recorded(turned))), made)


def test_key_points_without_a_picture_are_in_pixels_of_the_driving_video(folder, prompt):
    generator = MimicMotionGenerator(folder / "moving")
    pose = SynthSign().clip(prompt.clip).pose.pose(None)
    probe = prompt.driving_video.probe(None)
    scaled = replace(pose, points=pose.points * np.float32(probe.width / 512), picture=None)
    given = replace(prompt, driving_pose=Recorded(scaled))
    points, nearest, ratio = generator._driving(given)
    wanted, _, _ = generator._driving(replace(given, driving_pose=Recorded(replace(pose, picture=(512, 512)))))
    assert ratio == 1 and np.allclose(points.points, wanted.points, atol=0.01)
    assert len(points) == 3 and nearest.tolist() == [0, 0, 1, 1, 2]
    with pytest.raises(InputError, match="how large their picture is"):
        generator._driving(replace(given, driving_video=None))


def test_the_card_names_what_differs_from_the_model(folder):
    cards = [
        MimicMotionGenerator(folder / "moving", **options).card
        for options in ({}, {"steps": "3"}, {"guidance": "1.5"}, {"size": 128}, {"tile": "4"}, {"tile": 4, "overlap": 1})
    ]
    assert [card.name for card in cards] == [
        "mimicmotion:checkpoint=moving",
        "mimicmotion:checkpoint=moving,steps=3",
        "mimicmotion:checkpoint=moving,guidance=1.5",
        "mimicmotion:checkpoint=moving,size=128",
        "mimicmotion:checkpoint=moving,tile=4",
        "mimicmotion:checkpoint=moving,tile=4,overlap=1",
    ]
    assert cards[0].prompt_fields == ("source_image", "driving_pose|driving_video") and len(cards[0].checkpoint) == 64
    assert create(f"mimicmotion:steps=3,checkpoint={folder / 'moving'}").card == cards[1]


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        ("splines", {}, "is of the kind tpsmm"),
        ("moving", {"steps": "many"}, "steps=many is not a number"),
        ("moving", {"guidance": "-1"}, "guidance=-1 is below 0"),
        ("moving", {"guidance": "nan"}, "not finite"),
        ("moving", {"tile": 2, "overlap": 2}, "1 <= overlap < tile is needed"),
        ("moving", {"size": "60"}, "the configuration of MimicMotion"),
        ("moving", {"steps": "0"}, "the configuration of MimicMotion"),
        ("moving", {"pose_net": __file__}, "has a PoseNet itself"),
    ],
)
def test_wrong_parameters_are_refused(folder, model, options, words):
    with pytest.raises(InputError, match=re.escape(words)):
        MimicMotionGenerator(folder / model, **options)


def test_a_long_driving_video_is_read_in_parts_and_only_where_the_network_makes_a_frame(folder, prompt, monkeypatch):
    generator = MimicMotionGenerator(folder / "moving")
    clip = SynthSign().clip(prompt.clip).video
    length = 70
    made = replace(VIDEO, size=generator._estimator.size)
    frames = np.stack(list(frames_of(clip, made, length)))
    whole = generator._estimator.observe([JudgedClip("whole", frames=frames)], ["pose"])[0]["pose"]
    shown, observe = [], generator._estimator.observe

    def observed(clips, wanted):
        shown.append(clips[0].frames.shape[:3])
        return observe(clips, wanted)

    monkeypatch.setattr(generator._estimator, "observe", observed)
    points, nearest, _ = generator._driving(replace(prompt, length=length))
    assert shown == [(16, *made.size), (16, *made.size), (3, *made.size)]
    wanted = pose_points(whole)
    assert np.array_equal(points.points, wanted.points[::2]) and np.array_equal(points.confidence, wanted.confidence[::2])
    assert nearest.tolist() == [frame // 2 for frame in range(length)]


def test_the_frames_of_a_production_are_those_of_the_whole_clip_decoded_in_chunks_with_frame_0(folder, prompt, monkeypatch):
    config = replace(TINY, guidance=1.0, steps=1, chunk=2, step_rate=25.0)
    written_generator(folder / "chunks", config)
    generator = MimicMotionGenerator(folder / "chunks")
    kept = []
    monkeypatch.setattr(denoising, "denoised", lambda *given: kept.append(denoised(*given)) or kept[-1])
    made = production(generator, prompt)
    (latents,) = kept
    assert len(latents) == 6
    with computing("cpu"):
        chunks = [
            generator._network.vae.decode(latents[start : start + 2] / config.latent_scale, num_frames=2).sample
            for start in (0, 2, 4)
        ]
    wanted = resize_frames(levels(torch.cat(chunks))[1:], VIDEO.size)
    assert np.array_equal(made, wanted)
    with computing("cpu"):
        without_it = resize_frames(levels(generator._network.decoded(latents[1:])), VIDEO.size)
    assert not np.array_equal(without_it, wanted)


def test_a_prompt_without_a_picture_or_a_motion_is_refused(folder, prompt):
    generator = MimicMotionGenerator(folder / "moving")
    for lacking in ({"source_image": None}, {"driving_video": None}):
        with pytest.raises(InputError, match="needs a source picture"):
            production(generator, replace(prompt, **lacking))


def test_without_a_model_the_message_says_how_to_train_or_name_one(monkeypatch):
    monkeypatch.setattr("signbench.generators.mimicmotion.generator.has_model", lambda name: False)
    with pytest.raises(InputError, match=r"signbench train mimicmotion-base .* or name others with `checkpoint`"):
        MimicMotionGenerator()
