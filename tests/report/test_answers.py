"""What the page says of judges' answers: alignments and confusions."""

from __future__ import annotations

import pytest

from signbench.metrics.pairs import TextPair
from signbench.report.answers import MOST_CONFUSED, Confused, Word, aligned, confusions

EQUAL, CHANGED, LACKING, ADDED = "equal", "substitute", "delete", "insert"


@pytest.mark.parametrize(
    ("said", "expected", "words", "errors"),
    [
        ("I am here", "I am here", [(EQUAL, "I", "I"), (EQUAL, "am", "am"), (EQUAL, "here", "here")], 0),
        ("I was here", "I am here", [(EQUAL, "I", "I"), (CHANGED, "am", "was"), (EQUAL, "here", "here")], 1),
        ("I here", "I am here", [(EQUAL, "I", "I"), (LACKING, "am", ""), (EQUAL, "here", "here")], 1),
        ("so I am", "I am", [(ADDED, "", "so"), (EQUAL, "I", "I"), (EQUAL, "am", "am")], 1),
        ("", "I", [(LACKING, "I", "")], 1),
        ("", "", [], 0),
    ],
)
def test_an_answer_is_aligned_with_the_fewest_changed_words(said, expected, words, errors):
    answer = aligned("slt, text", TextPair(said, expected))
    assert [(word.operation, word.reference, word.said) for word in answer.words] == words
    assert (answer.judge, answer.errors) == ("slt, text", errors)
    assert all(isinstance(word, Word) for word in answer.words)


def test_confusions_name_what_was_recognised_instead_the_most_confused_label_first():
    pairs = [("tree", "tree"), ("tree", "wood"), ("sun", "moon"), ("sun", "moon"), ("sun", "star"), ("sea", "sea"), ("rain", "")]
    assert confusions(pairs) == [
        Confused("sun", 3, 0, (("moon", 2), ("star", 1))),
        Confused("rain", 1, 0, (("", 1),)),
        Confused("tree", 2, 1, (("wood", 1),)),
    ]


def test_a_table_of_confusions_has_a_limit_and_may_be_empty():
    assert confusions([("a", "a")]) == []
    assert len(confusions([(f"word-{index}", "other") for index in range(50)])) == MOST_CONFUSED
