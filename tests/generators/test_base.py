from __future__ import annotations

import hashlib
import re

import pytest

from signbench.errors import InputError
from signbench.generators.base import Card, Made, check_fit, clip_seed
from signbench.tasks.schema import Made as TaskMade


def card(**changes):
    return Card(**{"name": "x", "version": "1", "modalities": ("video",), "prompt_fields": (), "licence": "MIT", **changes})


def test_a_clips_seed_is_the_first_8_bytes_of_the_digest_of_task_seed_and_clip():
    assert clip_seed("synthsign/text-to-pose", 7, "test-0001") == int(
        hashlib.sha256(b"synthsign/text-to-pose|7|test-0001").hexdigest()[:16], 16
    )


def test_seeds_differ_between_clips_seeds_and_tasks():
    seeds = {clip_seed(task, seed, clip) for task in ("a", "b") for seed in (0, 1) for clip in ("x", "y")}
    assert len(seeds) == 8
    assert all(0 <= seed < 2**64 for seed in seeds)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": " "}, "needs a name"),
        ({"licence": "a|b"}, "needs a licence"),
        ({"version": 1}, "needs a version"),
        ({"modalities": ()}, "names no modality"),
        ({"modalities": "video"}, "modalities must be a tuple"),
        ({"modalities": ("videos",)}, "Did you mean video"),
        ({"prompt_fields": "text"}, "prompt_fields must be a tuple"),
        ({"prompt_fields": ("gloss|txt",)}, "Did you mean text"),
        ({"sees": "all"}, "'prompts' or 'references'"),
        ({"checkpoint": "abc"}, "64 hexadecimal digits"),
    ],
)
def test_a_card_that_says_nonsense_is_refused(changes, said):
    with pytest.raises(InputError, match=re.escape(said)):
        card(**changes)


@pytest.mark.parametrize(
    ("changes", "modality", "given", "said"),
    [
        ({}, "pose", ["text"], "makes video; the task requires pose"),
        ({"prompt_fields": ("text",)}, "video", ["gloss"], "needs text; the task grants gloss"),
        ({"prompt_fields": ("text|gloss", "signer")}, "video", [], "needs text or gloss and signer; the task grants nothing"),
    ],
)
def test_a_generator_that_does_not_fit_a_task_is_refused_before_work(changes, modality, given, said):
    with pytest.raises(InputError, match=said):
        check_fit(card(**changes), Made(modality, 25), given)


def test_either_of_two_fields_is_enough():
    check_fit(card(prompt_fields=("gloss|text",)), Made("video", 25), ["text"])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"modality": "videos", "fps": 25}, "Did you mean video"),
        ({"modality": "video", "fps": 0}, "above 0"),
        ({"modality": "video", "fps": 25, "size": (0, 8)}, "pixels per side"),
        ({"modality": "pose", "fps": 25, "suffix": ".npy"}, "written as .pose or .npz"),
    ],
)
def test_what_cannot_be_made_is_refused(fields, said):
    with pytest.raises(InputError, match=said):
        Made(**fields)


@pytest.mark.parametrize(
    ("fields", "suffix", "size"),
    [
        ({"modality": "video", "file": ".mp4", "size": "64x48", "fps": 25.0, "joints": None}, ".mkv", (48, 64)),
        ({"modality": "pose", "file": ".pose", "size": "512x512", "fps": None, "joints": "coco-wholebody-133"}, ".pose", None),
        ({"modality": "pose", "file": ".npz", "size": None, "fps": 25.0, "joints": "pt-50"}, ".npz", None),
    ],
)
def test_what_a_task_file_asks_for_is_understood(fields, suffix, size):
    made = Made.of_task(TaskMade(**fields), fps=12.5)
    assert (made.file_suffix, made.size, made.fps) == (suffix, size, fields["fps"] or 12.5)
    assert (made.layout.name if made.layout else None) == fields["joints"]


def test_a_task_without_a_frame_rate_needs_the_corpuss():
    fields = {"modality": "pose", "file": ".pose", "size": None, "fps": None, "joints": "pt-50"}
    with pytest.raises(InputError, match="neither the task nor its corpus"):
        Made.of_task(TaskMade(**fields))
