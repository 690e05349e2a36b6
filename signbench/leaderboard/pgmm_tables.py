"""Table 4 of PGMM's paper, row for row, next to the rows of the same models on synthsign/reconstruction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from signbench.leaderboard.entries import ENTRY, entry_locations, read_card, read_entry_result
from signbench.leaderboard.published import Row, published
from signbench.runs.result import Score
from signbench.runs.tables import number

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
_ABSENT = "not measured"


def pgmm_tables() -> dict[str, list[dict[str, str]]]:
    """The rows of the table by its title; a row has texts by column.

    The columns of the paper have its numbers on PHOENIX14T, the others those of the leaderboard's rows on SynthSign's test split,
    with 95 % intervals. They are not comparable: only the differences between rows are.

    Raises:
        InputError: an entry of the leaderboard is damaged.
    """
    task, table, split = _PAPER
    printed = {row.row: row for one in published(task) if one.source.table == table for row in one.rows if row.split == split}
    own = dict(_measured())
    rows = []
    for name, model in MODELS.items():
        line = {"row": name}
        line |= {f"{column} (paper)": _of_paper(printed[name], metric) for metric, column in _COLUMNS.items()}
        scores = own.get(model)
        line |= {column: _ABSENT if scores is None else _shown(scores, metric) for metric, column in _COLUMNS.items()}
        line["model"] = model
        rows.append(line)
    return {TITLE: rows}


def _measured() -> Iterator[tuple[str, tuple[Score, ...]]]:
    """The scores of each model whose generator has a row."""
    task, split = _OWN
    # a generator's own model is not named on its card
    names = {model if model in ("pgmm", "tpsmm") else f"pgmm:checkpoint={model}": model for model in MODELS.values()}
    for location in entry_locations():
        if (location.task, location.split) != (task, split):
            continue
        generator = read_card(location.folder / ENTRY).generator
        if generator is not None and (model := names.get(str(generator["name"]))) is not None:
            yield model, tuple(read_entry_result(location.folder).scores)


def _of_paper(row: Row, metric: str) -> str:
    return next((value for name, value in row.values.items() if _plain(name) == metric and value is not None), "")


def _shown(scores: tuple[Score, ...], metric: str) -> str:
    found = next((score for score in scores if _plain(score.metric) == metric and score.value is not None), None)
    if found is None:
        return _ABSENT
    digits = _DIGITS.get(metric, 4)
    value = number(found.value, digits)
    if found.interval is None:
        return value
    return f"{value} [{number(found.interval[0], digits)}, {number(found.interval[1], digits)}]"


def _plain(metric: str) -> str:
    """The metric without parameters and judge."""
    return metric.partition("@")[0].partition(":")[0]
