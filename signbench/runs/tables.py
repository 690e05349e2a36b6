"""A result as a table: for the terminal, for notebooks, and for papers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any, Literal

from signbench import markup
from signbench.runs.result import Result, Score
from signbench.spreadsheets import inert

TableFormat = Literal["table", "json", "csv", "markdown", "latex"]
ARROWS = {"higher": "↑", "lower": "↓", "reference": "→"}
"""Which way is better, by direction."""

_UNDEFINED = "-"
_SHOWN_SURPLUS = 0.0005
_LARGE = 1e7


def decimals_of(*values: float | None) -> int:
    """Decimals that scores are printed with: four for small numbers, as the field prints them, fewer for large ones."""
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    return 4 if largest < 10 else 3 if largest < 100 else 2


def digits(score: Score) -> int:
    """Decimals that a score and what stands beside it are printed with."""
    return decimals_of(score.value, *(score.interval or ()))


def number(value: float | None, decimals: int) -> str:
    """A number with fixed decimals; a dash where there is none.

    As a power of ten where the decimals would hide it, and from 10,000,000 on.
    """
    if value is None:
        return _UNDEFINED
    if abs(value) >= _LARGE:
        return f"{value:.4e}"
    hidden = value != 0 and abs(value) < 5 * 10.0**-decimals
    return f"{value:.2e}" if hidden else f"{value:.{decimals}f}"


def spanned(value: float | None, interval: tuple[float, float] | None) -> str:
    """A number with its interval in brackets."""
    decimals = decimals_of(value, *(interval or ()))
    if interval is None:
        return number(value, decimals)
    return f"{number(value, decimals)} [{number(interval[0], decimals)}, {number(interval[1], decimals)}]"


def cells(score: Score) -> dict[str, str]:
    """What a row of a printed table shows: each cell as text."""
    decimals = digits(score)
    low, high = score.interval or (None, None)
    beside = []
    if score.std is not None:
        beside.append(f"std {number(score.std, decimals)}")
    if score.reference_value is not None:
        beside.append(f"reference {number(score.reference_value, decimals)}")
    if score.seen is not None:
        beside.append(f"seen {score.seen:.3f}")
    if score.surplus is not None and score.surplus >= _SHOWN_SURPLUS:
        beside.append(f"surplus {score.surplus:.3f}")
    if score.duration_ratio is not None:
        beside.append(f"duration {score.duration_ratio:.2f}")
    if score.pixels is not None and score.signature is not None and f"|pixels:{score.pixels}|" not in score.signature:
        beside.append(f"pixels {score.pixels}")
    if score.samples is not None:
        beside.append(f"{score.samples[0]} against {score.samples[1]} vectors")
    return {
        "row": score.label or "",
        "metric": f"{score.metric} {ARROWS[score.direction]}",
        "value": number(score.value, decimals),
        "95 % interval": f"[{number(low, decimals)}, {number(high, decimals)}]" if score.interval else _UNDEFINED,
        "unit": "" if score.unit == "1" else score.unit,
        "clips": f"{score.clips} ({score.coverage:.0%})",
        "beside it": ", ".join(beside),
    }


def rows_of(result: Result) -> list[dict[str, str]]:
    """The cells of all scores, without the columns in which nothing stands."""
    rows = [cells(score) for score in result.scores]
    empty = {name for name in ("row", "beside it") if not any(row[name] for row in rows)}
    return [{name: cell for name, cell in row.items() if name not in empty} for row in rows]


def as_markdown(result: Result) -> str:
    """A GitHub-flavoured Markdown table, followed by the signatures."""
    lines = markup.markdown_table(rows_of(result))
    lines += ["", *(f"- {markup.markdown_code(text)}" for text in result.signatures.values())]
    return "\n".join(_tainted(result) + lines) + "\n"


def as_latex(result: Result) -> str:
    """A LaTeX table in the style of booktabs, with the signatures as comments."""
    lines = [markup.latex_comment(line) for line in _tainted(result)]
    lines += [markup.latex_comment(text) for text in result.signatures.values()]
    lines += [r"\begin{tabular}{lrrr}", r"\toprule", r"Metric & Value & 95\,\% interval & Clips \\", r"\midrule"]
    for score in result.scores:
        decimals = digits(score)
        value = number(score.value, decimals)
        if score.std is not None:
            value += f" ± {number(score.std, decimals)}"
        span = f"[{number(score.interval[0], decimals)}, {number(score.interval[1], decimals)}]" if score.interval else "--"
        lines.append(markup.latex_row([f"{score.label or score.metric} {ARROWS[score.direction]}", value, span, f"{score.clips}"]))
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def as_csv(result: Result) -> str:
    """One row per metric with unrounded numbers, RFC 4180; what is not there is empty."""
    stream = io.StringIO()
    columns = [
        "metric",
        "label",
        "value",
        "low",
        "high",
        "std",
        "unit",
        "direction",
        "clips",
        "coverage",
        "reference_value",
        "seen",
        "surplus",
    ]
    columns += ["duration_ratio", "subset", "signature"]
    writer = csv.DictWriter(stream, columns, lineterminator="\r\n")
    writer.writeheader()
    for score in result.scores:
        low, high = score.interval or (None, None)
        row: dict[str, Any] = {name: getattr(score, name) for name in columns if hasattr(score, name)}
        row |= {"low": low, "high": high, "subset": "yes" if result.subset else ""}
        writer.writerow({name: inert(value) for name, value in row.items()})
    return stream.getvalue()


def as_json(result: Result, **beside: object) -> str:
    """The result's own document, with what is known beside it (the run's folder, the provenance)."""
    return json.dumps({**result.as_json(), **beside}, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def per_clip_parquet(columns: Sequence[str], rows: Sequence[tuple[str, str, float | None, str | None]]) -> bytes:
    """The rows of :func:`signbench.runs.fold.per_clip_rows` as a Parquet file."""
    import pyarrow as arrow
    from pyarrow import parquet

    kinds = [arrow.string(), arrow.string(), arrow.float64(), arrow.string()]
    content = [arrow.array([row[place] for row in rows], kind) for place, kind in enumerate(kinds)]
    stream = io.BytesIO()
    parquet.write_table(arrow.Table.from_arrays(content, names=list(columns)), stream)
    return stream.getvalue()


def _tainted(result: Result) -> list[str]:
    if result.subset is None:
        return []
    what = f"the first {result.subset.limit} clips" if result.subset.limit else f"{len(result.subset.clips or ())} chosen clips"
    return [f"A subset: {what}. Not for leaderboards or baselines.", ""]
