"""bleu: values by hand, and what each parameter does."""

import math

import numpy as np
import pytest

from signbench.metrics.pairs import TextPair
from signbench.metrics.registry import create


def bleu(parameters, *pairs):
    metric = create(f"bleu:{parameters}" if parameters else "bleu")
    return metric.score([metric.record([TextPair(*pair)]) for pair in pairs], np.ones((1, len(pairs)), dtype=np.int64))[0]


@pytest.mark.parametrize(
    ("parameters", "pairs", "expected"),
    [
        ("order=1", [("a b c d", "a b x y")], 50),
        ("order=2", [("a b c d", "a b x y")], 100 * math.sqrt(2 / 4 * 1 / 3)),
        ("order=1", [("a a a a", "a b c d")], 25),  # a match for each occurrence in the reference
        ("order=1", [("a b", "a b c d")], 100 * math.exp(1 - 4 / 2)),
        ("order=1", [("a b c d", "a b")], 50),  # no bonus for brevity of the reference
        ("order=1", [("a b", "a b"), ("x", "y z w")], 100 * math.exp(1 - 5 / 3) * 2 / 3),
        ("", [("a b c", "a b c")], 0),  # no 4-gram at all
        ("smoothing=exp", [("a b c", "a b c")], 0),
        ("", [("a b c d x", "a b c d y")], 100 * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25),
        ("", [("a b c x d", "a b c y d")], 0),
        ("smoothing=exp", [("a b c x d", "a b c y d")], 100 * (4 / 5 * 2 / 4 * 1 / 3 * 1 / (2 * 2)) ** 0.25),
        ("smoothing=exp", [("a x b y c", "a z b w c")], 100 * (3 / 5 * 1 / (2 * 4) * 1 / (4 * 3) * 1 / (8 * 2)) ** 0.25),
        ("smoothing=exp", [("x y z w v", "a b c d e")], 0),
        ("order=1", [("Regen", "regen")], 0),
        ("order=1,lowercase=true", [("Regen", "regen")], 100),
        ("order=1", [("Regen, Wind", "Regen , Wind")], 50 * math.exp(1 - 3 / 2) * 1),
        ("order=1,tokenizer=13a", [("Regen, Wind", "Regen , Wind")], 100),
        ("order=1,tokenizer=char", [("他 四岁", "他四岁")], 100),
        ("order=1,tokenizer=char", [("abc", "abd")], 100 * 2 / 3),
        ("order=1,tokenizer=zh", [("他四岁abc", "他四岁 abc")], 100),  # a run of Latin letters stays whole
        ("order=1,final_period=strip", [("a .", "b .")], 0),
        ("order=1,final_period=keep", [("a .", "b .")], 50),
        ("order=1,final_period=append", [("a", "b")], 50),
    ],
)
def test_bleu_is_that_worked_out_by_hand(parameters, pairs, expected):
    assert bleu(parameters, *pairs) == pytest.approx(expected, abs=1e-10)


def test_a_single_clip_has_no_bleu_and_a_missing_one_no_record_of_its_own():
    metric = create("bleu")
    assert metric.clip_value(metric.record([TextPair("a b c d", "a b c d")])) is None
    assert metric.missing() is None


def test_an_empty_prediction_costs_brevity():
    assert bleu("order=1", ("a b", "a b"), ("", "c d")) == pytest.approx(100 * math.exp(1 - 4 / 2))
