"""GFSLT's vocabularies: their layout, and pieces compared with transformers' tokenizer."""

from __future__ import annotations

import struct

import pytest
from transformers import MBartTokenizer
from transformers.utils import sentencepiece_model_pb2_new as written_form

from signbench.errors import InputError
from signbench.judges.gfslt.tokenizer import LANGUAGES, PieceTokenizer, SentencePieces, WordTokenizer, read_sentencepiece

SPACE = "\N{LOWER ONE EIGHTH BLOCK}"
PIECES = [
    (SPACE, -2.5),
    *((letter, -4.0 - index / 16) for index, letter in enumerate("abcdegimnorstuw.")),
    *((SPACE + word, -3.0 - index / 8) for index, word in enumerate(("regen", "und", "wind", "re", "mor"))),
    ("gen", -3.25),
    ("stu", -5.5),
]
"""Pieces with scores that float32 represents exactly."""


def model(pieces=PIECES, *, characters=b"", first=("<unk>", "<s>", "</s>"), kinds=(2, 3, 3), model_type=1):
    """The bytes of a SentencePiece model, as the format's own library writes them."""
    message = written_form.ModelProto()
    for (piece, score), kind in zip([*((one, 0.0) for one in first), *pieces], [*kinds, *[None] * len(pieces)], strict=True):
        added = message.pieces.add(piece=piece, score=score)
        if kind is not None:
            added.type = kind
    message.trainer_spec.model_type = model_type
    message.trainer_spec.input.append("corpus.txt")
    message.normalizer_spec.name = "identity"
    message.normalizer_spec.precompiled_charsmap = characters
    return message.SerializeToString()


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "sentencepiece.bpe.model"
        path.write_bytes(content)
        return path

    return write


@pytest.fixture(scope="module")
def pieces():
    return PieceTokenizer(SentencePieces(tuple(PIECES)), "de_DE")


def test_a_model_is_read_with_its_scores_and_its_table_of_characters(file):
    found = read_sentencepiece(file(model(characters=b"table")))
    assert found == SentencePieces(tuple(PIECES), b"table")
    assert SentencePieces.from_lines(found.lines()) == found


def test_the_vocabulary_of_phoenix14t_has_the_published_layout():
    # as many pieces as its file has without the first three
    names = tuple((f"piece{index}", -1.0) for index in range(2427 - 3))
    tokenizer = PieceTokenizer(SentencePieces(names), "de_DE")
    assert len(tokenizer.words) == 2454
    assert (tokenizer.opening, tokenizer.mask) == (2430, 2453)
    assert tokenizer.words[:5] == ("<s>", "<pad>", "</s>", "<unk>", "piece0")
    assert tokenizer.encode("")[-2:] == [2, 2430]


TEXTS = {
    "words that are pieces": "regen und wind",
    "words of several pieces": "morgen  regnet es stundenweise .",
    "unknown characters in a row": "xyz und 雨",
    "unknown characters in a word": "windxx.",
    "nothing": "",
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_has_the_pieces_that_transformers_gives_it(pieces, name):
    specials = [(word, 0.0) for word in ("<s>", "<pad>", "</s>", "<unk>")]
    codes = [(word, 0.0) for word in (*LANGUAGES, "<mask>")]
    theirs = MBartTokenizer(vocab=[*specials, *PIECES, *codes], src_lang="de_DE", tgt_lang="de_DE")
    encoded = theirs(TEXTS[name])["input_ids"]
    assert pieces.encode(TEXTS[name]) == encoded
    decoded = theirs.decode(encoded, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    assert pieces.decode(encoded) == decoded.strip()


@pytest.mark.parametrize("make", ["pieces", "words"])
def test_special_words_in_a_text_are_ordinary_text(make, pieces):
    tokenizer = pieces if make == "pieces" else WordTokenizer(["regen"], "de_DE")
    found = tokenizer.encode("<s> regen </s> de_DE <mask>")
    special = {0, 1, 2, *range(len(tokenizer.words) - 1 - len(tokenizer.languages), len(tokenizer.words))}
    assert special.isdisjoint(found[:-2])


def test_words_at_the_end_are_masked(pieces):
    assert pieces.encode("regen und wind", masked=2) == [*pieces.encode("regen")[:-2], pieces.mask, pieces.mask, 2, pieces.opening]
    assert WordTokenizer(["regen"], "de_DE").encode("regen", masked=5) == [6, 2, 5]


def test_a_vocabulary_of_words_survives_its_file():
    tokenizer = WordTokenizer.of_texts(["the wind is cold.", "the <mask> en_XX is warm."], "en_XX")
    assert tokenizer.words == ("<s>", "<pad>", "</s>", "<unk>", ".", "cold", "is", "the", "warm", "wind", "en_XX", "<mask>")
    again = WordTokenizer.from_lines(tokenizer.words)
    assert again.words == tokenizer.words
    assert (again.opening, again.mask) == (10, 11)
    found = again.encode("the wind is new.")
    assert found == [7, 9, 6, 3, 4, 2, 10]
    assert again.decode(found) == "the wind is."


DAMAGED = {
    "a file that is no model": (b"no model", "damaged, or not a SentencePiece model"),
    "a model that ends within a piece": (model()[:40], "damaged"),
    "a field of an unknown type": (b"\x0f\x00", "damaged"),
    "a piece that is not UTF-8": (b"\x0a\x03\x0a\x01\xff", "damaged"),
    "a piece without a text": (b"\x0a\x05\x15" + struct.pack("<f", 1.0), "damaged"),
    "a number without end": (b"\x80" * 20, "damaged"),
    "byte-pair encoding": (model(model_type=2), "another type than unigram"),
    "other special pieces": (model(first=("<pad>", "<s>", "</s>")), "does not begin with the pieces"),
    "a piece for a byte": (model(first=("<unk>", "<s>", "</s>", "<0x0A>"), kinds=(2, 3, 3, 6)), "<0x0A>"),
    "a piece with a line break": (model([("a\nb", -1.0)]), "not a part of a text"),
    "nothing": (b"", "does not begin with the pieces"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_file_that_is_not_such_a_model_is_refused(name, file):
    content, reason = DAMAGED[name]
    with pytest.raises(InputError, match=reason):
        read_sentencepiece(file(content))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"absent\.model cannot be read"):
        read_sentencepiece(tmp_path / "absent.model")


REFUSED = {
    "an unknown language": (lambda: PieceTokenizer(SentencePieces(()), "de_AT"), "no language code de_AT"),
    "a word twice": (lambda: WordTokenizer(["rain", "rain"], "en_XX"), "'rain' twice"),
    "a special word": (lambda: WordTokenizer(["<pad>"], "en_XX"), "'<pad>' twice"),
    "lines without the special words": (lambda: WordTokenizer.from_lines(["rain", "wind"]), "does not begin with the lines"),
    "lines without the mask": (lambda: WordTokenizer.from_lines(["<s>", "<pad>", "</s>", "<unk>", "en_XX"]), "end with"),
    "a line of pieces without a number": (lambda: SentencePieces.from_lines(["", "a\t-1.0", "b"]), "after 1 pieces"),
    "a first line that is not base 64": (lambda: SentencePieces.from_lines(["%"]), "after 0 pieces"),
    "no lines": (lambda: SentencePieces.from_lines([]), "after 0 pieces"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_vocabulary_that_cannot_be_is_refused(name):
    make, reason = REFUSED[name]
    with pytest.raises(InputError, match=reason):
        make()
