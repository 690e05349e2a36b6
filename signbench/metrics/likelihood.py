"""The likelihood of the corpus's text, given the production, according to a judge of text."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from signbench.metrics.base import Direction, Limits, MeanOfClips, Record, Recorder, View
from signbench.metrics.pairs import LikelihoodPair, Pair


class LogLikelihood(MeanOfClips):
    """Mean over clips of ``log p(text | production)`` per token, in nats, according to a judge of text; 0 is certainty.

    The text is the corpus's, given to the judge's decoder token by token, including the end of the sentence. Of the metrics based
    on back-translation it agreed best with deaf raters in arXiv 2510.07453. It can only be measured through a judge:
    ``likelihood@JUDGE``.

    A record holds ``log_probability`` (float64, 0-d) and ``tokens`` (int64, 0-d). A missing production is left out and counted.
    """

    name = "likelihood"
    direction: ClassVar[Direction] = "higher"
    view: ClassVar[View] = "likelihood"
    pairs_frames: ClassVar[bool] = False
    limits: ClassVar[Limits] = (None, 0.0)
    summary = "Log-likelihood per token of the corpus's text, given the production; through a judge of text."

    @property
    def unit(self) -> str:
        return "nats"

    def recorder(self) -> Recorder:
        return _LikelihoodRecorder()

    def clip_value(self, record: Record) -> float:
        return float(record["log_probability"]) / int(record["tokens"])


class _LikelihoodRecorder:
    def __init__(self) -> None:
        self._record: Record = {}

    def update(self, pair: Pair) -> None:
        if not isinstance(pair, LikelihoodPair):
            raise TypeError(f"the metric likelihood takes the output of a judge, not {type(pair).__name__}")
        if pair.tokens < 1:
            raise ValueError("a text must have at least one token, the end of the sentence")
        self._record = {"log_probability": np.array(pair.log_probability), "tokens": np.array(pair.tokens)}

    def finish(self) -> Record:
        if not self._record:
            raise ValueError("there is no likelihood of the clip")
        return self._record
