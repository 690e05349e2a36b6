"""The train clip that shows a gloss."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.generators.mimicmotion.pose_pictures import BODY, PosePoints
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
