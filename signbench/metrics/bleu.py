"""BLEU over a corpus."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from signbench.arithmetic import exponential, logarithm
from signbench.metrics.base import Limits, Parameter, Record
from signbench.metrics.text import FINAL_PERIOD, CorpusTextMetric, Totals, counts
from signbench.metrics.text_normalisation import bleu_tokenizer


class Bleu(CorpusTextMetric):
    """Bilingual evaluation understudy: the geometric mean of n-gram precisions over a corpus, with a brevity penalty, in percent.

    With m_n of the h_n n-grams of the predictions found in their references (each at most as often as it stands there), and c and r
    the summed lengths of predictions and references::

        BLEU = 100 exp(min(0, 1 - r / c)) (prod over n = 1 .. order of m_n / h_n) ** (1 / order)

    It is 0 where a precision is 0, unless ``smoothing=exp`` puts 1 / (2^k h_n) in place of the k-th precision that is 0. It is 0
    without any match, and where no prediction is as long as ``order`` tokens. There is one reference to a clip. A single clip has
    no value of its own.

    Source: Papineni, Roukos, Ward and Zhu, "BLEU", ACL 2002; as in ``mjpost/sacrebleu``, ``metrics/bleu.py``, with
    ``effective_order=False``. ``smoothing=none`` is also what ``neccam/slt``, ``signjoey/external_metrics/sacrebleu.py:
    raw_corpus_bleu`` computes (floor smoothing with a floor of 0). A record holds ``matches`` and ``totals``, int64 ``(order,)``.
    """

    name = "bleu"
    parameters = (
        Parameter("order", 4, "The longest n-grams that count.", choices=(1, 2, 3, 4)),
        Parameter("tokenizer", "none", "sacrebleu's tokenizer of that name.", choices=("none", "13a", "zh", "char")),
        Parameter(
            "smoothing", "none", "What a precision of 0 becomes: 0 (none), or halved each time (exp).", choices=("none", "exp")
        ),
        Parameter("lowercase", False, "Both sides in lower case."),
        FINAL_PERIOD,
    )
    limits: ClassVar[Limits] = (0.0, 100.0)
    direction = "higher"
    summary = "n-gram precision over the corpus with a brevity penalty; parameters say which of the field's readings."

    def measure(self, prediction: str, reference: str) -> Record:
        ours, theirs = self._tokens(prediction), self._tokens(reference)
        matches, totals = [], []
        for order in range(1, self["order"] + 1):
            made, there = _ngrams(ours, order), _ngrams(theirs, order)
            matches.append(sum(min(count, there[ngram]) for ngram, count in made.items()))
            totals.append(max(len(ours) - order + 1, 0))
        return counts(matches=matches, totals=totals, prediction_length=len(ours), reference_length=len(theirs))

    def _tokens(self, text: str) -> list[str]:
        cased = text.lower() if self["lowercase"] else text
        return bleu_tokenizer(self["tokenizer"])(cased.rstrip()).split()

    def clip_value(self, record: Record) -> float | None:
        return None

    def fold(self, totals: Totals) -> NDArray[np.float64]:
        matches, possible = totals["matches"], totals["totals"]
        with np.errstate(divide="ignore", invalid="ignore"):
            penalty = exponential(np.minimum(0.0, 1 - totals["reference_length"] / totals["prediction_length"]))
            found = matches
            if self["smoothing"] == "exp":
                unmatched = (matches == 0).cumsum(axis=1)
                found = np.where(matches == 0, np.ldexp(1.0, -unmatched), matches)
            precision = np.where(possible > 0, found / possible, 0.0)
            score = 100 * penalty * exponential(logarithm(precision).mean(axis=1))
        return np.where(matches.any(axis=1), score, 0.0)


def _ngrams(tokens: list[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(tokens[start : start + order]) for start in range(len(tokens) - order + 1))
