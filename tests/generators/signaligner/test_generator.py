"""SignAligner as a generator: what it makes of a sentence, and what that depends on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from signbench.corpora.synthsign import SynthSign
from signbench.corpora.synthsign.rendering import render
from signbench.corpora.synthsign.signers import SIGNERS
from signbench.corpora.synthsign.skeleton import skeleton_of
from signbench.errors import InputError
from signbench.generators.base import Made, Prompt, clip_seed
from signbench.generators.registry import create
from signbench.generators.signaligner.generator import SignAlignerGenerator
from signbench.media.layouts import layout
from signbench.media.rotations import matrix_from_axis_angle
from signbench.predictions.sampling import stretched
from tests.generators.signaligner.tiny import TINY, write_tiny

POSE = Made("pose", 25.0, layout=layout("coco-wholebody-133"), suffix=".pose")
VIDEO = Made("video", 25.0, size=(64, 64))
MOTION = Made("motion", 25.0, layout=layout("smplx-55"))
TEXTS = {"a": "The dog sleeps today.", "b": "The mother sleeps.", "c": "Today the dog sleeps."}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("models") / "tiny")


def prompts(made=POSE, **changes):
    return [Prompt(clip=clip, made=made, text=text, **changes) for clip, text in TEXTS.items()]


def made(generator, asked):
    return list(generator.generate(asked, [clip_seed("task", 1, prompt.clip) for prompt in asked]))


def test_a_production_depends_on_its_prompt_alone(model):
    generator = SignAlignerGenerator(model.folder)
    whole = made(generator, prompts())
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        again = made(SignAlignerGenerator(model.folder), prompts()[::-1])[::-1]
    finally:
        torch.set_num_threads(threads)
    assert torch.get_num_threads() == threads
    for one, other in zip(whole, again, strict=True):
        assert one.pose.points.tobytes() == other.pose.points.tobytes()
    assert whole[0].pose.points.tobytes() != whole[1].pose.points.tobytes()


def test_it_sees_no_reference_and_is_ranked(model):
    card = SignAlignerGenerator(model.folder).card
    assert (card.sees, card.prompt_fields, card.modalities) == ("prompts", ("text|word",), ("pose",))
    corpus = SynthSign()
    clips = ("test-0001", "test-0002")
    asked = [Prompt(clip=clip, made=POSE, text=corpus.clip(clip).text) for clip in clips]
    permuted = [replace(one, clip=other) for one, other in zip(asked, reversed(clips), strict=True)]
    generator = SignAlignerGenerator(model.folder)
    for one, other in zip(made(generator, asked), made(generator, permuted), strict=True):
        assert one.pose.points.tobytes() == other.pose.points.tobytes()


def test_points_that_it_does_not_make_are_not_seen(model):
    (first, *_) = made(SignAlignerGenerator(model.folder), prompts())
    pose = first.pose
    assert (pose.fps, first.fps, pose.layout) == (25.0, 25.0, layout("coco-wholebody-133"))
    seen = {name for index, name in enumerate(pose.layout.joints) if pose.confidence[:, index].all()}
    assert {"nose", "left_wrist", "right_thumb_4", "face_30"} <= seen
    assert not seen & {"left_big_toe", "right_heel"}
    assert not pose.points[pose.confidence == 0].any()


@pytest.mark.parametrize("length", [1, 5, 50])
def test_a_granted_length_is_kept(model, length):
    for stage, wanted in (("pose", POSE), ("smplx", MOTION), ("hamer", VIDEO)):
        found = next(SignAlignerGenerator(model.folder, stage=stage).generate(prompts(wanted, length=length)[:1], [1]))
        frames = found.pose or found.motion
        assert (len(list(found.frames)) if found.frames is not None else frames.frames) == length


@pytest.mark.parametrize("stage", ["hamer", "smplx"])
def test_hands_and_bodies_are_rendered_as_synthsign_renders_its_own(model, stage):
    generator = SignAlignerGenerator(model.folder, stage=stage)
    (asked, *_) = prompts(VIDEO)
    pictures = list(next(generator.generate([asked], [1])).frames)
    motion = generator._signed(asked).motion(hands=stage == "hamer").at_rate(25.0)
    body = skeleton_of(motion.rotations, motion.translation, SIGNERS["Gus"])
    for found, expected in zip(pictures, render(body, SIGNERS["Gus"], 64, stage), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert {picture.shape for picture in pictures} == {(64, 64, 3)}


def test_a_known_signer_is_shown_and_an_unknown_one_is_not(model):
    generator = SignAlignerGenerator(model.folder)
    (first, *_) = prompts()
    plain, own, other, unknown = (
        next(generator.generate([replace(first, signer=signer)], [1])).pose.points for signer in (None, "Gus", "Ada", "Zoe")
    )
    np.testing.assert_array_equal(plain, own)
    np.testing.assert_array_equal(plain, unknown)
    assert other.shape != plain.shape or np.abs(other - plain).max() > 1e-3


def test_without_correction_it_signs_otherwise(model):
    full, without = (SignAlignerGenerator(model.folder, occ=occ) for occ in (True, "false"))
    assert without.card.name == "signaligner:checkpoint=tiny,occ=false"
    first, second = (next(one.generate(prompts()[:1], [1])).pose.points for one in (full, without))
    assert np.abs(first - second).max() > 1e-3


def test_frames_need_not_be_fed_back(model, tmp_path):
    fed, counted = (SignAlignerGenerator(model.folder, fed_back=fed_back) for fed_back in (None, "false"))
    names = [one.card.name for one in (fed, SignAlignerGenerator(model.folder, fed_back=True), counted)]
    assert names == [*["signaligner:checkpoint=tiny"] * 2, "signaligner:checkpoint=tiny,fed_back=false"]
    first, second = (next(one.generate(prompts()[:1], [1])).pose.points for one in (fed, counted))
    assert first.shape != second.shape or np.abs(first - second).max() > 1e-3
    other = write_tiny(tmp_path / "counted", replace(TINY, fed_back=False))
    assert SignAlignerGenerator(other.folder, fed_back=False).card.name == "signaligner:checkpoint=counted"
    same = next(SignAlignerGenerator(other.folder).generate(prompts()[:1], [1])).pose.points
    np.testing.assert_array_equal(same, second)


def test_separate_models_have_lengths_of_their_own(tmp_path):
    separate = write_tiny(tmp_path / "separate", replace(TINY, co_generation=False, correction_layers=0))
    generator = SignAlignerGenerator(separate.folder, stage="hamer", co_gen="false")
    assert generator.card.name == "signaligner:checkpoint=separate,stage=hamer,co_gen=false"
    sentence = generator._signed(prompts(VIDEO)[0])
    assert sentence.motion(hands=True).frames == len(sentence.numbers["hamer"])


def test_a_body_of_its_own_length_is_stretched_to_the_hands(model):
    sentence = SignAlignerGenerator(model.folder)._signed(prompts(VIDEO)[0])
    slow = replace(sentence, numbers={**sentence.numbers, "hamer": np.repeat(sentence.numbers["hamer"], 2, axis=0)})
    body = stretched(sentence.motion(), 2 * sentence.motion().frames)
    elbows = [matrix_from_axis_angle(motion.rotations[:, 18:20]) for motion in (slow.motion(hands=True), body)]
    np.testing.assert_allclose(*elbows, atol=1e-4)


def test_a_sentence_can_be_given_by_its_glosses(tmp_path):
    glossed = write_tiny(tmp_path / "glossed", replace(TINY, source="gloss", signers=()))
    generator = SignAlignerGenerator(glossed.folder)
    assert generator.card.prompt_fields == ("gloss",)
    (found,) = generator.generate([Prompt(clip="a", made=POSE, gloss=("dog", "today"))], [1])
    assert found.pose.frames > 0
    with pytest.raises(InputError, match="clip a: signaligner needs glosses"):
        list(generator.generate([Prompt(clip="a", made=POSE, text="The dog sleeps.")], [1]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stage": "face"}, "stage=face is unknown; use pose, hamer, smplx or video"),
        ({"occ": "no"}, "occ=no is neither true nor false"),
        ({"fed_back": "never"}, "fed_back=never is neither true nor false"),
        ({"co_gen": "false"}, "the model tiny generates all streams together; leave out co_gen=false"),
    ],
)
def test_a_wrong_option_is_refused(model, options, message):
    with pytest.raises(InputError, match=message):
        SignAlignerGenerator(model.folder, **options)


def test_options_are_written_after_the_name(model):
    found = create("signaligner:stage=smplx,occ=false", checkpoint=model.folder)
    assert (found.card.name, found.card.modalities) == ("signaligner:checkpoint=tiny,stage=smplx,occ=false", ("video", "motion"))


@pytest.mark.parametrize("stage", ["hamer", "smplx"])
def test_a_video_that_is_not_square_is_a_square_one_that_is_cut_or_has_black_sides(model, stage):
    generator = SignAlignerGenerator(model.folder, stage=stage)
    square, narrow, wide = (
        np.stack(list(next(generator.generate(prompts(replace(VIDEO, size=size))[:1], [1])).frames))
        for size in ((64, 64), (64, 40), (64, 100))
    )
    np.testing.assert_array_equal(narrow, square[:, :, 12:52])
    np.testing.assert_array_equal(wide[:, :, 18:82], square)
    assert not wide[:, :, :18].any() and not wide[:, :, 82:].any()


def test_key_points_have_the_neck_where_the_task_s_layout_has_one(model):
    generator = SignAlignerGenerator(model.folder)
    plain, whole = (
        next(generator.generate(prompts(replace(POSE, layout=layout(name)))[:1], [1])).pose
        for name in ("coco-wholebody-133", "dwpose-134")
    )
    assert whole.layout == layout("dwpose-134") and whole.confidence[:, whole.layout.index(("neck",))].all()
    shared = plain.layout.joints
    np.testing.assert_array_equal(whole.select(shared).points, plain.points)
    np.testing.assert_array_equal(whole.select(shared).confidence, plain.confidence)


def test_a_file_is_refused_because_none_are_published(tmp_path):
    (tmp_path / "best.ckpt").write_bytes(b"")
    with pytest.raises(InputError, match=r"best\.ckpt is a file; signaligner has no published ones. Name a model or its folder"):
        SignAlignerGenerator(tmp_path / "best.ckpt")


def test_another_kind_of_model_is_refused(tmp_path):
    other = write_tiny(tmp_path / "other", model="slt")
    with pytest.raises(InputError, match="the model other is of the kind slt, not signaligner"):
        SignAlignerGenerator(other.folder)
