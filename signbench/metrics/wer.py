"""Word, gloss and character error rate."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.metrics.base import Limits, Parameter, Record
from signbench.metrics.phoenix_cleaning import phoenix14, phoenix14t, without_repeats
from signbench.metrics.text import CorpusTextMetric, Totals, counts
from signbench.metrics.text_alignment import Alignment

# Substitution, deletion, insertion; and whether an insertion is preferred to a deletion of equal cost.
_COSTS = {"unit": (1, 1, 1, True), "signjoey": (4, 3, 3, True), "corrnet": (4, 3, 3, False)}


class Wer(CorpusTextMetric):
    """Word error rate: substitutions, deletions and insertions over the tokens of the references, over a corpus, in percent.

    The operations are those of the cheapest alignment of a clip's two sides:

    - ``unit``: every operation costs 1; the Levenshtein distance, as ``jitsi/jiwer`` computes it.
    - ``signjoey``: a substitution costs 4, deletion and insertion 3; then the *number* of operations is counted. On a tie, walking
      back from the end, a substitution is preferred to an insertion, and that to a deletion. ``neccam/slt``, ``signjoey/metrics.py:
      wer_list``, without its overflow beyond 85 tokens.
    - ``corrnet``: the same costs; on a tie a deletion is preferred to an insertion. Only the prediction is cleaned, gloss by gloss,
      and its immediate repetitions are merged; the reference is left unchanged. ``hulianyuyy/CorrNet``,
      ``evaluation/slr_eval/python_wer_evaluation.py: get_wer_delsubins`` with ``merge_same=True``.

    An empty prediction costs a deletion per token of its reference. A clip with an empty reference has no value of its own, but its
    insertions count in the corpus; without any token in the references the score is undefined. A record holds ``substitutions``,
    ``deletions`` and ``insertions``.
    """

    name = "wer"
    parameters = (
        Parameter("variant", "unit", "Which alignment it is.", choices=("unit", "signjoey", "corrnet")),
        Parameter(
            "cleaning",
            "none",
            "How both sides are cleaned first (variant=corrnet: only the prediction).",
            choices=("none", "phoenix14", "phoenix14t", "slrtp"),
        ),
        Parameter(
            "level",
            "word",
            "Tokens are separated by white space (word), or code points including spaces (char).",
            choices=("word", "char"),
        ),
    )
    limits: ClassVar[Limits] = (0.0, None)
    direction = "lower"
    summary = "Errors of the best alignment over the length of the references, for words, glosses or characters."

    def check(self) -> None:
        if self["variant"] == "corrnet" and self["level"] == "char":
            raise InputError("metric wer: variant=corrnet merges repeated glosses, so it cannot be combined with level=char.")
        if self["variant"] == "corrnet" and self["cleaning"] == "slrtp":
            raise InputError(
                "metric wer: variant=corrnet cleans only the prediction, but cleaning=slrtp is for both sides; use variant=unit."
            )

    def measure(self, prediction: str, reference: str) -> Record:
        from signbench.metrics.token_alignment import EditCosts, edit_counts

        ours, theirs = self._compared(prediction, reference)
        substitutions, deletions, insertions = edit_counts(ours, theirs, EditCosts(*_COSTS[self["variant"]]))
        return counts(
            substitutions=substitutions,
            deletions=deletions,
            insertions=insertions,
            prediction_length=len(ours),
            reference_length=len(theirs),
        )

    def alignment(self, prediction: str, reference: str) -> Alignment:
        """The alignment whose operations are a clip's errors; their counts are those of the clip's record.

        Args:
            prediction: a text.
            reference: the true text.
        """
        from signbench.metrics.token_alignment import EditCosts, cheapest_alignment

        tokens = self._compared(self.prepared(prediction), self.prepared(reference))
        return cheapest_alignment(*tokens, EditCosts(*_COSTS[self["variant"]]))

    def _compared(self, prediction: str, reference: str) -> tuple[list[str], list[str]]:
        """The tokens of both sides."""
        clean = _CLEANINGS[self["cleaning"]]
        if self["variant"] == "corrnet":
            ours = without_repeats([word for gloss in prediction.split() for word in clean(gloss).split()])
            return ours, reference.split()
        return self._tokens(clean(prediction)), self._tokens(clean(reference))

    def _tokens(self, text: str) -> list[str]:
        words = text.split()
        return words if self["level"] == "word" else list(" ".join(words))

    def clip_value(self, record: Record) -> float | None:
        return self.of_one(record)

    def fold(self, totals: Totals) -> NDArray[np.float64]:
        errors = totals["substitutions"] + totals["deletions"] + totals["insertions"]
        length = totals["reference_length"]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(length > 0, 100 * errors / length, np.nan)


@cache
def _slrtp_transforms() -> tuple[Callable[[str], str], ...]:
    import jiwer

    names = ("ExpandCommonEnglishContractions", "ToLowerCase", "RemoveMultipleSpaces", "Strip", "RemovePunctuation")
    return tuple(getattr(jiwer, name)() for name in names)


def _slrtp(text: str) -> str:
    """The challenge's transforms (``walsharry/SLRTP-Sign-Production-Evaluation``, ``metrics.py: wer``), in its order."""
    for transform in _slrtp_transforms():
        text = transform(text)
    return text


_CLEANINGS: dict[str, Callable[[str], str]] = {"none": str, "phoenix14": phoenix14, "phoenix14t": phoenix14t, "slrtp": _slrtp}
