"""SignAvatar as a generator: what it makes of words, pictures and motion, and where its weights come from."""

from __future__ import annotations

import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from signbench.errors import InputError
from signbench.generators.base import Made, clip_seed
from signbench.generators.registry import options_of
from signbench.generators.signavatar.generator import SignAvatarGenerator
from signbench.generators.signavatar.joints import six_of
from signbench.generators.training import TrainView, prompt_of
from signbench.media.layouts import layout
from signbench.media.rotations import matrix_from_axis_angle, partway
from tests.generators.corpora import FPS
from tests.generators.signavatar.tiny import TINY, write_tiny
from tests.generators.test_rotations import MovingCorpus

MOTION = Made("motion", FPS, layout=layout("smplx-55"))
WORDS = ["word-test-0001", "word-test-0002"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("models") / "tiny")


def ready(model, **corpus):
    generator = SignAvatarGenerator(model.folder)
    generator.prepare(TrainView.of_task(MovingCorpus(**corpus), MOTION, split="word-test", references="motion"))
    return generator


def prompts(given, clips=WORDS, made=MOTION, **corpus):
    found = MovingCorpus(**corpus)
    return [prompt_of(found.clip(name), made, given, references="motion") for name in clips]


def made(generator, asked):
    return list(generator.generate(asked, [clip_seed("task", 1, prompt.clip) for prompt in asked]))


def test_a_production_depends_on_its_prompt_and_seed_alone(model):
    whole = made(ready(model), prompts(["word"]))
    (alone,) = made(ready(model), prompts(["word"])[1:])
    assert alone.motion.rotations.tobytes() == whole[1].motion.rotations.tobytes()
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        again = made(ready(model), prompts(["word"])[::-1])
    finally:
        torch.set_num_threads(threads)
    assert [one.motion.rotations.tobytes() for one in again[::-1]] == [one.motion.rotations.tobytes() for one in whole]
    assert torch.get_num_threads() == threads


def test_another_seed_and_another_word_give_another_motion(model):
    generator, (asked, _) = ready(model), prompts(["word", "length"])
    first, second = (next(generator.generate([asked], [seed])).motion.rotations for seed in (1, 2))
    other = next(generator.generate([replace(asked, word="sleep")], [1])).motion.rotations
    for found in (second, other):
        assert np.abs(found - first).max() > 1e-2


@pytest.mark.parametrize(("clip", "lengths"), [("word-test-0001", {9}), ("word-test-0002", {8})], ids=["unknown", "known"])
def test_without_a_granted_length_it_is_that_of_a_train_clip_of_the_word_or_the_mean(model, clip, lengths):
    # train has no "dogs" and one clip of "mother", of 8 frames; the mean of the train words is 8.5
    (asked,) = prompts(["word"], [clip])
    assert {next(ready(model).generate([asked], [seed])).motion.frames for seed in range(4)} == lengths


@pytest.mark.parametrize("length", [1, 2, 7, 8, 60])
@pytest.mark.parametrize("fps", [25.0, 12.5, 30.0, 10.0])
def test_a_granted_length_is_kept_at_any_rate(model, length, fps):
    (asked,) = prompts(["word"], ["word-test-0002"], replace(MOTION, fps=fps))
    (production,) = made(ready(model), [replace(asked, length=length)])
    assert (production.motion.frames, production.motion.fps, production.fps) == (length, fps, fps)
    assert production.motion.rotations.shape == (length, 55, 3)
    assert np.isfinite(production.motion.rotations).all()


def test_frames_are_those_of_the_decoder_and_halfway_between_them(model):
    (asked,) = prompts(["word"], ["word-test-0002"])
    slow, fast = (
        next(ready(model).generate([replace(asked, length=length, made=replace(MOTION, fps=fps))], [3])).motion.rotations
        for length, fps in ((6, 12.5), (11, 25.0))
    )
    slow, fast = matrix_from_axis_angle(slow), matrix_from_axis_angle(fast)
    np.testing.assert_allclose(fast[::2], slow, atol=1e-5)
    np.testing.assert_allclose(fast[1::2], partway(slow[:-1], slow[1:], 0.5), atol=0.02)


def test_a_motion_to_follow_gives_its_length_and_another_motion_another_production(model):
    asked = prompts(["word", "motion"])
    generator = ready(model)
    found = made(generator, asked)
    assert [one.motion.frames for one in found] == [8, 6]
    same = next(generator.generate(asked[:1], [99])).motion.rotations
    assert same.tobytes() == found[0].motion.rotations.tobytes()  # no random choice is left
    other = next(generator.generate([replace(asked[0], motion=asked[1].motion, length=8)], [99])).motion.rotations
    assert np.abs(other - same).max() > 1e-3


