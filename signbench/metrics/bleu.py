"""BLEU over a corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from signbench.arithmetic import exponential, logarithm
from signbench.metrics.base import Limits, Parameter, Record
from signbench.metrics.text import FINAL_PERIOD, CorpusTextMetric, Totals, counts
from signbench.metrics.text_normalisation import bleu_tokenizer

Ngram = tuple[str, ...]


@dataclass(frozen=True)
class NgramMatches:
    """The n-gram matches of one clip, for inspection. Order n has index n - 1 in a tuple.

    Attributes:
        prediction: its tokens, as the metric compares them.
        reference: its tokens, as the metric compares them.
        found: for each order, the n-grams of the prediction that occur in its reference, each at most as often as there.
        lacking: for each order, the other n-grams of the prediction.

    Example:
        >>> from signbench.metrics.bleu import Bleu
        >>> clip = Bleu(order=2).matches("am montag regen", "am montag starker regen")
        >>> clip.matches, clip.totals, round(clip.brevity_penalty, 4)
        ((3, 1), (3, 2), 0.7165)
        >>> print(clip)
        1-grams: 3 of 3
        2-grams: 1 of 2; not in the reference: montag regen
        length: 3 for 4 in the reference, brevity penalty 0.7165
    """

    prediction: tuple[str, ...]
    reference: tuple[str, ...]
    found: tuple[Mapping[Ngram, int], ...]
    lacking: tuple[Mapping[Ngram, int], ...]

    @property
    def matches(self) -> tuple[int, ...]:
        """For each order, the number of matching n-grams."""
        return tuple(sum(found.values()) for found in self.found)

    @property
    def totals(self) -> tuple[int, ...]:
        """For each order, the number of n-grams in the prediction."""
        return tuple(sum(found.values()) + sum(lacking.values()) for found, lacking in zip(self.found, self.lacking, strict=True))

    @property
    def brevity_penalty(self) -> float:
        """The factor for a prediction that is shorter than its reference: 1 if it is not, 0 if it is empty."""
        if not self.prediction:
            return 0.0
        lengths = (np.array([len(side)], dtype=np.float64) for side in (self.prediction, self.reference))
        return float(_brevity_penalty(*lengths)[0])

    def __str__(self) -> str:
        lines = []
        for order, (matched, total, lacking) in enumerate(zip(self.matches, self.totals, self.lacking, strict=True), start=1):
            rest = ", ".join(" ".join(ngram) + (f" ({count} times)" if count > 1 else "") for ngram, count in lacking.items())
            lines.append(f"{order}-grams: {matched} of {total}" + (f"; not in the reference: {rest}" if rest else ""))
        lengths = f"length: {len(self.prediction)} for {len(self.reference)} in the reference"
        return "\n".join([*lines, f"{lengths}, brevity penalty {self.brevity_penalty:.4f}"])


class Bleu(CorpusTextMetric):
    """Bilingual evaluation understudy: the geometric mean of n-gram precisions over a corpus, with a brevity penalty, in percent.

    With m_n of the h_n n-grams of the predictions found in their references (each at most as often as it occurs there), and c and r
    the summed lengths of predictions and references::

        BLEU = 100 exp(min(0, 1 - r / c)) (prod over n = 1 .. order of m_n / h_n) ** (1 / order)

    It is 0 if a precision is 0, unless ``smoothing=exp`` replaces the k-th precision of 0 by 1 / (2^k h_n). It is 0 without any
    match, and if no prediction has at least ``order`` tokens. There is one reference per clip. A single clip has no value of its
    own.

    Source: Papineni, Roukos, Ward and Zhu, "BLEU", ACL 2002; as in ``mjpost/sacrebleu``, ``metrics/bleu.py``, with
    ``effective_order=False``. ``smoothing=none`` is also what ``neccam/slt``, ``signjoey/external_metrics/sacrebleu.py:
    raw_corpus_bleu`` computes (floor smoothing with a floor of 0). A record holds ``matches`` and ``totals``, int64 ``(order,)``.
    """

    name = "bleu"
    parameters = (
        Parameter("order", 4, "The length of the longest n-grams.", choices=(1, 2, 3, 4)),
        Parameter("tokenizer", "none", "sacrebleu's tokenizer of that name.", choices=("none", "13a", "zh", "char")),
        Parameter(
            "smoothing", "none", "How a precision of 0 is counted: as 0 (none), or halved each time (exp).", choices=("none", "exp")
        ),
        Parameter("lowercase", False, "Convert both sides to lower case first."),
        FINAL_PERIOD,
    )
    limits: ClassVar[Limits] = (0.0, 100.0)
    direction = "higher"
    summary = "n-gram precision over the corpus with a brevity penalty; parameters select the published reading."

    def measure(self, prediction: str, reference: str) -> Record:
        ours, theirs = self._tokens(prediction), self._tokens(reference)
        orders = range(1, self["order"] + 1)
        return counts(
            matches=[_matched(ours, theirs, order).total() for order in orders],
            totals=[max(len(ours) - order + 1, 0) for order in orders],
            prediction_length=len(ours),
            reference_length=len(theirs),
        )

    def matches(self, prediction: str, reference: str) -> NgramMatches:
        """The n-grams of a clip that occur in its reference; their counts are those of the clip's record.

        Args:
            prediction: a text.
            reference: the true text.
        """
        ours, theirs = self._tokens(self.prepared(prediction)), self._tokens(self.prepared(reference))
        orders = range(1, self["order"] + 1)
        found = tuple(_matched(ours, theirs, order) for order in orders)
        lacking = tuple(_ngrams(ours, order) - matched for order, matched in zip(orders, found, strict=True))
        return NgramMatches(tuple(ours), tuple(theirs), found, lacking)

    def _tokens(self, text: str) -> list[str]:
        cased = text.lower() if self["lowercase"] else text
        return bleu_tokenizer(self["tokenizer"])(cased.rstrip()).split()

    def clip_value(self, record: Record) -> float | None:
        return None

    def fold(self, totals: Totals) -> NDArray[np.float64]:
        matches, possible = totals["matches"], totals["totals"]
        with np.errstate(divide="ignore", invalid="ignore"):
            penalty = _brevity_penalty(totals["prediction_length"], totals["reference_length"])
            found = matches
            if self["smoothing"] == "exp":
                unmatched = (matches == 0).cumsum(axis=1)
                found = np.where(matches == 0, np.ldexp(1.0, -unmatched), matches)
            precision = np.where(possible > 0, found / possible, 0.0)
            score = 100 * penalty * exponential(logarithm(precision).mean(axis=1))
        return np.where(matches.any(axis=1), score, 0.0)


def _ngrams(tokens: list[str], order: int) -> Counter[Ngram]:
    return Counter(tuple(tokens[start : start + order]) for start in range(len(tokens) - order + 1))


def _matched(prediction: list[str], reference: list[str], order: int) -> Counter[Ngram]:
    """The n-grams of a prediction that occur in its reference, each at most as often as there."""
    return _ngrams(prediction, order) & _ngrams(reference, order)


def _brevity_penalty(prediction_length: NDArray[np.float64], reference_length: NDArray[np.float64]) -> NDArray[np.float64]:
    return exponential(np.minimum(0.0, 1 - reference_length / prediction_length))
