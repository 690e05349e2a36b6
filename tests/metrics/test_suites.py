"""The suites: their rows are metrics that exist, under the names that they have."""

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.metrics.pairs import TextPair
from signbench.metrics.registry import create
from signbench.metrics.suites import known, suite

LABELS = {
    "slt": ["BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "CHRF", "ROUGE"],
    "slrtp": ["BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "chrF", "ROUGE", "WER"],
    "gfslt": ["BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE"],
    "csl-daily": ["ROUGE", "BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4"],
}


def score(name, *pairs):
    metric = create(name)
    return metric.score([metric.record([TextPair(*pair)]) for pair in pairs], np.ones((1, len(pairs)), dtype=np.int64))[0]


def test_the_suites_are_those_that_the_command_line_offers():
    assert known() == list(LABELS)


@pytest.mark.parametrize("name", known())
def test_a_suite_prints_its_rows_in_the_order_of_its_table(name):
    found = suite(name)
    assert found.name == name
    assert [row.label for row in found.rows] == LABELS[name]
    assert found.description.endswith(".")
    assert "/" in found.source


@pytest.mark.parametrize("row", [row for name in known() for row in suite(name).rows], ids=lambda row: row.metric)
def test_a_row_names_a_metric_by_its_canonical_name(row):
    metric = create(row.metric)
    assert metric.canonical == row.metric
    if row.label.startswith("BLEU-"):
        assert metric["order"] == int(row.label[-1])


@pytest.mark.parametrize("name", ["slt", "gfslt"])
def test_suites_of_phoenix_do_not_depend_on_whose_copy_of_the_data_it_was(name):
    made, real = "am samstag ist es wieder unbeständig", "am samstag ist es wieder wechselhaft"
    for row in suite(name).rows:
        scores = {score(row.metric, (made + a, real + b)) for a in ("", " .", ".") for b in ("", " .", ".")}
        assert len(scores) == 1


def test_an_unknown_suite_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="Did you mean slrtp"):
        suite("slrpt")
