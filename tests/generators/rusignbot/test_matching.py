"""The train clip that shows a gloss, and pictures of avatars."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from signbench.errors import InputError
from signbench.generators.mimicmotion.pose_pictures import BODY, PosePoints
from signbench.generators.rusignbot.avatars import MOST_SIDE, decoded_avatar, read_avatar, shaped
from signbench.generators.rusignbot.matching import ClipMatcher, checked_rule, hands_seen
from tests.generators.corpora import VIDEO, train_view


def points(left, right, frames=3):
    """Points whose hands have these confidences in every frame."""
    confidence = np.ones((frames, len(BODY) + 68 + 42))
    confidence[:, -42:-21], confidence[:, -21:] = left, right
    return PosePoints(np.zeros((frames, confidence.shape[1], 2)), confidence)


def clips():
    return list(train_view(VIDEO, "word-test").words())


def matcher(rule="first", seen=None):
    seen = seen or {}
    return ClipMatcher(reversed(clips()), rule, lambda clip: points(seen.get(clip.id, 0.1), 0.0))


def test_the_first_clip_of_a_gloss_is_used():
    assert matcher().clip("SLEEP").id == "word-train-0003"


def test_the_clip_with_the_best_hands_is_used():
    assert matcher("hands", {"word-train-0004": 0.9}).clip("SLEEP").id == "word-train-0004"
    assert matcher("hands").clip("SLEEP").id == "word-train-0003"


def test_glosses_and_words_are_entries():
    assert matcher().entries == [
        *((gloss, gloss) for gloss in ("DOG", "SLEEP", "MOTHER", "DRINK")),
        *(("dog", "DOG"), ("dog", "DOG"), ("to sleep", "SLEEP"), ("sleep", "SLEEP"), ("mother", "MOTHER"), ("drink", "DRINK")),
    ]


def test_a_clip_without_glosses_is_known_by_its_word():
    (bare,) = (replace(clip, gloss=(), word="спасибо") for clip in clips()[:1])
    assert ClipMatcher([bare], "first", lambda clip: points(1, 1)).entries == [("спасибо", "спасибо"), ("спасибо", "спасибо")]


def test_a_clip_in_which_nobody_signs_is_no_gloss():
    first, second = clips()[:2]
    idle = replace(first, gloss=(), word="no_event", text="no_event")
    assert ClipMatcher([idle, second], "first", lambda clip: points(1, 1)).entries == [("DOG", "DOG"), ("dog", "DOG")]


@pytest.mark.parametrize(("left", "right", "expected"), [(0.5, 0.9, 0.9), (0.8, 0.0, 0.8), (0.0, 0.0, 0.0)])
def test_the_better_hand_of_each_frame_counts(left, right, expected):
    assert hands_seen(points(left, right)) == pytest.approx(expected)


def test_a_rule_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="clips=best is neither first nor hands"):
        checked_rule("best")


def written(picture, form="PNG", **options):
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def test_a_picture_is_turned_as_its_camera_says_and_has_even_sides():
    picture = Image.new("RGB", (101, 75), "red")
    exif = picture.getexif()
    exif[274] = 6  # turned by a quarter
    found = decoded_avatar(written(picture, "JPEG", exif=exif), "picture")
    assert found.shape == (100, 74, 3)


def test_transparent_parts_are_white():
    found = decoded_avatar(written(Image.new("RGBA", (64, 64), (255, 0, 0, 0))), "picture")
    assert (found == 255).all()


def test_a_large_picture_is_reduced():
    found = decoded_avatar(written(Image.new("RGB", (4000, 2000))), "picture")
    assert found.shape == (MOST_SIDE // 2, MOST_SIDE, 3)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no picture", "is not a picture"),
        (b"", "is not a picture"),
        (written(Image.new("RGB", (63, 200))), "at least 64"),
        (written(Image.new("RGB", (64, 64)), "GIF"), "use JPEG, PNG or WebP"),
        (written(Image.new("RGB", (64, 64)))[:60], "is not a picture"),
    ],
)
def test_what_is_no_picture_of_a_person_is_refused(content, words):
    with pytest.raises(InputError, match=words):
        decoded_avatar(content, "avatar")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nobody\.png cannot be read"):
        read_avatar(tmp_path / "nobody.png")


@pytest.mark.parametrize(
    ("size", "expected"), [(None, (80, 120)), ((50, 50), (80, 80)), ((10, 30), (40, 120)), ((90, 60), (80, 53))]
)
def test_the_middle_of_an_avatar_has_the_shape_of_the_task(size, expected):
    picture = np.arange(80 * 120 * 3, dtype=np.uint32).reshape(80, 120, 3).astype(np.uint8)
    found = shaped(picture, size)
    assert found.shape[:2] == expected
    top, left = (80 - expected[0]) // 2, (120 - expected[1]) // 2
    assert np.array_equal(found, picture[top : top + expected[0], left : left + expected[1]])
