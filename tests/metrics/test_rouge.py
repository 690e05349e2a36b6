"""rouge-l: values by hand, and the differences of its variants."""

import numpy as np
import pytest

from signbench.metrics.pairs import TextPair
from signbench.metrics.registry import create


def value(parameters, prediction, reference):
    metric = create(f"rouge-l:{parameters}" if parameters else "rouge-l")
    return metric.clip_value(metric.record([TextPair(prediction, reference)]))


@pytest.mark.parametrize(
    ("parameters", "prediction", "reference", "expected"),
    [
        # One of two tokens against one of four: P = 1/2, R = 1/4, b = 1.2, 2 and 1.
        ("", "a x", "a b c d", 100 * 2.44 * 0.125 / (0.25 + 1.44 * 0.5)),
        ("variant=nslt", "a x", "a b c d", 100 * 5 * 0.125 / (0.25 + 4 * 0.5)),
        ("variant=f1", "a x", "a b c d", 100 * 2 * 0.125 / 0.75),
        ("variant=f1", "a b c d", "d a b c", 75),  # in order, so d does not count
        ("variant=f1", "a x b y c", "a b c", 75),  # with gaps
        ("variant=f1", "a a b", "a b b", 100 * 2 / 3),
        ("variant=f1", "Regen", "regen", 0),
        ("variant=f1", "Regen, Wind", "Regen Wind", 50),
        ("variant=f1,tokenizer=words", "Regen, Wind!", "Regen Wind", 100),
        ("variant=f1,tokenizer=char", "他 四岁", "他五岁", 100 * 2 / 3),
        ("variant=f1", "大风", "大雨", 0),
        ("variant=f1,final_period=strip", "a .", "b .", 0),
        ("variant=f1", "a .", "b .", 50),
        ("variant=f1,tokenizer=words", "!", "!", 0),  # no word on either side
    ],
)
def test_rouge_is_that_worked_out_by_hand(parameters, prediction, reference, expected):
    assert value(parameters, prediction, reference) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("parameters", ["", "variant=nslt", "variant=f1"])
@pytest.mark.parametrize("text", ["regen", "ein bisschen regen .", "дождь"])
def test_identical_texts_score_100_in_every_variant(parameters, text):
    assert value(parameters, text, text) == pytest.approx(100, abs=1e-12)


def test_variants_agree_where_both_sides_are_equally_long():
    values = [value(parameters, "a b c x", "a b y c") for parameters in ("", "variant=nslt", "variant=f1")]
    assert values == pytest.approx([75, 75, 75])


def test_the_score_is_the_mean_of_the_clips_and_a_missing_production_counts_as_0():
    metric = create("rouge-l:variant=f1")
    held = [metric.record([TextPair(*pair)]) for pair in [("a b", "a b"), ("a x", "a b")]]
    missing = metric.missing()
    assert missing is not None
    assert {field: array.shape for field, array in missing.items()} == {field: array.shape for field, array in held[0].items()}
    np.testing.assert_allclose(metric.score([*held, missing], np.array([[1, 1, 0], [1, 1, 1]])), [75, 50])
    assert metric.mean_of_clips
