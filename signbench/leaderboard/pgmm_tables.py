"""Table 4 of PGMM's paper, row for row, next to the rows of the same models on synthsign/reconstruction."""

from __future__ import annotations

from collections.abc import Mapping

from signbench.leaderboard.beside_papers import measured, of_paper, printed_rows, shown

TITLE = "PGMM, Table 4"
MODELS: Mapping[str, str] = {
    "baseline": "tpsmm",
    "+pose": "pgmm-sum",
    "+PFM": "pgmm-fusion",
    "+PFM, L_p": "pgmm-fusion-distance",
    "+PFM, L_align": "pgmm-fusion-alignment",
    "Full Model": "pgmm",
}
"""The reference model that stands for each row."""

_PAPER = ("phoenix14t/reconstruction", "Table 4", "test")
_OWN = ("synthsign/reconstruction", "test")
_COLUMNS = {"l1": "L1", "ssim": "SSIM", "lpips": "LPIPS", "fvd": "FVD", "tcd": "TCD", "wer": "WER"}
_DIGITS = {"fvd": 1, "wer": 1}
# a generator's own model is not named on its card
_GENERATORS = {model if model in ("pgmm", "tpsmm") else f"pgmm:checkpoint={model}": model for model in MODELS.values()}


def pgmm_tables() -> dict[str, list[dict[str, str]]]:
    """The rows of the table by its title; a row has texts by column.

    The columns of the paper have its numbers on PHOENIX14T, the others those of the leaderboard's rows on SynthSign's test split,
    with 95 % intervals. They are not comparable: only the differences between rows are.

    Raises:
        InputError: an entry of the leaderboard is damaged.
    """
    task, table, split = _PAPER
    printed = {row.row: row for row in printed_rows(task, table) if row.split == split}
    own = dict(measured(*_OWN, _GENERATORS))
    rows = []
    for name, model in MODELS.items():
        line = {"row": name}
        line |= {f"{column} (paper)": of_paper(printed[name], metric) for metric, column in _COLUMNS.items()}
        line |= {column: shown(own.get(model), metric, _DIGITS.get(metric, 4)) for metric, column in _COLUMNS.items()}
        line["model"] = model
        rows.append(line)
    return {TITLE: rows}
