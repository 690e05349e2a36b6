"""Tables 1 and 2 of RuSignBot's paper, row for row, next to the rows of the same models on the leaderboard."""

from __future__ import annotations

from collections.abc import Mapping

from signbench.leaderboard.beside_papers import measured, of_paper, printed_rows, shown

TABLE_1, TABLE_2 = "RuSignBot, Table 1", "RuSignBot, Table 2"

MODELS: Mapping[str, str] = {"Original MimicMotion": "mimicmotion-base", "SLG MimicMotion (Ours)": "mimicmotion"}
"""The reference model that stands for each row of Table 1."""

_PAPER = "slovo/word-to-video"
_OWN = ("synthsign/word-to-video", "word-sample")
_COLUMNS = {"ssim": ("SSIM", 4), "psnr": ("PSNR", 2), "ape": ("APE", 2)}
_OF_SYNTHSIGN = {**_COLUMNS, "accuracy": ("accuracy", 3)}
_OF_PACKS = {"ssim": ("SSIM", 3), "psnr": ("PSNR", 2)}
# a generator's own model is not named on its card
_GENERATORS = {"rusignbot": "mimicmotion", "rusignbot:checkpoint=mimicmotion-base": "mimicmotion-base"}


def rusignbot_tables() -> dict[str, list[dict[str, str]]]:
    """The rows of both tables by their titles; a row has texts by column.

    The columns of the paper have its numbers on Slovo. In Table 1 the others are those of the leaderboard's rows on SynthSign's
    words, with 95 % intervals: not comparable, only the differences between rows are; APE is in pixels of 128 x 128 there. In
    Table 2 they are those of rows on Slovo's packs. SUS is measured by people: ``signbench study``.

    Raises:
        InputError: an entry of the leaderboard is damaged.
    """
    own = dict(measured(*_OWN, _GENERATORS))
    first = []
    for row in printed_rows(_PAPER, "Table 1"):
        model = MODELS[row.row]
        first.append(
            {
                "row": row.row,
                **{f"{column} (paper)": of_paper(row, metric) for metric, (column, _) in _COLUMNS.items()},
                **{column: shown(own.get(model), metric, digits) for metric, (column, digits) in _OF_SYNTHSIGN.items()},
                "model": model,
            }
        )
    second = []
    for row in printed_rows(_PAPER, "Table 2"):
        packs = {} if row.split is None else dict(measured(_PAPER, row.split, _GENERATORS))
        second.append(
            {
                "row": row.row,
                "SUS (paper)": of_paper(row, "sus"),
                **{f"{column} (paper)": of_paper(row, metric) for metric, (column, _) in _OF_PACKS.items()},
                **{column: shown(packs.get("mimicmotion"), metric, digits) for metric, (column, digits) in _OF_PACKS.items()},
                "model": "mimicmotion",
            }
        )
    return {TABLE_1: first, TABLE_2: second}
