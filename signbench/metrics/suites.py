"""Suites: the rows of text metrics of a family of papers' tables, in their order and with their conventions."""

from __future__ import annotations

from dataclasses import dataclass

from signbench.errors import InputError, nearest


@dataclass(frozen=True)
class Row:
    """A row of a suite.

    Attributes:
        label: its name in the papers, such as ``BLEU-1``.
        metric: the metric's canonical name.
    """

    label: str
    metric: str


@dataclass(frozen=True)
class Suite:
    """Metrics that are printed together.

    Attributes:
        name: as on the command line.
        description: one sentence.
        source: the code whose conventions it follows.
        rows: in printed order.
    """

    name: str
    description: str
    source: str
    rows: tuple[Row, ...]


def _bleu(orders: range, *parameters: str) -> tuple[Row, ...]:
    """Rows of BLEU without smoothing; ``parameters`` besides the order, as on the command line."""
    rows = []
    for order in orders:
        changed = sorted([*parameters, *([f"order={order}"] if order != 4 else [])])
        rows.append(Row(f"BLEU-{order}", f"bleu:{','.join(changed)}" if changed else "bleu"))
    return tuple(rows)


_SUITES = {
    suite.name: suite
    for suite in (
        Suite(
            "slt",
            "German text of PHOENIX-2014-T as scored by Sign Language Transformers: every sentence ends in a separate full stop.",
            "neccam/slt, signjoey/metrics.py and prediction.py",
            (
                *_bleu(range(1, 5), "final_period=append"),
                Row("CHRF", "chrf:final_period=append"),
                Row("ROUGE", "rouge-l:final_period=append"),
            ),
        ),
        Suite(
            "slrtp",
            "Back-translated text as scored by the SLRTP 2025 challenge, with full stops unchanged.",
            "walsharry/SLRTP-Sign-Production-Evaluation, main.py and metrics.py",
            (*_bleu(range(1, 5)), Row("chrF", "chrf"), Row("ROUGE", "rouge-l"), Row("WER", "wer:cleaning=slrtp")),
        ),
        Suite(
            "gfslt",
            "German text of PHOENIX-2014-T as scored by GFSLT-VLP: no full stop; BLEU-4 by sacrebleu, the rest by nlg-eval.",
            "zhoubenjia/GFSLT-VLP, train_slt.py: evaluate; Maluuba/nlg-eval",
            (
                *_bleu(range(1, 4), "final_period=strip"),
                Row("BLEU-4", "bleu:final_period=strip,smoothing=exp,tokenizer=13a"),
                Row("ROUGE", "rouge-l:final_period=strip"),
            ),
        ),
        Suite(
            "csl-daily",
            "Chinese text of CSL-Daily character by character, including punctuation, as scored by TwoStream-SLT.",
            "FangyunWei/SLRT, TwoStreamNetwork/utils/metrics.py with level: char",
            (Row("ROUGE", "rouge-l:tokenizer=char,variant=nslt"), *_bleu(range(1, 5), "tokenizer=char")),
        ),
    )
}


def known() -> list[str]:
    """Names of all suites."""
    return list(_SUITES)


def suite(name: str) -> Suite:
    """The suite with the given name.

    Raises:
        InputError: there is none; the message suggests the nearest.
    """
    if name not in _SUITES:
        raise InputError(f"there is no suite {name}. {nearest(name, known())}")
    return _SUITES[name]
