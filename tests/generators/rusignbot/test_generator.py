"""RuSignBot from a word to a video, as a generator and as a person uses it, with tiny networks."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from signbench.corpora.recordings import FrameArray
from signbench.corpora.synthsign import SynthSign
from signbench.errors import InputError
from signbench.generators.mimicmotion.alignment import UnfitPictureError
from signbench.generators.mimicmotion.generator import MimicMotionGenerator
from signbench.generators.producing import produce
from signbench.generators.registry import create
from signbench.generators.rusignbot.generator import RuSignBotGenerator
from signbench.generators.rusignbot.saying import Speaker, checked
from signbench.generators.rusignbot.words import plain
from signbench.generators.training import TrainView
from signbench.media.video import probe_video, resize_frames
from signbench.predictions.manifest import productions_done
from tests.generators.corpora import VIDEO, SmallCorpus, frames_of_clip
from tests.generators.mimicmotion.models import written_generator
from tests.generators.runs import prepared, prompts, run


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return written_generator(tmp_path_factory.mktemp("models") / "tiny").folder


@pytest.fixture(scope="module")
def ready(model):
    return prepared(RuSignBotGenerator(model, steps=1), VIDEO, "word-test")


def found_prompts(given=("word",)):
    return prompts(VIDEO, list(given), "word-test", clips=("word-test-0001", "word-test-0002"))


def frames_of(generator, prompt, seed=3):
    (made,) = generator.generate([prompt], [seed])
    return np.stack(list(made.frames)), made


def test_the_production_is_mimicmotion_s_after_the_clip_of_the_gloss(ready, model):
    prompt = found_prompts()["word-test-0001"]
    frames, made = frames_of(ready, prompt)
    corpus = SmallCorpus()
    source = frames_of_clip("word-train-0001", 8)[0]
    from signbench.media.video import resize_frames

    given = replace(
        prompt, source_image=resize_frames(source[None], (24, 32))[0], driving_video=corpus.clip("word-train-0001").video
    )
    plain, _ = frames_of(MimicMotionGenerator(model, steps=1), given)
    assert np.array_equal(frames, plain)
    assert made.details == {"gloss": "DOG", "way": "lemma", "score": 1.0, "clip": "word-train-0001"}


def test_the_manifest_says_which_way_the_gloss_was_found(model, tmp_path):
    run(RuSignBotGenerator(model, steps=1), VIDEO, ["word"], tmp_path, split="word-test")
    lines = [json.loads(line) for line in (tmp_path / "manifest.jsonl").read_text().splitlines()]
    assert [line["details"]["way"] for line in lines] == ["lemma", "gloss"]
    assert productions_done(tmp_path)["word-test-0001"].details == lines[0]["details"]


def test_the_task_s_source_picture_is_the_avatar_unless_one_is_named(model, ready, tmp_path):
    shown = {name: frames_of(ready, found_prompts(given)["word-test-0001"])[0] for name, given in GIVEN.items()}
    assert not np.array_equal(shown["word"], shown["picture"])
    Image.new("RGB", (128, 96), "blue").save(tmp_path / "me.png")
    mine = prepared(RuSignBotGenerator(model, steps=1, avatar=tmp_path / "me.png"), VIDEO, "word-test")
    with_mine = [frames_of(mine, found_prompts(given)["word-test-0001"])[0] for given in GIVEN.values()]
    assert np.array_equal(*with_mine)
    assert not np.array_equal(with_mine[0], shown["picture"])
    assert "avatar=me.png" in mine.card.name and mine.card.checkpoint != ready.card.checkpoint


GIVEN = {"word": ("word",), "picture": ("word", "source_image")}


def test_the_clip_with_the_best_hands_can_be_used(model, monkeypatch):
    ready = prepared(RuSignBotGenerator(model, steps=1, clips="hands"), VIDEO, "word-test")
    assert "clips=hands" in ready.card.name
    shown, observe = [], ready.moving._estimator.observe

    def observed(clips, wanted):
        shown.append(clips[0].frames.shape)
        return observe(clips, wanted)

    monkeypatch.setattr(ready.moving._estimator, "observe", observed)
    _, clip = ready.found("dog")
    assert clip.id in ("word-train-0001", "word-train-0002")
    assert shown == [(8, *ready.moving._estimator.size, 3)] * 2


def test_a_long_recording_is_read_in_parts(model, monkeypatch):
    generator = RuSignBotGenerator(model, steps=1, clips="hands")
    shown, observe = [], generator.moving._estimator.observe
    monkeypatch.setattr(
        generator.moving._estimator,
        "observe",
        lambda clips, wanted: shown.append(len(clips[0].frames)) or observe(clips, wanted),
    )
    recording = FrameArray(frames_of_clip("long", 35), "long", 25.0)
    points = generator.moving.points_in(recording, "long")
    assert shown == [16, 16, 3] and len(points) == 35


def test_a_word_that_is_like_no_gloss_fails_and_the_others_are_made(model, tmp_path):
    given = found_prompts()
    given["word-test-0001"] = replace(given["word-test-0001"], word="xyz")
    ready = prepared(RuSignBotGenerator(model, steps=1), VIDEO, "word-test")
    outcome = produce(ready, list(given), given.__getitem__, folder=tmp_path, task="small/task", seed=5)
    ((failed,), (made,)) = outcome.failed, outcome.made
    assert (failed.clip, made.clip) == ("word-test-0001", "word-test-0002")
    assert "'xyz' is no gloss" in failed.reason and "embedding=NAME" in failed.reason


@pytest.mark.parametrize("options", [{"steps": "0"}, {"size": "60"}])
def test_wrong_parameters_of_mimicmotion_are_refused_before_any_work(model, options):
    with pytest.raises(InputError, match="the configuration of MimicMotion"):
        RuSignBotGenerator(model, **options)


def test_without_trained_weights_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setattr("signbench.generators.mimicmotion.generator.has_model", lambda name: False)
    with pytest.raises(InputError, match=r"the weights of mimicmotion are not present; run signbench train mimicmotion-base"):
        create("rusignbot")


class FewSigns(SynthSign):
    """Five clips of each split."""

    def ids(self, split):
        return super().ids(split)[:5]


@pytest.fixture(scope="module")
def speaker(model):
    return Speaker(RuSignBotGenerator(model, steps=1), FewSigns())


def test_saying_a_word_leaves_a_video(speaker, tmp_path):
    word = FewSigns().clip("word-train-0001").text
    said = speaker.say(word.upper(), tmp_path / "said.mp4")
    probe = probe_video(tmp_path / "said.mp4")
    assert (probe.frames, probe.fps, probe.height, probe.width) == (said.frames, said.fps, 128, 128)
    assert (said.way, said.score, said.clip) == ("gloss", 1.0, "word-train-0001")


def test_the_avatar_decides_the_shape(speaker, tmp_path):
    (avatar,) = resize_frames(next(iter(SynthSign().frames("word-train-0001")))[None, :, 21:107], (96, 64))
    said = speaker.say("anything", tmp_path / "said.mkv", avatar=avatar)
    probe = probe_video(tmp_path / "said.mkv")
    assert (probe.height, probe.width) == (96, 64)
    assert said.way == "characters"


class InHighResolution(FewSigns):
    """The same with videos of 1300 x 1300 pixels."""

    def clip(self, clip_id, take=0):
        frames = np.stack(list(islice(self.frames(clip_id), 4)))
        return replace(super().clip(clip_id), video=FrameArray(resize_frames(frames, (1300, 1300)), clip_id, 25.0))


def test_without_an_avatar_a_large_recording_is_reduced(model, tmp_path):
    Speaker(RuSignBotGenerator(model, steps=1), InHighResolution()).say("anything", tmp_path / "said.mkv")
    probe = probe_video(tmp_path / "said.mkv")
    assert (probe.height, probe.width) == (1024, 1024)


@pytest.mark.parametrize(
    ("text", "gloss", "way"), [("красивая", "BEAUTIFUL", "lemma"), ("Вода!", "WATER", "gloss"), ("water", "WATER", "gloss")]
)
def test_synthsign_s_signs_are_found_in_both_languages(model, text, gloss, way):
    pytest.importorskip("pymorphy3")
    ready = RuSignBotGenerator(model, steps=1)
    ready.prepare(TrainView(SynthSign(), VIDEO, split="word-train", references="video", word_split="word-train"))
    found, clip = ready.found(text)
    assert (found.gloss, found.way, clip.gloss) == (gloss, way, (gloss,))


def test_every_sign_of_synthsign_has_its_own_russian_words():
    corpus = SynthSign()
    assert set(SynthSign.translations) == {corpus.clip(clip).gloss[0] for clip in corpus.ids("word-train")}
    words = [plain(word) for each in SynthSign.translations.values() for word in each]
    assert len(words) == len(set(words))


@pytest.fixture(scope="module")
def seeing():
    """With the shipped pose estimator."""
    return Speaker(RuSignBotGenerator("mimicmotion"), FewSigns())


NOBODY = {
    "white": np.full((128, 128, 3), 255, np.uint8),
    "black": np.zeros((200, 160, 3), np.uint8),
    "grey": np.full((96, 128, 3), 128, np.uint8),
    **{f"noise {seed}": np.random.default_rng(seed).integers(0, 256, (128, 128, 3), np.uint8) for seed in range(4)},
}


@pytest.mark.parametrize("name", NOBODY)
def test_an_avatar_that_shows_nobody_is_refused(seeing, name, tmp_path):
    with pytest.raises(UnfitPictureError, match=f"{name} shows nobody whose head and shoulders face the camera"):
        seeing.check_avatar(NOBODY[name], name)
    with pytest.raises(UnfitPictureError, match="the avatar shows nobody"):
        seeing.say("anything", tmp_path / "said.mkv", avatar=NOBODY[name])
    assert not any(tmp_path.iterdir())


def test_every_signer_of_synthsign_can_be_an_avatar(seeing):
    corpus = SynthSign()
    first = {corpus.clip(clip).signer: clip for clip in reversed(corpus.ids("word-train"))}
    assert len(first) == 10
    for signer, clip in first.items():
        seeing.check_avatar(next(iter(corpus.frames(clip))), signer)


def test_equal_words_and_seeds_give_equal_bytes(speaker, tmp_path):
    files = [tmp_path / f"{name}.mkv" for name in ("first", "second", "other")]
    for file, seed in zip(files, (1, 1, 2), strict=True):
        speaker.say("anything", file, seed=seed)
    first, second, other = (file.read_bytes() for file in files)
    assert first == second != other


@pytest.mark.parametrize(
    ("text", "file", "words"),
    [
        ("hello", "said.gif", "is neither an .mp4 nor an .mkv file"),
        ("hello", "there.mp4", "exists"),
        (" ", "said.mp4", "there is no word to sign"),
        ("?", "said.mp4", "there is no word to sign"),
        ("a" * 61, "said.mp4", "has 61 letters"),
    ],
)
def test_what_cannot_be_said_is_refused_and_leaves_nothing(speaker, tmp_path, text, file, words):
    (tmp_path / "there.mp4").write_bytes(b"mine")
    with pytest.raises(InputError, match=words):
        speaker.say(text, tmp_path / file)
    assert [path.name for path in tmp_path.iterdir()] == ["there.mp4"]
    assert (tmp_path / "there.mp4").read_bytes() == b"mine"


def test_every_denoising_step_and_frame_is_reported(speaker, tmp_path):
    reported = []
    said = speaker.say("anything", tmp_path / "said.mkv", progress=lambda *progress: reported.append(progress))
    steps = [(done, total) for phase, done, total in reported if phase == "denoising"]
    assert steps == [(done, len(steps)) for done in range(1, len(steps) + 1)] and steps
    assert reported[0] == ("finding the sign", 0, 1)
    assert reported[-1] == ("writing frames", said.frames, said.frames)


@pytest.mark.parametrize("phase", ["finding the sign", "denoising", "writing frames"])
def test_a_progress_callback_can_end_the_work_and_nothing_is_left(speaker, tmp_path, phase):
    def end(now, done, total):
        seen.append(now)
        if now == phase:
            raise KeyboardInterrupt

    seen = []
    with pytest.raises(KeyboardInterrupt):
        speaker.say("anything", tmp_path / "said.mkv", progress=end)
    assert seen.count(phase) == 1
    assert list(tmp_path.iterdir()) == []
    speaker.say("anything", tmp_path / "said.mkv")
    assert seen.count(phase) == 1


def test_a_corpus_without_isolated_signs_is_refused(model):
    corpus = SmallCorpus([("train-0001", "Text", ("TEXT",), "ada", 5)])
    with pytest.raises(InputError, match="has no isolated signs"):
        Speaker(RuSignBotGenerator(model), corpus)


def test_spaces_do_not_matter():
    assert checked("  good \n morning ") == "good morning"
