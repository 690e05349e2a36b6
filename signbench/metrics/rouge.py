"""ROUGE-L, in the three published readings of ROUGE."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from signbench.metrics.base import Limits, MeanOfClips, Parameter, Record
from signbench.metrics.text import FINAL_PERIOD, TextMetric, counts
from signbench.metrics.text_alignment import Alignment
from signbench.metrics.text_normalisation import characters, unicode_words

_TOKENIZERS: dict[str, Callable[[str], list[str]]] = {"none": str.split, "words": unicode_words, "char": characters}


class RougeL(TextMetric, MeanOfClips):
    """ROUGE-L: F-score of the longest common subsequence of tokens, sentence by sentence, in percent; then the mean over clips.

    With l the length of the longest common subsequence, P = l / (tokens of the prediction) and R = l / (tokens of the reference)::

        ROUGE-L = 100 (1 + b²) P R / (R + b² P)

    - ``mscoco``: b = 1.2. ``neccam/slt``, ``signjoey/external_metrics/mscoco_rouge.py``; the SLRTP challenge; ``nlg-eval``.
    - ``nslt``: b = P / R. ``neccam/nslt``, ``nslt/scripts/rouge.py``; ``FangyunWei/SLRT``, ``utils/external_metrics/Rouge.py``.
    - ``f1``: b = 1. The ``rouge-score`` package and ROUGE-1.5.5 with their default weights.

    A clip in which one side is empty has the value 0, so a missing production is 0. Source: Lin, "ROUGE: a package for automatic
    evaluation of summaries", 2004. A record holds ``common``, the number l.
    """

    name = "rouge-l"
    parameters = (
        Parameter(
            "variant",
            "mscoco",
            "The weight of recall: 1.2 squared, P/R squared, or equal to precision.",
            choices=("mscoco", "nslt", "f1"),
        ),
        Parameter(
            "tokenizer",
            "none",
            "Tokens are separated by white space (none), Unicode words without punctuation (words), or code points (char).",
            choices=("none", "words", "char"),
        ),
        FINAL_PERIOD,
    )
    limits: ClassVar[Limits] = (0.0, 100.0)
    direction = "higher"
    summary = "F-score of the longest common subsequence of tokens; three variants with different weights of recall."

    def measure(self, prediction: str, reference: str) -> Record:
        from signbench.metrics.token_alignment import longest_common_subsequence

        ours, theirs = self._compared(prediction, reference)
        return counts(common=longest_common_subsequence(ours, theirs), prediction_length=len(ours), reference_length=len(theirs))

    def alignment(self, prediction: str, reference: str) -> Alignment:
        """An alignment whose equal tokens are the longest common subsequence; their number is ``common`` in the clip's record.

        Args:
            prediction: a text.
            reference: the true text.
        """
        from signbench.metrics.token_alignment import common_alignment

        return common_alignment(*self._compared(self.prepared(prediction), self.prepared(reference)))

    def _compared(self, prediction: str, reference: str) -> tuple[list[str], list[str]]:
        """The tokens of both sides."""
        tokens = _TOKENIZERS[self["tokenizer"]]
        return tokens(prediction), tokens(reference)

    def clip_value(self, record: Record) -> float:
        common, made, there = (float(record[field]) for field in ("common", "prediction_length", "reference_length"))
        if common == 0:
            return 0.0
        precision, recall = common / made, common / there
        beta = {"mscoco": 1.2, "nslt": precision / recall, "f1": 1.0}[self["variant"]]
        square = beta * beta
        return 100 * (1 + square) * precision * recall / (recall + square * precision)

    def missing(self) -> Record | None:
        return counts(common=0, prediction_length=0, reference_length=0)
