"""Alignments and n-gram matches of one clip: their counts are those of its record, and they can be read."""

import doctest
import importlib
import random
from itertools import product

import jiwer
import pytest

from signbench.metrics.bleu import Bleu
from signbench.metrics.pairs import TextPair
from signbench.metrics.rouge import RougeL
from signbench.metrics.wer import Wer

WORDS = ["MORGEN", "REGEN", "REGEN", "loc-NORD", "poss-ICH", "A", "B", "Grad.", "他五", "neg-KALT", "__ON__", "cl-WIND"]
WER = [
    {"variant": variant, "cleaning": cleaning, "level": level}
    for variant, cleaning, level in product(
        ("unit", "signjoey", "corrnet"), ("none", "phoenix14", "phoenix14t", "slrtp"), ("word", "char")
    )
    if variant != "corrnet" or (level == "word" and cleaning != "slrtp")
]
BLEU = [
    {"order": order, "tokenizer": tokenizer, "lowercase": lowercase, "final_period": period}
    for order, tokenizer, lowercase, period in product(
        (1, 4), ("none", "13a", "zh", "char"), (False, True), ("keep", "strip", "append")
    )
]
ROUGE = [
    {"tokenizer": tokenizer, "final_period": period}
    for tokenizer, period in product(("none", "words", "char"), ("keep", "strip", "append"))
]


def pairs(count=60):
    draw = random.Random(7)
    texts = [" ".join(draw.choice(WORDS) for _ in range(draw.randint(0, 9))) for _ in range(2 * count)]
    return list(zip(texts[::2], texts[1::2], strict=True))


def spelled(parameters):
    return ",".join(f"{name}={value}" for name, value in parameters.items())


def rebuilt(alignment):
    """The prediction, made from the reference by what the chunks say; and whether they cover the reference."""
    made, at = [], 0
    for chunk in alignment.chunks:
        assert chunk.reference_start == at
        assert chunk.prediction_start == len(made)
        there = alignment.reference[chunk.reference_start : chunk.reference_end]
        new = alignment.prediction[chunk.prediction_start : chunk.prediction_end]
        at = chunk.reference_end
        if chunk.operation == "equal":
            assert there == new
        made += there if chunk.operation == "equal" else new
        assert {"equal": there and new, "substitute": there and new, "delete": there and not new, "insert": new and not there}[
            chunk.operation
        ]
    assert at == len(alignment.reference)
    return tuple(made)


@pytest.mark.parametrize("parameters", WER, ids=spelled)
def test_an_alignment_of_wer_has_the_counts_of_the_record_and_leads_from_the_reference_to_the_prediction(parameters):
    metric = Wer(**parameters)
    for prediction, reference in pairs():
        record, alignment = metric.record([TextPair(prediction, reference)]), metric.alignment(prediction, reference)
        for field in ("substitutions", "deletions", "insertions"):
            assert getattr(alignment, field) == record[field]
        assert alignment.hits + alignment.substitutions + alignment.deletions == record["reference_length"]
        assert len(alignment.prediction) == record["prediction_length"]
        assert rebuilt(alignment) == alignment.prediction


def test_an_alignment_of_unit_costs_has_as_many_errors_as_jiwer_finds():
    for prediction, reference in pairs():
        if reference:
            found, theirs = Wer().alignment(prediction, reference), jiwer.process_words(reference, prediction)
            errors = theirs.substitutions + theirs.deletions + theirs.insertions
            assert found.substitutions + found.deletions + found.insertions == errors


@pytest.mark.parametrize("parameters", ROUGE, ids=spelled)
def test_an_alignment_of_rouge_l_has_the_common_tokens_of_the_record(parameters):
    metric = RougeL(**parameters)
    for prediction, reference in pairs():
        record, alignment = metric.record([TextPair(prediction, reference)]), metric.alignment(prediction, reference)
        assert alignment.hits == record["common"]
        assert alignment.substitutions == 0
        assert (len(alignment.prediction), len(alignment.reference)) == (record["prediction_length"], record["reference_length"])
        assert rebuilt(alignment) == alignment.prediction


@pytest.mark.parametrize("parameters", BLEU, ids=spelled)
def test_n_gram_matches_have_the_counts_of_the_record(parameters):
    metric = Bleu(**parameters)
    for prediction, reference in pairs():
        record, clip = metric.record([TextPair(prediction, reference)]), metric.matches(prediction, reference)
        assert clip.matches == tuple(record["matches"])
        assert clip.totals == tuple(record["totals"])
        assert (len(clip.prediction), len(clip.reference)) == (record["prediction_length"], record["reference_length"])
        assert all(count > 0 for side in (clip.found, clip.lacking) for order in side for count in order.values())


@pytest.mark.parametrize(
    ("prediction", "reference", "penalty"),
    [("a b", "a b", 1), ("a b c", "a b", 1), ("a", "a b", 0.36788), ("", "a", 0), ("", "", 0)],
)
def test_only_a_prediction_that_is_shorter_pays_a_brevity_penalty(prediction, reference, penalty):
    assert Bleu().matches(prediction, reference).brevity_penalty == pytest.approx(penalty, abs=1e-5)


@pytest.mark.parametrize(
    ("alignment", "said"),
    [
        (
            Wer().alignment("a x c d", "a b c"),
            ["reference:  a b c *", "prediction: a x c d", "              S   I"],
        ),
        (  # both sides are as wide on a screen, where these letters take two cells
            Wer().alignment("他五岁 x", "REGEN x"),
            ["reference:  REGEN  x", "prediction: 他五岁 x", "            S"],
        ),
        (Wer(level="char").alignment("a", "a b"), ["reference:  a ␣ b", "prediction: a * *", "              D D"]),
        (RougeL().alignment("a x", "a b"), ["reference:  a * b", "prediction: a x *", "              I D"]),
        (Wer().alignment("", ""), ["reference:", "prediction:", ""]),
    ],
)
def test_an_alignment_can_be_read(alignment, said):
    assert str(alignment).split("\n") == said


@pytest.mark.parametrize("module", ["signbench.metrics.text_alignment", "signbench.metrics.bleu"])
def test_the_examples_of_the_documentation_are_true(module):
    ran = doctest.testmod(importlib.import_module(module))
    assert ran.attempted > 0
    assert ran.failed == 0
