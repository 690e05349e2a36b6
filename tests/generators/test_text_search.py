from __future__ import annotations

import hashlib
import math
import sys
import types

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.generators.registry import create
from signbench.generators.text_search import CharacterIndex, lemmas, look_up, normalised
from tests.generators.corpora import POSE, pose_of_clip
from tests.generators.runs import productions


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("  The DOG, sleeps.  ", "the dog sleeps"),
        ("don’t — stop!", "don't stop"),
        ("mother-in-law's 'word'", "mother-in-law's word"),
        ("Cafe\u0301", "café"),
        ("Straße", "strasse"),
        ("собака спит?", "собака спит"),
        ("你好。世界", "你好 世界"),
        ("...", ""),
    ],
)
def test_texts_are_compared_without_case_punctuation_and_spacing(text, plain):
    assert normalised(text) == plain


@pytest.mark.parametrize(
    ("form", "lemma"),
    [
        *(("dogs", "dog"), ("babies", "baby"), ("watches", "watch"), ("dog's", "dog"), ("stopped", "stop"), ("liked", "like")),
        *(("tried", "try"), ("walking", "walk"), ("making", "make"), ("running", "run"), ("bigger", "big"), ("nicest", "nice")),
    ],
)
def test_an_english_form_is_found_under_its_lemma(form, lemma):
    assert lemma in lemmas(form)
    assert look_up(form, {lemma, "other"}) == lemma


def test_a_form_that_the_dictionary_has_itself_is_not_changed():
    assert look_up("glasses", {"glass", "glasses"}) == "glasses"
    assert look_up("ice creams", {"ice cream"}) == "ice cream"
    assert look_up("creamed ice", {"cream ice"}) is None
    assert look_up("is", {"i"}) is None


def plain_similarity(query, texts):
    """The same by the formula, with dictionaries and no matrix."""

    def grams(text):
        return [f" {word} "[i : i + n] for word in text.split() for n in (2, 3, 4) for i in range(len(word) + 3 - n)]

    having = [set(grams(text)) for text in texts]

    def vector(text):
        found = grams(text)
        known = {gram for gram in found if any(gram in each for each in having)}
        weights = {
            gram: found.count(gram) * (1 + math.log((1 + len(texts)) / (1 + sum(gram in each for each in having))))
            for gram in known
        }
        length = math.sqrt(sum(value**2 for value in weights.values())) or 1
        return {gram: value / length for gram, value in weights.items()}

    asked = vector(query)
    return [sum(value * asked.get(gram, 0) for gram, value in vector(text).items()) for text in texts]


TEXTS = ["the dog sleeps today", "my mother drinks coffee", "does the cat drink milk", "dog"]


@pytest.mark.parametrize("query", ["the dog is sleeping", "drinks", "dog", "milky coffee dog dog", "zzz"])
def test_similarities_are_cosines_of_tf_idf_vectors(query):
    assert CharacterIndex(TEXTS).similarities(query) == pytest.approx(plain_similarity(query, TEXTS), abs=2e-9)


def test_equally_near_texts_go_to_the_first():
    assert CharacterIndex(["cat milk", "milk cat"]).nearest("cat and milk") == 0
    assert CharacterIndex(TEXTS).nearest("xyz") == 0


def source_of(pose, names):
    return next(name for name, frames in names if pose.points.tobytes() == pose_of_clip(name, frames).points.tobytes())


TRAIN = [("train-0001", 9), ("train-0002", 12), ("train-0003", 15)]
WORDS = [("word-train-0001", 8), ("word-train-0003", 10), ("word-train-0004", 9), ("word-train-0005", 8), ("word-train-0006", 8)]


@pytest.mark.parametrize("given", [["text"], ["gloss"], ["text", "gloss"]])
def test_nearest_finds_the_train_clip_that_says_nearly_the_same(given):
    made = productions("nearest", POSE, given)
    assert source_of(made["test-0001"], TRAIN) == "train-0001"
    assert source_of(made["test-0003"], TRAIN) in ("train-0001", "train-0002")


@pytest.mark.parametrize("given", [["word"], ["text"], ["gloss"]])
def test_nearest_finds_words_by_dictionary_and_lemma_and_takes_the_lowest_id(given):
    made = productions("nearest", POSE, given, split="word-test")
    assert source_of(made["word-test-0001"], WORDS) == "word-train-0001"
    assert source_of(made["word-test-0002"], WORDS) == "word-train-0005"


class FakeTransformer:
    """Embeds a text by its letters; raises an error if the requested model is missing."""

    def __init__(self, name, device, local_files_only):
        assert device == "cpu" and local_files_only
        if name == "absent":
            raise OSError("no such model\nin the cache")

    def encode(self, text, show_progress_bar):
        return np.array([text.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"], np.float32)

    def state_dict(self):
        import torch

        return {"b": torch.zeros(2), "a": torch.ones(1, dtype=torch.bfloat16)}


def test_a_sentence_transformer_may_embed_the_texts(monkeypatch):
    package = types.ModuleType("sentence_transformers")
    package.SentenceTransformer = FakeTransformer
    monkeypatch.setitem(sys.modules, "sentence_transformers", package)
    made = productions("nearest:embedding=present", POSE, ["text"])
    assert source_of(made["test-0001"], TRAIN) == "train-0001"
    card = create("nearest:embedding=present").card
    assert card.name == "nearest:embedding=present"
    content = b"a\0torch.bfloat16\0(1,)\n\x80\x3f" + b"b\0torch.float32\0(2,)\n" + bytes(8)
    assert card.checkpoint == hashlib.sha256(content).hexdigest()
    with pytest.raises(InputError, match=r"absent is not on this machine \(no such model\); pass its folder"):
        create("nearest:embedding=absent")


def test_a_sentence_transformer_without_its_package_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(InputError, match="needs the package sentence-transformers, which is not installed"):
        create("nearest:embedding=all-MiniLM-L6-v2")