def test_it_reconstructs_by_the_mean_of_the_encoder(model):
    (asked,) = prompts(["word", "motion"], ["word-test-0002"], replace(MOTION, fps=12.5), fps=12.5)
    generator = ready(model, fps=12.5)
    (production,) = made(generator, [asked])
    loaded = generator._loaded
    rotations = asked.motion.rotations(None).rotations
    with torch.no_grad():
        embedding = loaded.embedder.words([asked.word])
        motion = torch.from_numpy(six_of(rotations))[None]
        mask = torch.ones(1, len(rotations), dtype=torch.bool)
        six = loaded.network.decode(loaded.network.encode(motion, mask, embedding).mean, mask, embedding)[0].numpy()
    first = six[:, 20, :3] / np.linalg.norm(six[:, 20, :3], axis=-1, keepdims=True)
    np.testing.assert_allclose(matrix_from_axis_angle(production.motion.rotations[:, 20])[:, 0], first, atol=1e-4)


def test_a_motion_of_positions_only_is_refused(model):
    (asked,) = prompts(["word", "motion"], ["word-test-0002"], positions_only=["word-test-0002"])
    with pytest.raises(InputError, match=r"word-test-0002.* holds joint positions; signavatar encodes rotations"):
        made(ready(model), [asked])


def test_a_picture_is_enough(model):
    (asked,) = prompts(["word"], ["word-test-0002"])
    draw = np.random.default_rng(2)
    pictures = [draw.integers(0, 256, (48, 64, 3), dtype=np.uint8) for _ in range(2)]
    seen = [replace(asked, word=None, length=8, source_image=picture) for picture in pictures]
    first, second = (next(ready(model).generate([one], [1])).motion.rotations for one in seen)
    assert np.abs(first - second).max() > 1e-3
    with pytest.raises(InputError, match="needs a word or a picture"):
        made(ready(model), [replace(asked, word=None)])


def test_a_model_without_pictures_refuses_them(tmp_path):
    model = write_tiny(tmp_path / "blind", replace(TINY, picture=0))
    (asked,) = prompts(["word"], ["word-test-0002"])
    picture = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(InputError, match="trained without pictures"):
        made(ready(model), [replace(asked, word=None, length=8, source_image=picture)])


def test_a_task_of_joint_positions_gets_them(model):
    positions = Made("motion", FPS, layout=layout("smplx-55"), suffix=".pose")
    (asked,) = prompts(["word"], ["word-test-0002"], positions)
    (production,) = made(ready(model), [asked])
    assert production.motion is None
    assert production.pose.points.shape[1:] == (55, 3)


def test_weights_are_found_by_name_folder_and_path(model, monkeypatch):
    monkeypatch.chdir(model.folder.parent)
    (model.folder.parent / "reference_models").mkdir(exist_ok=True)
    named = write_tiny(model.folder.parent / "reference_models" / "named")
    assert options_of("named", None) == {"checkpoint": named.folder}
    assert options_of("tiny", "cpu") == {"checkpoint": model.folder.relative_to(model.folder.parent), "device": "cpu"}
    assert options_of(None, None) == {}
    cards = [SignAvatarGenerator(checkpoint).card for checkpoint in ("named", named.folder, f"{named.folder}/")]
    assert {card.name for card in cards} == {"signavatar:checkpoint=named"}
    assert len({card.checkpoint for card in cards}) == 1
    with pytest.raises(InputError, match="there is no model nmaed"):
        options_of("nmaed", None)
    with pytest.raises(InputError, match="missing/model does not exist; name a model, its folder, or a file of weights"):
        options_of("missing/model", None)


def test_one_file_of_a_model_and_a_damaged_one_are_refused_before_the_first_clip(model, tmp_path):
    with pytest.raises(InputError, match=f"is one file of a model; name its folder, {model.folder}"):
        SignAvatarGenerator(model.folder / "model.safetensors")
    copy = tmp_path / "copy"
    shutil.copytree(model.folder, copy)
    (copy / "model.safetensors").write_bytes(b"x")
    published = tmp_path / "checkpoint_5000.pth.tar"
    published.write_bytes(b"x")
    for path, message in ((copy, "is not the file of the model"), (published, "cannot be read as a checkpoint")):
        with pytest.raises(InputError, match=message):
            ready(SimpleNamespace(folder=path))


def test_other_weights_are_another_card(model, tmp_path):
    other = write_tiny(tmp_path / "tiny", replace(TINY, rate=25.0))  # the same tensors at another rate
    assert SignAvatarGenerator(other.folder).card.checkpoint != SignAvatarGenerator(model.folder).card.checkpoint


def test_another_kind_of_model_is_refused(tmp_path):
    other = write_tiny(tmp_path / "other", model="slt")
    with pytest.raises(InputError, match="the model other is of the kind slt, not signavatar"):
        SignAvatarGenerator(other.folder)
