"""SynthSign's language: signs from parameters, words for signs, sentences with their own word order."""

from __future__ import annotations

import hashlib
import time
from collections import Counter

import numpy as np
import pytest

from signbench.corpora.synthsign import SynthSign
from signbench.corpora.synthsign.lexicon import PARAMETERS, SIGNS, minimal_pairs
from signbench.corpora.synthsign.phonology import BROWS, LOCATIONS, MOUTHS, MOVEMENTS, ORIENTATIONS, SHAPES
from signbench.corpora.synthsign.randomness import Choices
from signbench.corpora.synthsign.sentences import draw
from signbench.corpora.synthsign.signers import SIGNERS
from signbench.corpora.synthsign.vocabulary import PRONOUNS, TIMES, entries, glosses_of_words
from signbench.media.body_model import LEFT_ELBOW, RIGHT_ELBOW

CORPUS = SynthSign()
FUNCTION_WORDS = "a an the to for from in at by on it is are am was were be will do does did there not shining shine"
SENTENCES = [CORPUS.sentence(clip) for split in ("train", "dev", "test") for clip in CORPUS.ids(split)]


# signs


def test_signs_are_made_of_known_parts_and_all_parts_are_used() -> None:
    parts: dict[str, tuple[dict, list[str]]] = {
        "shape": (SHAPES, [shape for sign in SIGNS.values() for shape in sign.shapes]),
        "location": (LOCATIONS, [sign.location for sign in SIGNS.values()]),
        "movement": (MOVEMENTS, [sign.movement for sign in SIGNS.values()]),
        "orientation": (ORIENTATIONS, [sign.orientation for sign in SIGNS.values()]),
        "mouth": (MOUTHS, [mouth for sign in SIGNS.values() for mouth in sign.mouths]),
        "brow": (BROWS, [sign.brow for sign in SIGNS.values()]),
    }
    for part, (known, used) in parts.items():
        # between signs the hands are relaxed and rest
        assert set(known) - set(used) <= {"relaxed", "rest"}, part
        assert set(used) <= set(known), part
    assert {sign.hands for sign in SIGNS.values()} == {"one", "mirrored", "alternating", "based"}


def test_the_lexicon_is_as_large_as_promised_and_no_two_signs_are_alike() -> None:
    assert len(SIGNS) >= 100
    assert len({shape for sign in SIGNS.values() for shape in sign.shapes}) >= 12
    described = [tuple(getattr(sign, name) for name in PARAMETERS) for sign in SIGNS.values()]
    assert len(set(described)) == len(described)


def test_a_minimal_pair_differs_in_exactly_one_parameter() -> None:
    pairs = minimal_pairs()
    assert len(pairs) >= 15
    for one, other, named in pairs:
        apart = [name for name in PARAMETERS if getattr(SIGNS[one], name) != getattr(SIGNS[other], name)]
        assert apart == [named], (one, other)


def test_there_is_a_minimal_pair_for_every_parameter() -> None:
    assert {named for _, _, named in minimal_pairs()} == set(PARAMETERS)


# words


def test_every_sign_has_an_entry_and_no_word_stands_for_two_signs() -> None:
    assert list(entries()) == list(SIGNS)
    words = [word.lower() for entry in entries().values() for word in entry.words]
    assert [word for word, count in Counter(words).items() if count > 1] == []


def test_entries_have_synonyms_and_inflected_forms() -> None:
    like = entries()["LIKE"]
    assert (like.lemma, like.synonyms, like.forms) == ("like", ("love",), ("likes", "liked", "loves", "loved"))
    assert entries()["CHILD"].forms == ("children",)
    assert sum(bool(entry.synonyms) for entry in entries().values()) >= 12
    assert glosses_of_words()["gave"] == "GIVE"


def test_the_content_words_of_every_sentence_are_in_the_dictionary() -> None:
    known = {part for word in glosses_of_words() for part in word.split()}
    functional = set(FUNCTION_WORDS.split())
    spoken = {word.strip(".?").lower() for sentence in SENTENCES for word in sentence.text.split()}
    assert spoken - known - functional == set()
    assert 180 <= len(spoken) <= 280


