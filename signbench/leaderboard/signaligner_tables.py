"""Tables 1 to 5 of SignAligner's paper, row for row, next to the rows of the same models on the leaderboard of SynthSign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from signbench.leaderboard.beside_papers import ABSENT, measured, printed_rows, with_interval
from signbench.leaderboard.published import Row
from signbench.runs.result import Score

_SPLIT = "test"
_BLEU = {f"bleu:order={order}": (f"BLEU-{order}", 2) for order in (1, 2, 3, 4)}
_ROUGE = {"rouge-l": ("ROUGE", 2)}
_PICTURES = {"ssim": ("SSIM", 3), "psnr": ("PSNR", 2), "fid": ("FID", 2)}
_SHORT = {name: _BLEU[name] for name in ("bleu:order=1", "bleu:order=4")}


@dataclass(frozen=True)
class _Part:
    """Rows of a table.

    Attributes:
        title: of the table here.
        table: as the paper calls it.
        printed: the task with the paper's rows.
        own: the task of SynthSign with ours.
        judge: whose answers our texts are compared with.
        columns: metric -> column and digits.
        generators: row of the paper -> generator, as its card names it.
    """

    title: str
    table: str
    printed: str
    own: str
    judge: str
    columns: Mapping[str, tuple[str, int]]
    generators: Mapping[str, str]


def _ceiling(task: str, judge: str, row: str) -> _Part:
    title = "SignAligner, Table 1: what judges read in the references"
    return _Part(title, "Table 1", task, task, judge, {**_BLEU, **_ROUGE}, {row: "ground-truth"})


PARTS = (
    _ceiling("text-to-pose", "nslt", "Pose"),
    _ceiling("text-to-hamer", "gfslt", "Hamer"),
    _ceiling("text-to-smplx", "gfslt", "Simplerx"),
    _ceiling("text-to-video", "gfslt", "Video"),
    _Part(
        "SignAligner, Table 2: text to video",
        "Table 2",
        "text-to-video",
        "text-to-video",
        "gfslt",
        {**_SHORT, **_ROUGE, **_PICTURES},
        {"PTSLP + RealisDance †": "progressive-transformers:stage=video", "SignAligner (Ours)": "signaligner:stage=video"},
    ),
    _Part(
        "SignAligner, Table 3: ablations of text to video; here there is no correction without co-generation",
        "Table 3",
        "text-to-video",
        "text-to-video",
        "gfslt",
        {**_SHORT, **_ROUGE, **_PICTURES},
        {
            "w/o co-gen": "signaligner:stage=video,co_gen=false",
            "w/o OCC": "signaligner:stage=video,occ=false",
            "Full (Ours)": "signaligner:stage=video",
        },
    ),
    _Part(
        "SignAligner, Table 4: text to pose",
        "Table 4",
        "text-to-pose",
        "text-to-pose",
        "nslt",
        {**_SHORT, **_ROUGE, "wer": ("WER", 2)},
        {"PTSLP": "progressive-transformers", "Ours": "signaligner"},
    ),
    *(
        _Part(
            f"SignAligner, Table 5: text to {stream}",
            "Table 5",
            f"text-to-{stream}",
            f"text-to-{stream}",
            "gfslt",
            {"bleu:order=1": _BLEU["bleu:order=1"], **_ROUGE, **_PICTURES},
            {"PTSLP": f"progressive-transformers:stage={stream}", "Ours": f"signaligner:stage={stream}"},
        )
        for stream in ("hamer", "smplx")
    ),
)
"""The parts of the tables. Rows of models that are not built in have no numbers of SynthSign."""


def signaligner_tables() -> dict[str, list[dict[str, str]]]:
    """The rows of the tables by title; a row has texts by column.

    The columns of the paper have its numbers on PHOENIX14T+, through its authors' NSLT and GFSLT; the others those of the
    leaderboard's rows on SynthSign's test split, through the shipped ones, with 95 % intervals. They are not comparable: only the
    differences between rows are. Table 4's other rows are, in their own papers, of poses from glosses; its WER is here that of the
    glosses that SLT reads.

    Raises:
        InputError: an entry of the leaderboard is damaged.
    """
    tables: dict[str, list[dict[str, str]]] = {}
    for part in PARTS:
        wanted = {generator: generator for generator in part.generators.values()}
        own = dict(measured(f"synthsign/{part.own}", _SPLIT, wanted))
        for row in printed_rows(f"phoenix14t-plus/{part.printed}", part.table):
            generator = part.generators.get(row.row)
            if part.table == "Table 1" and generator is None:
                continue
            line = {"row": row.row if row.split is None else f"{row.row}, {row.split}"}
            line |= {f"{column} (paper)": _printed(row, metric) for metric, (column, _) in part.columns.items()}
            # the split of the leaderboard's rows is test
            scores = own.get(generator or "") if row.split in (None, _SPLIT) else None
            line |= {column: _own(scores, metric, part.judge, digits) for metric, (column, digits) in part.columns.items()}
            line["generator"] = generator or ""
            tables.setdefault(part.title, []).append(line)
    return tables


def _printed(row: Row, metric: str) -> str:
    return next((value for name, value in row.values.items() if name.partition("@")[0] == metric and value is not None), "")


def _own(scores: tuple[Score, ...] | None, metric: str, judge: str, digits: int) -> str:
    names = {metric, f"{metric}@{judge}"}
    if metric == "bleu:order=4":
        names.add(f"bleu@{judge}")  # the default order
    if metric == "wer":
        names.add("wer@slt.gloss")  # SynthSign's task measures no other
    found = next((score for score in scores or () if score.metric in names), None)
    return ABSENT if found is None else with_interval(found.value, found.interval, digits)
