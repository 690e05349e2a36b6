"""wer: variants, cleanings and levels."""

import numpy as np
import pytest

from signbench.metrics.pairs import TextPair
from signbench.metrics.registry import create


def record(parameters, prediction, reference):
    return create(f"wer:{parameters}" if parameters else "wer").record([TextPair(prediction, reference)])


def operations(parameters, prediction, reference):
    found = record(parameters, prediction, reference)
    return tuple(int(found[field]) for field in ("substitutions", "deletions", "insertions", "reference_length"))


@pytest.mark.parametrize(
    ("parameters", "prediction", "reference", "expected"),
    [
        ("", "A B C", "A B C", (0, 0, 0, 3)),
        ("", "A X C", "A B C", (1, 0, 0, 3)),
        ("", "A C", "A B C", (0, 1, 0, 3)),
        ("", "A B B C", "A B C", (0, 0, 1, 3)),
        ("", "", "A B C", (0, 3, 0, 3)),
        ("", "A B", "", (0, 0, 2, 0)),
        ("", "B A", "A B", (2, 0, 0, 2)),
        ("variant=signjoey", "B A", "A B", (0, 1, 1, 2)),
        ("variant=signjoey", "a b b a", "c c c a b", (0, 3, 2, 5)),
        ("variant=corrnet", "", "A B C", (0, 3, 0, 3)),
        # The prediction's repeats are merged, the reference's are not.
        ("variant=corrnet", "A A B", "A B", (0, 0, 0, 2)),
        ("variant=corrnet", "A A B", "A A B", (0, 1, 0, 3)),
        ("variant=signjoey", "A A B", "A B", (0, 0, 1, 2)),
        # Only the prediction is cleaned: this reference can never be met.
        ("variant=corrnet,cleaning=phoenix14", "poss-EUCH", "poss-EUCH", (1, 0, 0, 1)),
        ("cleaning=phoenix14", "poss-EUCH", "poss-EUCH", (0, 0, 0, 1)),
        ("variant=signjoey,cleaning=phoenix14", "EUCH", "poss-EUCH", (0, 0, 0, 1)),
        # Gloss by gloss, so that spelled letters stay apart; merged after the cleaning.
        ("variant=corrnet,cleaning=phoenix14", "WIND A B C", "WIND A B C", (0, 0, 0, 4)),
        ("cleaning=phoenix14", "WIND A B C", "WIND A+B+C", (0, 0, 0, 2)),
        ("variant=corrnet,cleaning=phoenix14", "loc-REGEN REGEN __PU__ WIND", "REGEN WIND", (0, 0, 0, 2)),
        ("cleaning=phoenix14t", "loc-NORD __ON__", "NORD", (0, 0, 0, 1)),
        ("cleaning=slrtp", "Drei-vier  GRAD, heute.", "dreivier grad heute", (0, 0, 0, 3)),
        ("cleaning=slrtp", "it's can't", "it is can not", (0, 0, 0, 4)),
        ("cleaning=slrtp", "...", "heute.", (0, 1, 0, 1)),
        ("level=char", "abd", "abc", (1, 0, 0, 3)),
        ("level=char", "ab  c", " ab c ", (0, 0, 0, 4)),
        ("level=char", "他五岁。", "他今年四岁。", (1, 2, 0, 6)),
        ("level=char", "ab", "a b", (0, 1, 0, 3)),
    ],
)
def test_operations_are_those_worked_out_by_hand(parameters, prediction, reference, expected):
    assert operations(parameters, prediction, reference) == expected


@pytest.mark.parametrize("variant", ["unit", "signjoey", "corrnet"])
@pytest.mark.parametrize("words", [85, 86, 200, 700])
def test_long_clips_do_not_overflow(variant, words):
    reference = " ".join(f"W{number}" for number in range(words))
    assert operations(f"variant={variant}", "X", reference) == (1, words - 1, 0, words)


def test_the_corpus_has_the_summed_errors_over_the_summed_lengths():
    metric = create("wer")
    held = [metric.record([TextPair(*pair)]) for pair in [("A", "A B C D"), ("X", "A"), ("A B", "")]]
    np.testing.assert_allclose(metric.score(held, np.array([[1, 1, 1], [1, 0, 0], [0, 2, 1]])), [120, 75, 200])
    assert [metric.clip_value(one) for one in held] == [75, 100, None]


def test_references_without_a_token_leave_it_undefined():
    metric = create("wer")
    held = [metric.record([TextPair("A", "")]), metric.record([TextPair("A", "A")])]
    np.testing.assert_array_equal(metric.score(held, np.array([[1, 0], [0, 1], [0, 0]])), [np.nan, 0, np.nan])