# sentences


@pytest.mark.parametrize(
    ("split", "count"), [("train", 2000), ("dev", 200), ("test", 200), ("word-train", 1984), ("word-test", 496)]
)
def test_a_split_has_numbered_clips(split: str, count: int) -> None:
    assert CORPUS.ids(split) == [f"{split}-{number:04d}" for number in range(1, count + 1)]


def test_no_sentence_is_in_two_clips() -> None:
    assert len({sentence.text for sentence in SENTENCES}) == len(SENTENCES)


def test_every_split_has_every_signer() -> None:
    for split in CORPUS.splits:
        assert {CORPUS.sentence(clip).signer for clip in CORPUS.ids(split)} == set(SIGNERS)


def test_train_has_every_sign() -> None:
    assert {gloss for clip in CORPUS.ids("train") for gloss in CORPUS.sentence(clip).gloss} == set(SIGNS)


@pytest.mark.parametrize(
    ("text", "gloss"),
    [
        ("Does the doctor cook the cheese at night?", "NIGHT CHEESE DOCTOR COOK"),
        ("We will want to sell soup soon.", "SOON SOUP WE SELL WANT"),
    ],
)
def test_signs_come_as_time_topic_comment(text: str, gloss: str) -> None:
    assert [" ".join(sentence.gloss) for sentence in SENTENCES if sentence.text == text] == [gloss]


def test_time_comes_first_and_not_and_question_words_last() -> None:
    for sentence in SENTENCES:
        times = [index for index, gloss in enumerate(sentence.gloss) if gloss in TIMES]
        assert times in ([], [0])
        assert (sentence.time == 1) == bool(times)
        assert (sentence.gloss[-1] == "NOT") == (sentence.kind == "negation") == ("NOT" in sentence.gloss)
        asked = [gloss for gloss in sentence.gloss if gloss in {"WHAT", "WHO", "WHERE", "WHY"}]
        assert asked == ([sentence.gloss[-1]] if sentence.kind == "question word" else [])
        assert sentence.text.endswith("?") == (sentence.kind in ("yes-no", "question word"))
        assert sentence.time + sentence.topic < len(sentence.gloss)


def test_an_object_is_the_topic_and_comes_before_the_subject() -> None:
    found = [sentence for sentence in SENTENCES if sentence.text == "I do not write a new letter."] or [
        sentence for sentence in SENTENCES if "LETTER" in sentence.gloss and set(sentence.gloss) & set(PRONOUNS)
    ]
    assert found
    for sentence in found:
        subject = next(index for index, gloss in enumerate(sentence.gloss) if gloss in PRONOUNS)
        assert sentence.gloss.index("LETTER") < subject


def test_adjectives_and_numbers_follow_their_noun() -> None:
    found = [sentence for sentence in SENTENCES if "red apple" in sentence.text.lower() or "two apples" in sentence.text]
    assert found
    for sentence in found:
        after = sentence.gloss[sentence.gloss.index("APPLE") + 1]
        assert after in ("RED", "TWO")


@pytest.mark.parametrize("kind", ["statement", "negation", "yes-no", "question word"])
def test_every_kind_of_sentence_is_common(kind: str) -> None:
    assert sum(sentence.kind == kind for sentence in SENTENCES) > 150


def test_the_grammar_draws_only_known_signs() -> None:
    choices = Choices("test")
    for _ in range(500):
        assert set(draw(choices).gloss) <= set(SIGNS)


# isolated words


def test_every_sign_has_twenty_instances_in_eight_to_two() -> None:
    train, test = (Counter(CORPUS.sentence(clip).gloss[0] for clip in CORPUS.ids(split)) for split in ("word-train", "word-test"))
    assert set(train) == set(test) == set(SIGNS)
    assert set(train.values()) == {16}
    assert set(test.values()) == {4}


