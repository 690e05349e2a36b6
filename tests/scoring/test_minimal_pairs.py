"""Decisions within minimal pairs, from labels, glosses and texts."""

from __future__ import annotations

import pytest

from signbench.corpora.registry import corpus
from signbench.corpora.synthsign.lexicon import minimal_pairs
from signbench.scoring.minimal_pairs import minimal_pairs_of

CORPUS = corpus("synthsign")
CLIPS = {clip: CORPUS.clip(clip) for clip in CORPUS.ids("test")}


def with_one_of(one, other):
    """The clips with one sign and without the other, and those with only the other."""
    return [name for name, clip in CLIPS.items() if one in clip.gloss and other not in clip.gloss]


def counts(clips, kind, said):
    found = minimal_pairs_of(CORPUS, clips, [kind], said)
    return {row.parameter: (row.decisions, row.right) for row in found}


@pytest.mark.parametrize("kind", ["gloss", "text"])
def test_correct_answers_are_right_on_every_pair(kind):
    said = {name: {"gloss": clip.gloss, "text": clip.text} for name, clip in CLIPS.items()}
    found = counts(CLIPS, kind, said)
    assert set(found) == {"shape", "location", "movement", "orientation", "hands", "mouth", "brow"}
    assert all(decisions == right > 0 for decisions, right in found.values())


@pytest.mark.parametrize("kind", ["gloss", "text"])
def test_nothing_said_does_not_decide_for_the_other_sign(kind):
    found = counts(CLIPS, kind, {name: {} for name in CLIPS})
    assert all(decisions == right for decisions, right in found.values())


def test_a_text_with_the_word_of_the_other_sign_is_wrong():
    names = with_one_of("MOTHER", "FATHER")[:3]
    clips = {name: CLIPS[name] for name in names}
    assert names
    swapped = {name: {"text": clips[name].text.lower().replace("mother", "father").replace("mum", "dad")} for name in names}
    decisions, right = counts(clips, "text", swapped)["location"]
    fewer = counts(clips, "text", {name: {"text": clips[name].text} for name in names})["location"]
    assert fewer == (decisions, decisions)
    assert right == decisions - len(names)


def test_a_gloss_recognised_as_the_other_sign_is_wrong():
    one, other, parameter = next(pair for pair in minimal_pairs() if with_one_of(*pair[:2]))
    name = with_one_of(one, other)[0]
    clip = CLIPS[name]
    wrong = {name: {"gloss": tuple(other if gloss == one else gloss for gloss in clip.gloss)}}
    decisions, right = counts({name: clip}, "gloss", wrong)[parameter]
    assert right < decisions


def test_other_corpora_and_other_answers_have_no_pairs():
    assert minimal_pairs_of(CORPUS, CLIPS, ["pose"], {}) == ()
