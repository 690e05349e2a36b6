"""The generator MimicMotion: its productions, what identifies them, and what it refuses."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("diffusers", reason="MimicMotion's networks are those of diffusers; install signbench[models]")

from signbench.corpora.synthsign.corpus import SynthSign
from signbench.errors import InputError
from signbench.generators.base import Made, Prompt
from signbench.generators.mimicmotion.generator import MimicMotionGenerator
from signbench.generators.registry import create
from signbench.media.pose import Pose
from signbench.predictions.sampling import first_frame
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
    points, ratio = generator._driving(given)
    wanted, _ = generator._driving(replace(given, driving_pose=Recorded(replace(pose, picture=(512, 512)))))
    assert ratio == 1 and np.allclose(points.points, wanted.points, atol=0.01)
    with pytest.raises(InputError, match="how large their picture is"):
        generator._driving(replace(given, driving_video=None))


def test_the_card_names_what_differs_from_the_model(folder):
    cards = [
        MimicMotionGenerator(folder / "moving", **options).card
        for options in ({}, {"steps": "3"}, {"guidance": "1.5"}, {"size": 128})
    ]
    assert [card.name for card in cards] == [
        "mimicmotion:checkpoint=moving",
        "mimicmotion:checkpoint=moving,steps=3",
        "mimicmotion:checkpoint=moving,guidance=1.5",
        "mimicmotion:checkpoint=moving,size=128",
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
        ("moving", {"pose_net": __file__}, "has a PoseNet itself"),
    ],
)
def test_wrong_parameters_are_refused(folder, model, options, words):
    with pytest.raises(InputError, match=re.escape(words)):
        MimicMotionGenerator(folder / model, **options)


@pytest.mark.parametrize("options", [{"size": "60"}, {"steps": "0"}])
def test_an_impossible_size_is_refused_when_the_networks_are_built(folder, options):
    with pytest.raises(InputError, match="the configuration of MimicMotion"):
        _ = MimicMotionGenerator(folder / "moving", **options)._network


def test_a_prompt_without_a_picture_or_a_motion_is_refused(folder, prompt):
    generator = MimicMotionGenerator(folder / "moving")
    for lacking in ({"source_image": None}, {"driving_video": None}):
        with pytest.raises(InputError, match="needs a source picture"):
            production(generator, replace(prompt, **lacking))


def test_without_a_model_the_message_says_how_to_train_or_name_one(monkeypatch):
    monkeypatch.setattr("signbench.generators.mimicmotion.generator.has_model", lambda name: False)
    with pytest.raises(InputError, match=r"signbench train mimicmotion-base .* or name others with `checkpoint`"):
        MimicMotionGenerator()
