"""The third stage: what the first two made is drawn, and RealisDance makes a video of the drawings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from signbench.corpora.synthsign import SynthSign
from signbench.corpora.synthsign.signers import SIGNERS
from signbench.errors import InputError
from signbench.generators.base import Made, Prompt, clip_seed
from signbench.generators.realisdance.clips import clips_of
from signbench.generators.realisdance.config import RealisDanceConfig
from signbench.generators.registry import create
from signbench.generators.signaligner import video
from signbench.generators.signaligner.generator import SignAlignerGenerator
from signbench.generators.signaligner.model import Sentence
from signbench.generators.signaligner.network import SignAligner
from signbench.generators.signaligner.numbers import numbers_of_body, numbers_of_hands, numbers_of_points
from tests.generators.realisdance.models import TINY as VIDEO_TINY
from tests.generators.realisdance.models import picture, png, written_model
from tests.generators.signaligner.tiny import TINY, write_tiny

VIDEO = Made("video", 25.0, size=(48, 48))
TEXTS = {"a": "The dog sleeps today.", "b": "The mother sleeps."}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return write_tiny(folder / "tiny").folder, written_model(folder / "film").folder


def generator_of(models, **options):
    return SignAlignerGenerator(models[0], stage="video", video=models[1], **options)


def prompts(**changes):
    return [Prompt(clip=clip, made=VIDEO, text=text, **changes) for clip, text in TEXTS.items()]


def made(generator, asked):
    seeds = [clip_seed("task", 1, prompt.clip) for prompt in asked]
    return [np.stack(list(found.frames)) for found in generator.generate(asked, seeds)]


def test_progressive_transformers_makes_a_video_of_its_three_streams(models, tmp_path):
    own = write_tiny(tmp_path / "three", replace(TINY, co_generation=False, correction_layers=0), model="progressive-transformers")
    same = write_tiny(tmp_path / "same", replace(TINY, co_generation=False, correction_layers=0))
    names = {"progressive-transformers:stage=video": own, "signaligner:stage=video,co_gen=false": same}
    (first, second), others = (
        made(create(name, checkpoint=model.folder, video=models[1]), prompts()) for name, model in names.items()
    )
    assert first.dtype == np.uint8 and first.shape[1:] == (48, 48, 3)
    shown = min(len(first), len(second))
    assert not np.array_equal(first[:shown], second[:shown])
    for one, other in zip((first, second), others, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_sentence_becomes_a_video_of_the_tasks_size_and_rate(models):
    generator = generator_of(models)
    first, second = made(generator, prompts())
    assert first.dtype == np.uint8 and first.shape[1:] == (48, 48, 3)
    frames = generator._signed(prompts()[0]).motion(hands=True).frames
    # 12.5 frames a second are shown at 25
    assert len(first) == 2 * frames
    assert first.shape != second.shape or not np.array_equal(first, second)


def test_a_production_depends_on_its_prompt_and_seed_alone(models):
    whole, again = made(generator_of(models), prompts()), made(generator_of(models), prompts()[::-1])[::-1]
    assert all(np.array_equal(one, other) for one, other in zip(whole, again, strict=True))
    (other,) = (np.stack(list(found.frames)) for found in generator_of(models).generate(prompts()[:1], [7]))
    assert not np.array_equal(other, whole[0])


def test_it_sees_no_reference(models):
    generator = generator_of(models)
    card = generator.card
    assert (card.sees, card.prompt_fields, card.modalities) == ("prompts", ("text|word",), ("video",))
    assert card.name == "signaligner:checkpoint=tiny,stage=video,video=film"
    corpus = SynthSign()
    clips = ("test-0001", "test-0002")
    asked = [Prompt(clip=clip, made=VIDEO, text=corpus.clip(clip).text) for clip in clips]
    permuted = [replace(one, clip=other) for one, other in zip(asked, reversed(clips), strict=True)]
    first, second = ([np.stack(list(found.frames)) for found in generator.generate(given, [1, 2])] for given in (asked, permuted))
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_the_weights_of_both_models_are_on_the_card(models, tmp_path):
    other = written_model(tmp_path / "film", replace(VIDEO_TINY, steps=3)).folder
    first, second = generator_of(models).card, generator_of((models[0], other)).card
    assert first.checkpoint != second.checkpoint != SignAlignerGenerator(models[0]).card.checkpoint


@pytest.mark.parametrize("length", [1, 7, 60])
def test_a_granted_length_is_kept(models, length):
    (found,) = made(generator_of(models), prompts(length=length)[:1])
    assert len(found) == length


def test_the_signer_is_shown_unless_another_person_is_named_or_granted(models, tmp_path, monkeypatch):
    shown = []

    def watched(_network, condition, _seed):
        import torch

        shown.append(((condition.source[0] + 1) * 127.5).round().byte().permute(1, 2, 0).numpy())
        return torch.zeros(len(condition), 64, 64, 3, dtype=torch.uint8)

    monkeypatch.setattr("signbench.generators.realisdance.denoising.frames_of", watched)
    (tmp_path / "me.png").write_bytes(png(picture(9)))
    cases = [
        ({}, {}, picture(1)),
        ({}, {"signer": "Ada"}, picture(0)),
        ({}, {"source_image": picture(5)}, picture(5)),
        ({"person": "Ada"}, {"source_image": picture(5)}, picture(0)),
        ({"person": tmp_path / "me.png"}, {}, picture(9)),
    ]
    for options, granted, expected in cases:
        made(generator_of(models, **options), prompts(**granted)[:1])
        assert np.array_equal(shown[-1], expected)


def test_drawings_of_a_recording_are_nearly_those_that_the_networks_are_trained_on():
    corpus = SynthSign()
    name = next(clip for clip in corpus.ids("word-train") if corpus.clip(clip).signer == "Gus")

    class One(SynthSign):
        def ids(self, split):
            return [name]

    config = replace(RealisDanceConfig.small(), rate=25.0)
    clips = clips_of(One(), "word-train", config, lambda *_: None)
    expected = clips.conditions(0, np.arange(len(clips.frames[0])))
    clip = corpus.clip(name)
    streams = replace(TINY, rate=25.0)
    motion, pose = clip.motion.rotations(25.0), clip.pose.pose(25.0)
    points = np.concatenate([pose.points, pose.confidence[..., None]], axis=2).astype(np.float32)
    numbers = {
        "pose": numbers_of_points(points, streams)[0],
        "hamer": numbers_of_hands(motion.rotations, streams),
        "smplx": numbers_of_body(motion.rotations, streams),
    }
    sentence = Sentence(numbers, SignAligner.random(streams))
    hands, body = sentence.motion(hands=True), sentence.motion()
    found = video._drawn(sentence, body, hands, SIGNERS["Gus"], 25.0, config.canvas, (64, 64))
    assert found.shape == expected.shape
    differences = np.abs(found.astype(int) - expected.astype(int)).reshape(len(found), 3, -1).mean(axis=(0, 2))
    still = np.abs(expected.astype(int) - expected[:1].astype(int)).reshape(len(found), 3, -1).mean(axis=(0, 2))
    # pose, hands, body: far nearer than a picture of another frame
    assert (differences < 0.5 * still).all(), (differences, still)


@pytest.mark.parametrize("width", [48, 96])
def test_drawings_for_a_picture_that_is_not_square_keep_their_shape(models, width):
    sentence = generator_of(models)._signed(prompts()[0])
    hands, body = sentence.motion(hands=True), sentence.motion()
    square, other = (
        video._drawn(sentence, body, hands, SIGNERS["Gus"], 12.5, VIDEO_TINY.canvas, (64, one)).astype(int) for one in (64, width)
    )
    cut, within = (8, slice(None)) if width < 64 else (0, slice(16, 80))
    expected, found = square[..., cut : 64 - cut], other[..., within]
    np.testing.assert_array_equal(found[:, 3:], expected[:, 3:])
    # strokes are as thick as before in another canvas, so lines are not the same to the pixel
    shifted = np.abs(np.roll(expected[:, :3], 4, axis=-1) - expected[:, :3]).mean()
    assert np.abs(found[:, :3] - expected[:, :3]).mean() < 0.5 * shifted


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"person": "Zoe"}, "the model film has no picture of Zoe"),
        ({"video": "missing"}, "there is no model missing"),
    ],
)
def test_a_wrong_option_is_refused(models, options, words):
    with pytest.raises(InputError, match=words):
        SignAlignerGenerator(models[0], **{"stage": "video", "video": models[1], **options})


def test_options_of_the_third_stage_are_refused_for_others(models):
    with pytest.raises(InputError, match="video and person are parameters of stage=video"):
        SignAlignerGenerator(models[0], stage="smplx", video=models[1])


def test_without_a_model_the_command_that_trains_one_is_named(models, tmp_path, monkeypatch):
    monkeypatch.setenv("SIGNBENCH_WEIGHTS", str(tmp_path))
    monkeypatch.setattr("signbench.generators.signaligner.video.has_model", lambda name: False)
    with pytest.raises(InputError, match="signbench train realisdance"):
        SignAlignerGenerator(models[0], stage="video")


def test_options_are_written_after_the_name(models):
    found = create(f"signaligner:stage=video,video={models[1]},person=Ada", checkpoint=models[0])
    assert found.card.name == "signaligner:checkpoint=tiny,stage=video,video=film,person=Ada"
