"""A word as a gloss: as it is written, by its lemma, or as the nearest."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from signbench.errors import InputError
from signbench.generators.rusignbot import words
from signbench.generators.rusignbot.embeddings import EmbeddingIndex
from signbench.generators.rusignbot.words import Found, GlossFinder, lemma_of, plain

RUSSIAN = ["Ёлка", "собака", "спасибо", "До свидания!", "идти", "бежать", "тёплый"]
ENGLISH = ["DOG", "SLEEP", "GOOD MORNING", "RUN", "MOTHER"]


VECTORS = {"собака": (1, 0), "dog": (0.9, 0.1), "puppy": (1, 0.2), "мать": (0, 1), "mother": (0, 1), "mum": (0.1, 2)}


class Meaning:
    """A sentence-transformer whose vectors are written down; it counts what it embeds."""

    def __init__(self):
        self.embedded = []

    def encode(self, sentences, *, show_progress_bar):
        self.embedded.append(sentences)
        return np.array(VECTORS[sentences], np.float32)

    def state_dict(self):
        return {"layer.weight": torch.ones(2)}


def finder(glosses, **options):
    return GlossFinder([(gloss, gloss) for gloss in glosses], **options)


@pytest.mark.parametrize(
    ("text", "gloss", "way", "lemma"),
    [
        ("спасибо", "спасибо", "gloss", "спасибо"),
        ("СПАСИБО!", "спасибо", "gloss", "спасибо"),
        ("елка", "Ёлка", "gloss", "елка"),
        ("ёлка", "Ёлка", "gloss", "елка"),
        ("до свидания", "До свидания!", "gloss", "до свидания"),
        ("собаками", "собака", "lemma", "собака"),
        ("ёлки", "Ёлка", "lemma", "елка"),
        ("шёл", "идти", "lemma", "идти"),
        ("бежали", "бежать", "lemma", "бежать"),
        ("тёплого", "тёплый", "lemma", "теплый"),
    ],
)
def test_a_russian_word_is_matched_in_any_form(text, gloss, way, lemma):
    pytest.importorskip("pymorphy3")
    assert finder(RUSSIAN).find(text) == Found(gloss, way, 1.0, lemma)


@pytest.mark.parametrize(
    ("text", "gloss", "way"),
    [
        ("dog", "DOG", "gloss"),
        ("Dogs", "DOG", "lemma"),
        ("slept", "SLEEP", "lemma"),
        ("good morning", "GOOD MORNING", "gloss"),
        ("ran", "RUN", "lemma"),
        ("mother's", "MOTHER", "lemma"),
        ("motherly", "MOTHER", "characters"),
    ],
)
def test_an_english_word_is_matched_in_any_form(text, gloss, way):
    pytest.importorskip("simplemma")
    found = finder(ENGLISH).find(text)
    assert (found.gloss, found.way) == (gloss, way)
    assert (found.score == 1.0) == (way != "characters")


def test_a_gloss_that_is_not_a_lemma_is_found_by_its_lemma():
    pytest.importorskip("pymorphy3")
    found = finder(["деньги", "дети"]).find("ребёнок")
    assert (found.gloss, found.way) == ("дети", "lemma")


def test_without_a_model_the_nearest_spelling_is_used_with_its_cosine():
    pytest.importorskip("simplemma")
    found = finder(ENGLISH).find("motherly")
    assert (found.gloss, found.way) == ("MOTHER", "characters")
    assert 0.4 < found.score < 1


def test_with_a_model_the_nearest_meaning_is_used_also_in_another_language(tmp_path):
    pytest.importorskip("simplemma")
    model = Meaning()
    found = finder(["мать", "собака"], model=model, folder=tmp_path).find("puppy")
    assert (found.gloss, found.way, found.lemma) == ("собака", "embedding", "puppy")
    assert found.score == pytest.approx(1 / np.hypot(1, 0.2), abs=1e-6)


def test_an_index_is_built_once_and_kept(tmp_path):
    model = Meaning()
    first = EmbeddingIndex(["dog", "mother"], model, tmp_path)
    assert model.embedded == ["dog", "mother"]
    second = EmbeddingIndex(["dog", "mother"], model, tmp_path)
    assert model.embedded == ["dog", "mother"]
    assert first.path == second.path and first.path.is_file()
    assert second.nearest("mum") == (1, pytest.approx(2 / np.hypot(0.1, 2), abs=1e-6))
    assert EmbeddingIndex(["mother", "dog"], model, tmp_path).path != first.path


def test_another_model_has_another_index(tmp_path):
    other = Meaning()
    other.state_dict = lambda: {"layer.weight": torch.zeros(2)}
    assert EmbeddingIndex(["dog"], Meaning(), tmp_path).path != EmbeddingIndex(["dog"], other, tmp_path).path


def test_faiss_and_numpy_find_the_same(tmp_path, monkeypatch):
    pytest.importorskip("faiss", reason="faiss-cpu is not installed; pip install signbench[rusignbot] brings it")
    texts = ["dog", "mother", "мать"]
    fast = EmbeddingIndex(texts, Meaning(), tmp_path)
    monkeypatch.setattr("signbench.generators.rusignbot.embeddings.find_spec", lambda name: None)
    exact = EmbeddingIndex(texts, Meaning(), tmp_path)
    assert (fast.search, exact.search) == ("faiss", "exact")
    for query in ("puppy", "mum"):
        assert fast.nearest(query) == pytest.approx(exact.nearest(query), abs=1e-6)


def test_a_damaged_index_is_named(tmp_path):
    index = EmbeddingIndex(["dog"], Meaning(), tmp_path)
    index.path.write_bytes(b"damaged")
    with pytest.raises(InputError, match="SIGNBENCH_GLOSSES"):
        EmbeddingIndex(["dog"], Meaning(), tmp_path)


@pytest.mark.parametrize("text", ["", "  ", "?!"])
def test_a_text_without_a_word_is_refused(text):
    with pytest.raises(InputError, match="has no word"):
        finder(ENGLISH).find(text)


def test_a_corpus_without_glosses_is_refused():
    with pytest.raises(InputError, match="no glosses to search among"):
        finder(["", "!"])


@pytest.mark.parametrize(("package", "text"), [("pymorphy3", "собаки"), ("simplemma", "dogs")])
def test_a_missing_lemmatiser_is_named_and_only_if_it_is_needed(package, text, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    words._russian.cache_clear()
    words._english.cache_clear()
    try:
        assert finder(["собака", "DOG"]).find("dog").way == "gloss"
        with pytest.raises(InputError, match=rf"{package}.*signbench\[rusignbot\]"):
            lemma_of(text)
    finally:
        words._russian.cache_clear()
        words._english.cache_clear()


def test_plain_texts_have_no_capitals_and_no_dots():
    assert plain("  Ещё — «ЁЖ»!") == "еще еж"
