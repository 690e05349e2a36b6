"""chrF over a corpus."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from signbench.metrics.base import Limits, Record
from signbench.metrics.text import FINAL_PERIOD, CorpusTextMetric, Totals, counts
from signbench.metrics.text_normalisation import characters

ORDER = 6
BETA = 2


class Chrf(CorpusTextMetric):
    """Character n-gram F-score over a corpus, in percent.

    Precision and recall of character n-grams, white space removed, are computed for n = 1 .. 6 from counts summed over the corpus,
    and averaged over those n for which both sides have n-grams::

        chrF = 100 (1 + 2²) P R / (2² P + R)

    The n-grams of a prediction are not counted for orders for which its reference has none (it is shorter than n). Texts with no
    character in common score 0. A clip's own value is the same formula for that clip alone; the score is not the mean of these.

    Source: Popović, "chrF: character n-gram F-score for automatic MT evaluation", WMT 2015; as ``CHRF()`` of
    ``mjpost/sacrebleu``, ``metrics/chrf.py``, with its defaults. A record holds ``matches``, ``prediction_ngrams`` and
    ``reference_ngrams``, int64 ``(6,)``.
    """

    name = "chrf"
    parameters = (FINAL_PERIOD,)
    limits: ClassVar[Limits] = (0.0, 100.0)
    direction = "higher"
    summary = "F-score of character n-grams up to 6, with recall weighted twice; sacrebleu's defaults."

    def measure(self, prediction: str, reference: str) -> Record:
        ours, theirs = "".join(characters(prediction)), "".join(characters(reference))
        matches, made, there = [], [], []
        for order in range(1, ORDER + 1):
            ngrams, references = _ngrams(ours, order), _ngrams(theirs, order)
            matches.append(sum(min(count, references[ngram]) for ngram, count in ngrams.items()))
            made.append(ngrams.total() if references else 0)
            there.append(references.total())
        return counts(
            matches=matches,
            prediction_ngrams=made,
            reference_ngrams=there,
            prediction_length=len(ours),
            reference_length=len(theirs),
        )

    def clip_value(self, record: Record) -> float | None:
        return self.of_one(record)

    def fold(self, totals: Totals) -> NDArray[np.float64]:
        made, there, matches = totals["prediction_ngrams"], totals["reference_ngrams"], totals["matches"]
        both = (made > 0) & (there > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            precision = np.where(both, matches / made, 0.0).sum(axis=1) / both.sum(axis=1)
            recall = np.where(both, matches / there, 0.0).sum(axis=1) / both.sum(axis=1)
            score = 100 * (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)
        return np.where(matches.any(axis=1), score, 0.0)


def _ngrams(text: str, order: int) -> Counter[str]:
    return Counter(text[start : start + order] for start in range(len(text) - order + 1))
