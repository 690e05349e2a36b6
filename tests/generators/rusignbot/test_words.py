"""A word as a gloss: as it is written, by its lemma, or as the nearest."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
import torch

from signbench.errors import InputError
from signbench.generators.rusignbot import words
from signbench.generators.rusignbot.embeddings import EmbeddingIndex
from signbench.generators.rusignbot.words import Found, GlossFinder, plain, readings_of

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
        ("бегу", "бежать", "lemma", "бежать"),
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


@pytest.mark.parametrize("text", ["дорогу", "дорогами"])
def test_a_gloss_that_is_a_lemma_does_not_stand_for_another_word_that_it_is_a_form_of(text):
    pytest.importorskip("pymorphy3")
    # "dear", and a form of "road"
    assert finder(["дорогой"]).find("дорогая") == Found("дорогой", "lemma", 1.0, "дорогой")
    assert finder(["дорогой"]).find(text).way == "characters"


def test_of_several_readings_the_likeliest_that_is_a_gloss_is_used():
    pytest.importorskip("pymorphy3")
    assert words.readings_of("бегу") == ["бег", "бежать"]
    assert finder(["бежать", "бег"]).find("бегу").gloss == "бег"
    assert finder(["до стали", "собака"]).find("до стали").way == "gloss"
    assert finder(["мама мыть", "собака"]).find("мамы мыла") == Found("мама мыть", "lemma", 1.0, "мама мыть")


def test_a_long_phrase_of_many_readings_is_searched_quickly():
    pytest.importorskip("pymorphy3")
    found = words.readings_of("мыла " * 12)
    assert len(found) == words._MOST_READINGS and found[0] == " ".join(["мыло"] * 12)


def test_a_word_that_shares_nothing_with_any_gloss_is_refused():
    pytest.importorskip("simplemma")
    with pytest.raises(InputError, match=r"'xyz' is no gloss.*embedding=NAME"):
        finder(ENGLISH).find("xyz")


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
        assert fast.nearest(query) == exact.nearest(query)


class Crowd(Meaning):
    """Texts whose meanings are nearly the same: the later, the nearer, by less than FAISS's digits."""

    def encode(self, sentences, *, show_progress_bar):
        number = int(sentences)
        return np.array([1, 4e-4 * (1 - number / 40)])


def test_of_nearly_equal_texts_both_find_the_first(tmp_path, monkeypatch):
    pytest.importorskip("faiss", reason="faiss-cpu is not installed; pip install signbench[rusignbot] brings it")
    texts = [str(number) for number in range(40)]
    fast = EmbeddingIndex(texts, Crowd(), tmp_path)
    monkeypatch.setattr("signbench.generators.rusignbot.embeddings.find_spec", lambda name: None)
    exact = EmbeddingIndex(texts, Crowd(), tmp_path)
    assert (fast.search, exact.search) == ("faiss", "exact")
    assert fast.nearest("39") == exact.nearest("39") == (0, 1.0)


def stored(values):
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=True)
    return stream.getvalue()


def zipped():
    stream = io.BytesIO()
    np.savez(stream, vectors=np.ones((2, 2), np.float32))
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        *(b"damaged", b"", b"PK", b"PK\x03\x04", b"\x93NUMPY"),
        stored(np.ones((2, 2), np.float32))[:-1],
        stored(np.array([{}, {}])),
        b"\x93NUMPY\x01\x00\x10\x00{'descr': ((((\n  ",
        stored(np.ones((1, 2), np.float32)),
        stored(np.ones(2, np.float32)),
        stored(np.ones((2, 2))),
        stored(np.full((2, 2), np.nan, np.float32)),
        zipped(),
    ],
)
def test_a_damaged_index_is_named(tmp_path, content):
    index = EmbeddingIndex(["dog", "mother"], Meaning(), tmp_path)
    index.path.write_bytes(content)
    with pytest.raises(InputError, match=r"\.npy is damaged: .*SIGNBENCH_GLOSSES"):
        EmbeddingIndex(["dog", "mother"], Meaning(), tmp_path)


def test_an_index_of_vectors_of_another_length_is_named(tmp_path):
    index = EmbeddingIndex(["dog", "mother"], Meaning(), tmp_path)
    index.path.write_bytes(stored(np.ones((2, 3), np.float32)))
    with pytest.raises(InputError, match="is damaged: its vectors have 3 numbers, the model's 2"):
        EmbeddingIndex(["dog", "mother"], Meaning(), tmp_path).nearest("mum")


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
            readings_of(text)
    finally:
        words._russian.cache_clear()
        words._english.cache_clear()


def test_plain_texts_have_no_capitals_and_no_dots():
    assert plain("  Ещё — «ЁЖ»!") == "еще еж"
