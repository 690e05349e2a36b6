from __future__ import annotations

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.generators.base import Made
from signbench.generators.training import References, TrainView, prompt_of
from signbench.predictions.sampling import frames_of, pose_of
from tests.generators.corpora import CLIPS, MOTION, POSE, VIDEO, SmallCorpus, frames_of_clip, train_view

GRANTS = ["text", "gloss", "word", "signer", "length", "source_image", "driving_video", "driving_pose", "motion"]


@pytest.mark.parametrize(
    ("split", "clips", "words"),
    [
        ("test", ["train-0001", "train-0002", "train-0003"], [None] * 3),
        (
            "word-test",
            [f"word-train-{n:04d}" for n in range(1, 7)],
            ["dog", "dog", "to sleep", "sleep", "mother", "drink"],
        ),
    ],
)
def test_the_train_split_goes_with_the_tasks_own(split, clips, words):
    view = train_view(POSE, split)
    assert [clip.id for clip in view] == clips
    assert [clip.word for clip in view] == words
    assert [clip.word for clip in view.words()] == ["dog", "dog", "to sleep", "sleep", "mother", "drink"]
    assert len(view) == len(clips)


def test_no_clip_of_a_test_split_is_touched():
    view = train_view(VIDEO, hidden=("test", "word-test"))
    for clip in (*view, *view.words(), *view.sample(2)):
        list(frames_of(clip.media, VIDEO))
    assert view.mean_length == 12


def test_a_test_split_cannot_be_trained_on():
    with pytest.raises(InputError, match="is not a train split"):
        TrainView(SmallCorpus(), POSE, split="test", references="pose")


def test_an_unknown_split_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="Did you mean train"):
        TrainView(SmallCorpus(), POSE, split="trian", references="pose")


@pytest.mark.parametrize("references", ["videos", "rendering:", "rendering"])
def test_an_unknown_kind_of_references_is_refused(references):
    with pytest.raises(InputError, match="no kind of references"):
        train_view(VIDEO, references=references)


def test_a_rendering_is_the_medium_where_the_task_compares_with_it():
    clip = next(iter(train_view(VIDEO, references="rendering:hamer")))
    assert np.array_equal(np.stack(list(frames_of(clip.media, Made("video", 25)))), 255 - frames_of_clip("train-0001", 9))


def test_a_rendering_that_a_clip_lacks_is_named():
    with pytest.raises(InputError, match=r"train-0001 has no rendering:smplx\."):
        next(iter(train_view(VIDEO, references="rendering:smplx")))


def test_a_sample_is_spread_over_the_split():
    view = train_view(POSE, "word-test")
    assert [clip.id[-1] for clip in view.sample(3)] == ["1", "3", "5"]
    assert len(list(view.sample(100))) == 6


@pytest.mark.parametrize("granted", [[name] for name in GRANTS] + [GRANTS, []])
def test_a_prompt_has_what_is_granted_and_nothing_else(granted):
    prompt = prompt_of(SmallCorpus().clip("test-0001"), VIDEO, granted, references="video")
    assert [name for name in GRANTS if getattr(prompt, name) is not None] == granted


def test_the_granted_length_is_the_references_at_the_tasks_rate():
    made = Made("pose", 12.5)
    assert prompt_of(SmallCorpus().clip("test-0001"), made, ["length"], references="pose").length == 5


def test_the_source_image_is_the_first_frame_at_the_tasks_size_of_whichever_video_is_named():
    corpus = SmallCorpus()
    clip, other = corpus.clip("test-0001"), corpus.clip("test-0002")
    for source, name in ((None, "test-0001"), (other.video, "test-0002")):
        image = prompt_of(clip, VIDEO, ["source_image"], references="video", source=source).source_image
        assert image.shape == (24, 32, 3)
        assert np.array_equal(image[-1, -1], frames_of_clip(name, 1)[0, -1, -1])


def test_a_grant_that_the_clip_lacks_is_named():
    corpus = SmallCorpus([("test-0001", "Text", (), "ada", 5)])
    with pytest.raises(InputError, match="grants gloss, but clip test-0001 has none"):
        prompt_of(corpus.clip("test-0001"), POSE, ["gloss"], references="pose")
    with pytest.raises(InputError, match="Did you mean text"):
        prompt_of(corpus.clip("test-0001"), POSE, ["texts"], references="pose")


def test_references_are_those_of_the_tasks_clips_only():
    ids = [clip[0] for clip in CLIPS if clip[0].startswith("test-")]
    references = References(SmallCorpus(), ids, references="motion", task="t", seed=0)
    assert pose_of(references.media("test-0001"), MOTION).frames == 10
    with pytest.raises(InputError, match="not among the task's 4 clips"):
        references.media("train-0001")
