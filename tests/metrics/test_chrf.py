"""chrf: values by hand."""

import numpy as np
import pytest

from signbench.metrics.pairs import TextPair
from signbench.metrics.registry import create


def chrf(*pairs, name="chrf"):
    metric = create(name)
    return metric.score([metric.record([TextPair(*pair)]) for pair in pairs], np.ones((1, len(pairs)), dtype=np.int64))[0]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("a", "a")], 100),
        ([("ab", "ba")], 50),  # letters agree, the one pair of letters does not
        ([("a b", "ab")], 100),  # white space does not count
        ([("ab", "abcd")], 100 * 5 * 1 * (0.5 + 1 / 3) / 2 / (4 + (0.5 + 1 / 3) / 2)),  # only orders 1 and 2 on both sides
        ([("abcd", "ab")], 100 * 5 * (0.5 + 1 / 3) / 2 / (4 * (0.5 + 1 / 3) / 2 + 1)),
        ([("xy", "ab")], 0),
        ([("a", "a"), ("b", "a")], 50),
    ],
)
def test_chrf_is_that_worked_out_by_hand(pairs, expected):
    assert chrf(*pairs) == pytest.approx(expected, abs=1e-10)


def test_a_clip_has_a_value_of_its_own_and_the_score_is_not_their_mean():
    metric = create("chrf")
    pairs = [("ab", "ab"), ("abcdefgh", "xyzabcde")]
    own = [metric.clip_value(metric.record([TextPair(*pair)])) for pair in pairs]
    assert own == pytest.approx([chrf(pair) for pair in pairs])
    assert chrf(*pairs) != pytest.approx(sum(own) / 2, abs=1)
    assert not metric.mean_of_clips


def test_a_full_stop_is_a_character_unless_it_is_stripped():
    assert chrf(("a .", "b ."), name="chrf:final_period=strip") == 0.0
    assert chrf(("a .", "b .")) > 0.0
