from __future__ import annotations

import re

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.generators.base import Prompt
from signbench.generators.registry import create
from signbench.generators.stitching import Dictionary, active_span, blended_images, blended_poses, glosses_of
from signbench.media.pose import Pose
from tests.generators.corpora import FPS, LAYOUT, POSE, VIDEO, pose_of_clip, train_view
from tests.generators.runs import productions


@pytest.fixture(scope="module")
def dictionary():
    return Dictionary(train_view(POSE))


def test_isolated_signs_come_before_segments_of_sentences(dictionary):
    assert [form.clip for form in dictionary.forms["DOG"]] == ["word-train-0001", "word-train-0002"]
    assert [form.clip for form in dictionary.forms["COFFEE"]] == ["train-0002"]
    (coffee,) = dictionary.forms["COFFEE"]
    assert (coffee.part, coffee.isolated) == ((1 / 3, 2 / 3), False)


def test_words_are_learnt_from_isolated_signs(dictionary):
    assert dictionary.words == {"dog": "DOG", "to sleep": "SLEEP", "sleep": "SLEEP", "mother": "MOTHER", "drink": "DRINK"}


@pytest.mark.parametrize(
    ("prompt", "glosses"),
    [
        ({"text": "The dogs are sleeping."}, ["DOG", "SLEEP"]),
        ({"text": "Mother wants to sleep!"}, ["MOTHER", "SLEEP"]),
        ({"text": "The dogs are sleeping.", "gloss": ("SLEEP", "NOBODY-KNOWS", "DOG")}, ["SLEEP", "DOG"]),
        ({"word": "drinks"}, ["DRINK"]),
        ({"text": "Nothing here."}, []),
    ],
)
def test_the_glosses_of_a_prompt(dictionary, prompt, glosses):
    assert dictionary.glosses(Prompt(clip="c", made=POSE, **prompt)) == glosses


def test_longer_entries_win():
    words = {"ice": "ICE", "cream": "CREAM", "ice cream": "ICE-CREAM", "new york city": "NYC"}
    assert glosses_of("ice cream and ice in new york city", words) == ["ICE-CREAM", "ICE", "NYC"]


@pytest.mark.parametrize(
    ("glosses", "signer", "clips"),
    [
        (["DOG", "SLEEP"], "ben", ["word-train-0002", "word-train-0003"]),
        (["DOG", "SLEEP"], "ada", ["word-train-0001", "word-train-0003"]),
        (["DOG", "SLEEP"], None, ["word-train-0001", "word-train-0003"]),
        (["DOG", "MOTHER", "DRINK"], None, ["word-train-0002", "word-train-0005", "word-train-0006"]),
        (["DOG"], "nobody", ["word-train-0001"]),
    ],
)
def test_forms_are_of_one_signer_as_far_as_that_goes(dictionary, glosses, signer, clips):
    assert [form.clip for form in dictionary.choose(glosses, signer)] == clips


def test_rest_at_the_ends_is_cut_off():
    distance = np.array([0, 0, 0, 0.1, 0.5, 1, 1, 0.6, 0.2, 0, 0, 0], float)
    assert active_span(distance, distance) == (3, 9)
    assert active_span(np.zeros(5), np.zeros(5)) == (0, 5)
    assert active_span(np.zeros(1), np.zeros(1)) == (0, 1)


def still(value, frames, height=4):
    return np.full((frames, height, 4, 3), value, np.uint8)


def test_images_dissolve_into_one_another():
    joined = blended_images([still(0, 6), still(100, 8), still(0, 2)], 3)
    assert joined[:, 0, 0, 0].tolist() == [0, 0, 0, 25, 50, 75, 100, 100, 100, 100, 50, 0]


def test_pieces_without_overlap_stand_one_after_the_other():
    assert blended_images([still(0, 2), still(9, 1)], 0)[:, 0, 0, 0].tolist() == [0, 0, 9]
    assert blended_images([still(0, 1), still(9, 1)], 5)[:, 0, 0, 0].tolist() == [0, 9]


def test_images_of_two_sizes_cannot_be_joined():
    with pytest.raises(InputError, match="differ in size"):
        blended_images([still(0, 2), still(0, 2, height=5)], 1)


def constant(value, frames, unseen=()):
    points = np.full((frames, len(LAYOUT.joints), 2), value, np.float32)
    confidence = np.ones(points.shape[:2], np.float32)
    confidence[:, list(unseen)] = 0
    points[:, list(unseen)] = 0
    return Pose(points, confidence, LAYOUT, FPS)


def test_key_points_move_from_one_piece_into_the_next_and_unseen_ones_are_taken_from_the_other():
    joined = blended_poses([constant(0, 4, unseen=[1, 2]), constant(90, 6, unseen=[2])], 2)
    assert joined.points[:, 0, 0].tolist() == [0, 0, 30, 60, 90, 90, 90, 90]
    assert joined.points[:, 1, 0].tolist() == [0, 0, 90, 90, 90, 90, 90, 90]
    assert joined.confidence[:, 1].tolist() == [0, 0, 1, 1, 1, 1, 1, 1]
    assert not joined.seen[:, 2].any()


def test_key_points_of_two_layouts_cannot_be_joined():
    with pytest.raises(InputError, match="differ in their joints"):
        blended_poses([constant(0, 4), constant(0, 4).select(LAYOUT.joints[:2])], 1)


def test_a_sentence_is_signed_gloss_by_gloss():
    made = productions("stitched:blend=0", POSE, ["gloss"])["test-0001"]  # TODAY DOG SLEEP, by ada as far as that goes
    today = pose_of_clip("train-0001", 9).points[:3]
    assert np.array_equal(made.points[:3], today)
    dog = pose_of_clip("word-train-0001", 8).points
    start = next(index for index in range(8) if np.array_equal(made.points[3], dog[index]))
    assert start < 4
    sleep = pose_of_clip("word-train-0003", 10).points
    assert any(np.array_equal(made.points[-1], frame) for frame in sleep[5:])


def test_video_is_joined_as_key_points_are():
    frames = productions("stitched", VIDEO, ["text", "signer"])["test-0001"]
    assert {frame.shape for frame in frames} == {(24, 32, 3)}
    assert 8 < len(frames) < 18


def test_blending_shortens_what_is_joined():
    lengths = [productions(f"stitched:blend={blend}", POSE, ["gloss"])["test-0001"].frames for blend in ("0", "0.04", "0.2")]
    assert lengths[0] > lengths[1] > lengths[2]


def test_a_text_of_which_nothing_is_known_gets_the_nearest_clip():
    made, nearest = (productions(name, POSE, ["text"])["test-0004"] for name in ("stitched", "nearest"))
    assert np.array_equal(made.points, nearest.points)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stitched:blend=x", "blend must be a number of seconds, not 'x'"),
        ("stitched:blend=-1", "blend must be 0 to 2 seconds, not -1"),
        ("stitched:blend=nan", "blend must be 0 to 2 seconds, not nan"),
    ],
)
def test_a_blend_that_makes_no_sense_is_refused(text, said):
    with pytest.raises(InputError, match=re.escape(said)):
        create(text)


def test_the_card_names_a_blend_that_is_custom():
    assert create("stitched:blend=0.2").card.name == "stitched"
    assert create("stitched:blend=0.40").card.name == "stitched:blend=0.4"