def test_a_word_has_its_lemma_and_one_gloss() -> None:
    for clip in CORPUS.ids("word-test")[:130]:
        sentence = CORPUS.sentence(clip)
        assert (sentence.text, sentence.kind) == (entries()[sentence.gloss[0]].lemma, "word")


def test_the_30_sign_subset_has_the_clips_of_30_signs() -> None:
    assert len(CORPUS.thirty_signs) == 30
    for split, count in (("word30-train", 480), ("word30-test", 120)):
        ids = CORPUS.ids(split)
        assert len(ids) == count
        assert set(ids) <= set(CORPUS.ids(split.replace("30", "")))
        assert {CORPUS.sentence(clip).gloss[0] for clip in ids} == CORPUS.thirty_signs


def test_the_sample_has_100_signs_with_one_clip_each_drawn_by_the_seed() -> None:
    ids = CORPUS.ids("word-sample")
    assert ids == sorted(ids)
    assert set(ids) <= set(CORPUS.ids("word-test"))
    assert len(ids) == len({CORPUS.sentence(clip).gloss[0] for clip in ids}) == 100
    assert len({CORPUS.sentence(clip).signer for clip in ids}) > 5
    assert ids == SynthSign().ids("word-sample") != SynthSign(1).ids("word-sample")


@pytest.mark.parametrize(
    ("split", "source", "count"), [("word30-uncut-train", "word30-train", 480), ("word30-uncut-test", "word30-test", 120)]
)
def test_uncut_words_are_the_same_words_with_other_signs_after_them_or_stillness_before(split, source, count) -> None:
    ids = CORPUS.ids(split)
    assert len(ids) == count
    uncut, cut = ([CORPUS.sentence(clip) for clip in of] for of in (ids, CORPUS.ids(source)))
    assert [(one.text, one.gloss[0], one.signer) for one in uncut] == [(one.text, one.gloss[0], one.signer) for one in cut]
    trailing = [one for one in uncut if len(one.gloss) > 1]
    still = [one for one in uncut if one.still]
    assert 0.3 < len(trailing) / count < 0.5
    assert 0.2 < len(still) / count < 0.4
    assert not [one for one in trailing if one.still or one.gloss[0] in one.gloss[1:] or len(one.gloss) > 3]
    assert all(0.8 <= one.still <= 2.0 for one in still)


def test_a_still_clip_does_not_move_before_its_sign() -> None:
    clip = next(clip for clip in CORPUS.ids("word30-uncut-train") if CORPUS.sentence(clip).still >= 1.5)
    motion = CORPUS.motion(clip)
    assert motion.frames == CORPUS.length(clip)
    moved = np.abs(np.diff(motion.rotations[:, [LEFT_ELBOW, RIGHT_ELBOW]], axis=0)).max(axis=(1, 2))
    before = round(CORPUS.sentence(clip).still * 25)
    assert moved[:before].max() < moved[before:].max() / 10


# the same everywhere


def test_the_sentences_of_a_seed_do_not_change_within_a_version() -> None:
    # a change here changes every published number and needs a new version. The plan is that of 1.0.
    assert CORPUS.version == "1.1"
    lines = [
        f"{clip}|{made.text}|{' '.join(made.gloss)}|{made.signer}|{made.kind}|{made.time}|{made.topic}"
        for split in ("train", "dev", "test", "word-train", "word-test")
        for clip in CORPUS.ids(split)
        for made in [CORPUS.sentence(clip)]
    ]
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12] == "4a0a0b818c90"


def test_another_seed_is_another_corpus() -> None:
    other = SynthSign(seed=1)
    assert [other.sentence(clip).text for clip in CORPUS.ids("dev")] != [CORPUS.sentence(clip).text for clip in CORPUS.ids("dev")]


def test_the_plan_of_all_clips_is_computed_at_once_and_only_on_demand() -> None:
    begun = time.process_time()
    corpus = SynthSign(seed=7)
    assert "_planned" not in vars(corpus)
    corpus.ids("train")
    assert time.process_time() - begun < 2
