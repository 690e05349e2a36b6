"""What all metrics of text promise: records, folds, empty texts, and one meaning for one text however it is encoded."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.metrics.pairs import TextPair
from signbench.metrics.registry import create
from signbench.runs.records import pack, unpack

NAMES = [
    "bleu",
    "bleu:order=1,smoothing=exp,tokenizer=13a",
    "bleu:final_period=append,lowercase=true,tokenizer=zh",
    "rouge-l",
    "rouge-l:tokenizer=words,variant=nslt",
    "rouge-l:tokenizer=char,variant=f1",
    "chrf",
    "chrf:final_period=strip",
    "wer",
    "wer:variant=signjoey,cleaning=phoenix14t",
    "wer:variant=corrnet,cleaning=phoenix14",
    "wer:cleaning=slrtp,level=char",
]
HIGHER_IS_BETTER = [name for name in NAMES if not name.startswith("wer")]
PAIRS = [
    ("am samstag ist es wieder unbeständig .", "am samstag wird es wieder wechselhaft ."),
    ("es scheint häufig die sonne .", "es scheint häufig die sonne ."),
    ("", "und nun die wettervorhersage"),
    ("regen", ""),
    ("guten abend", "guten abend liebe zuschauer"),
    ("他今年四岁。", "他今年五岁了。"),
    ("Погода завтра будет хорошая", "завтра погода хорошая"),
    ("LOC REGEN REGEN loc-NORD KOMMEN", "REGEN NORD KOMMEN KOMMEN"),
]
UNICODE = [
    "Gruß aus Straße",
    "Съешь ещё этих мягких булок",
    "他今年四岁，明天下雨。",
    "\uff37\uff29\uff24\uff34\uff28\u3000\uff11\uff12\uff13\uff0e",  # full-width letters, digits and full stop
    "שלום עולם",
    "مرحبا بالعالم",
    "नमस्ते दुनिया",
    "👩‍👩‍👧 winkt 👋🏽",
    "zero\u200bwidth \ufeffmark \u200dx",
    "tab\tnarrow\u202fideographic\u3000space",
    "x" * 3000,
]


def records(metric, pairs=PAIRS):
    return [metric.record([TextPair(*pair)]) for pair in pairs]


def score(name, pairs, weights=None):
    metric = create(name)
    held = records(metric, pairs)
    return metric.score(held, np.ones((1, len(held)), dtype=np.int64) if weights is None else weights)


@pytest.mark.parametrize("name", NAMES)
def test_records_have_one_shape_and_survive_the_way_to_disk_and_back(name):
    held = records(create(name))
    shapes = {tuple((field, array.dtype, array.shape) for field, array in record.items()) for record in held}
    assert len(shapes) == 1
    for record in held:
        back = unpack(pack(record))
        assert {field: array.tolist() for field, array in back.items()} == {
            field: array.tolist() for field, array in record.items()
        }


@pytest.mark.parametrize("name", NAMES)
def test_a_weight_counts_a_clip_as_often_as_if_it_were_there_that_often(name):
    weights = np.random.default_rng(5).integers(0, 4, (6, len(PAIRS)), dtype=np.uint8)
    expected = [score(name, [pair for pair, times in zip(PAIRS, row, strict=True) for _ in range(times)])[0] for row in weights]
    np.testing.assert_allclose(score(name, PAIRS, weights), expected, rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_score_depends_neither_on_the_order_of_the_clips_nor_on_the_other_rows_of_weights(name):
    weights = np.random.default_rng(6).integers(0, 3, (9, len(PAIRS)), dtype=np.uint8)
    together = score(name, PAIRS, weights)
    np.testing.assert_array_equal(together, [score(name, PAIRS, row[np.newaxis])[0] for row in weights])
    np.testing.assert_allclose(score(name, PAIRS[::-1], weights[:, ::-1]), together, rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_no_clip_has_no_score(name):
    assert np.isnan(score(name, PAIRS, np.zeros((1, len(PAIRS)), dtype=np.int64))).all()
    assert np.isnan(score(name, [], np.zeros((2, 0), dtype=np.int64))).tolist() == [True, True]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", UNICODE)
def test_identical_texts_of_any_script_are_perfect(name, text):
    # Four times, so that each has an n-gram of every order.
    text = " ".join([f"{text} x"] * 4)
    perfect = 100.0 if name in HIGHER_IS_BETTER else 0.0
    if "corrnet" not in name:  # it changes the prediction alone
        assert score(name, [(text, text)])[0] == pytest.approx(perfect, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("composed", "decomposed"), [("K\u00dcHL", "KU\u0308HL"), ("\u0439", "\u0438\u0306"), ("\uac00", "\u1100\u1161")]
)
def test_an_accented_letter_is_one_letter_however_it_was_typed(name, composed, decomposed):
    metric = create(name)
    words = "a b c d {} e f g h"
    pair, same = (words.format(decomposed), words.format(composed)), (words.format(composed), words.format(composed))
    assert [array.tolist() for array in records(metric, [pair])[0].values()] == [
        array.tolist() for array in records(metric, [same])[0].values()
    ]


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_prediction_is_the_worst_there_is_without_added_words(name):
    worst = 0.0 if name in HIGHER_IS_BETTER else 100.0
    assert score(name, [("", "es scheint häufig die sonne .")])[0] == worst
    assert score(name, [(" \t\u3000", "es scheint häufig die sonne .")])[0] == worst


@pytest.mark.parametrize("name", HIGHER_IS_BETTER)
@pytest.mark.parametrize("pair", [("", ""), ("regen", "")])
def test_an_empty_reference_shares_nothing(name, pair):
    assert score(name, [pair])[0] == 0.0


@pytest.mark.parametrize("name", NAMES)
def test_empty_texts_are_mentioned_next_to_the_score(name):
    metric = create(name)
    assert metric.note(records(metric, [("a b", "a b")])) is None
    assert metric.note(records(metric, [("", "a"), ("a", "a")])) == "1 prediction is empty"
    assert metric.note(records(metric, [("", "a"), (" ", ""), ("a", "")])) == "2 predictions are empty; 2 references are empty"


@pytest.mark.parametrize("name", NAMES)
def test_texts_of_any_length_need_no_partner_of_that_length_and_are_said_in_percent(name):
    metric = create(name)
    assert (metric.view, metric.pairs_frames, metric.unit, metric.interval_method) == ("text", False, "%", "bootstrap")
    assert metric.direction == ("higher" if name in HIGHER_IS_BETTER else "lower")
    assert metric.resolved()["unicode"] == "nfc"
    assert create(metric.canonical).resolved() == metric.resolved()


@pytest.mark.parametrize("name", NAMES)
def test_a_clip_has_exactly_one_text_on_each_side(name):
    metric = create(name)
    with pytest.raises(ValueError, match="one text"):
        metric.record([TextPair("a", "a"), TextPair("b", "b")])
    with pytest.raises(ValueError, match="no text"):
        metric.record([])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bleu:order=5", "cannot be '5'"),
        ("bleu:tokenizer=intl", "cannot be 'intl'"),
        ("bleu:smoothing=floor", "cannot be 'floor'"),
        ("bleu:lowercase=yes", "is true or false"),
        ("rouge-l:variant=coco", "Did you mean mscoco"),
        ("chrf:order=6", "has no parameter order"),
        ("wer:cleaning=phoenix2014", "Did you mean"),
        ("wer:variant=corrnet,level=char", "cannot be combined with level=char"),
        ("wer:variant=corrnet,cleaning=slrtp", "use variant=unit"),
        ("bleu:final_period=append,final_periot=keep", "Did you mean final_period"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(name, message):
    with pytest.raises(InputError, match=message):
        create(name)
