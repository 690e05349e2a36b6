"""A result as a table: for the terminal, for notebooks, and for papers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Literal

from signbench import markup
from signbench.runs.result import Judged, Level, Result, Score
from signbench.tables import Table, Value

ARROWS = {"higher": "↑", "lower": "↓", "reference": "→"}
"""Arrows by direction."""

UNDEFINED = "-"
"""Shown instead of a missing number."""

_SHOWN_SURPLUS = 0.0005
_LARGE = 1e7
_CSV_FIELDS = (
    *("metric", "label", "value", "low", "high", "std", "unit", "direction", "clips", "coverage"),
    *("reference_value", "seen", "surplus", "duration_ratio"),
)
"""The fields of a score in the CSV of one run; that of several runs has all of :func:`score_fields`."""


def decimals_of(*values: float | None) -> int:
    """The number of printed decimals: four for small numbers, as in papers, fewer for large ones."""
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    return 4 if largest < 10 else 3 if largest < 100 else 2


def digits(score: Score) -> int:
    """The number of printed decimals of a score and its accompanying values."""
    return decimals_of(score.value, *(score.interval or ()))


def number(value: float | None, decimals: int) -> str:
    """A number with fixed decimals; a dash if there is none.

    Written as a power of ten if the decimals would hide it, and from 10,000,000 on.
    """
    if value is None:
        return UNDEFINED
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


@dataclass(frozen=True)
class ScoreColumn:
    """A column of every table of scores. To add another one, extend :data:`SCORE_COLUMNS`.

    Attributes:
        name: its header.
        text: the displayed text of a score.
        numeric: whether it holds numbers, which are right-aligned.
        optional: whether it is left out if it is empty for all scores.
        in_latex: whether LaTeX shows it in addition to metric, value, interval and clips, which it formats differently.
        side_by_side: whether it has a column for each metric if several runs share a table.
        of_judges: whether it is about scores through judges; a terminal that is too narrow has a sentence below the table instead.
        fields: the names of its columns in CSV, with their values. Optional columns that are left out have none.
    """

    name: str
    text: Callable[[Score], str]
    _: KW_ONLY
    numeric: bool = False
    optional: bool = False
    in_latex: bool = False
    side_by_side: bool = False
    of_judges: bool = False
    fields: Mapping[str, Callable[[Score], Value]] = field(default_factory=dict)

    def of(self, scores: Iterable[Score]) -> bool:
        """Whether the column is shown in a table of these scores."""
        return not self.optional or any(self.text(score) for score in scores)


def heading(score: Score) -> str:
    """The metric and its direction."""
    return f"{score.metric} {ARROWS[score.direction]}"


def interval_text(score: Score, none: str = UNDEFINED) -> str:
    """The interval in brackets, with the decimals of the score."""
    if score.interval is None:
        return none
    decimals = digits(score)
    return f"[{number(score.interval[0], decimals)}, {number(score.interval[1], decimals)}]"


def beside_it(score: Score) -> str:
    """Accompanying values: the spread, the references' own value, the share of points that were seen."""
    decimals = digits(score)
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
    return ", ".join(beside)


def levels_text(ceiling: Level, chance: Level) -> str:
    """What a score through a judge is read against, as the end of a sentence."""
    texts = (spanned(level.value, level.interval) for level in (ceiling, chance))
    return "the judge's ceiling is {}, its chance level {}".format(*texts)


def judged_text(judged: Judged) -> str:
    """The same, and where the score lies between the two levels."""
    between = between_text(judged.between)
    lies = f"; the score lies at {between} of the way from chance to ceiling" if between else ""
    return f"{levels_text(judged.ceiling, judged.chance)}{lies}"


def between_text(between: float | None) -> str:
    """The position of a score between chance level and ceiling; empty if there is none."""
    return "" if between is None else f"{between:.2f}"


def _level_column(name: Literal["ceiling", "chance"]) -> ScoreColumn:
    """The column of the ceiling or of the chance level of scores through a judge."""

    def level(score: Score) -> Level | None:
        return None if score.judged is None else getattr(score.judged, name)

    def end(score: Score, index: int) -> float | None:
        found = level(score)
        return None if found is None or found.interval is None else found.interval[index]

    return ScoreColumn(
        name,
        lambda score: "" if (found := level(score)) is None else spanned(found.value, found.interval),
        numeric=True,
        optional=True,
        in_latex=True,
        of_judges=True,
        fields={
            name: lambda score: None if (found := level(score)) is None else found.value,
            f"{name}_low": lambda score: end(score, 0),
            f"{name}_high": lambda score: end(score, 1),
        },
    )


SCORE_COLUMNS: tuple[ScoreColumn, ...] = (
    ScoreColumn("row", lambda score: score.label or "", optional=True),
    ScoreColumn("metric", heading),
    ScoreColumn("value", lambda score: number(score.value, digits(score)), numeric=True),
    ScoreColumn("95 % interval", interval_text, numeric=True),
    _level_column("ceiling"),
    _level_column("chance"),
    ScoreColumn(
        "between",
        lambda score: "" if score.judged is None else between_text(score.judged.between),
        numeric=True,
        optional=True,
        in_latex=True,
        of_judges=True,
        side_by_side=True,
        fields={"between": lambda score: None if score.judged is None else score.judged.between},
    ),
    ScoreColumn("unit", lambda score: "" if score.unit == "1" else score.unit),
    ScoreColumn("clips", lambda score: f"{score.clips} ({score.coverage:.0%})", numeric=True),
    ScoreColumn("beside it", beside_it, optional=True),
)
"""The columns of a table of scores, from left to right. Every score has metric, value and interval."""


def table_of(result: Result, *, of_judges: bool = True) -> Table:
    """The scores of a run, without empty columns.

    Args:
        result: of the run.
        of_judges: with the columns about scores through judges.
    """
    shown = [column for column in SCORE_COLUMNS if column.of(result.scores) and (of_judges or not column.of_judges)]
    rows = [{column.name: column.text(score) for column in shown} for score in result.scores]
    return Table.of(rows, [column.name for column in shown], right=[column.name for column in shown if column.numeric])


def as_markdown(result: Result) -> str:
    """A GitHub-flavoured Markdown table, followed by the signatures."""
    lines = [*_tainted(result), *table_of(result).markdown(), "", *signature_items(result.signatures.values())]
    return "\n".join(lines) + "\n"


def signature_items(signatures: Iterable[str]) -> list[str]:
    """Signatures as a list in Markdown."""
    return [f"- {markup.markdown_code(text)}" for text in signatures]


def as_latex(result: Result) -> str:
    """A LaTeX table in the style of booktabs, with the signatures as comments."""
    lines = [markup.latex_comment(line) for line in [*_tainted(result), *result.signatures.values()]]
    further = [column for column in SCORE_COLUMNS if column.in_latex and column.of(result.scores)]
    heads = ["Metric", "Value", "95 % interval", *(column.name.capitalize() for column in further), "Clips"]
    rows = []
    for score in result.scores:
        value = number(score.value, digits(score))
        if score.std is not None:
            value += f" ± {number(score.std, digits(score))}"
        cells = [f"{score.label or score.metric} {ARROWS[score.direction]}", value, interval_text(score, "--")]
        cells += [*(column.text(score) for column in further), str(score.clips)]
        rows.append(dict(zip(heads, cells, strict=True)))
    return "\n".join([*lines, *Table.of(rows, heads, right=heads[1:]).latex()]) + "\n"


def score_fields(score: Score) -> dict[str, Value]:
    """All fields of a score except its signature, flat and unrounded: for CSV.

    Of clips that were not measured it only has the number; their names and reasons are in the JSON.
    """
    low, high = score.interval or (None, None)
    vectors, reference_vectors = score.samples or (None, None)
    return {
        "metric": score.metric,
        "label": score.label,
        "value": score.value,
        "low": low,
        "high": high,
        "std": score.std,
        "unit": score.unit,
        "direction": score.direction,
        "clips": score.clips,
        "coverage": score.coverage,
        "reference_value": score.reference_value,
        "seen": score.seen,
        "surplus": score.surplus,
        "duration_ratio": score.duration_ratio,
        "headline": "yes" if score.headline else None,
        "interval_note": score.interval_note,
        "pixels": score.pixels,
        "vectors": vectors,
        "reference_vectors": reference_vectors,
        "warnings": "; ".join(score.warnings) or None,
        "unavailable": "yes" if score.unavailable else None,
        "note": score.note,
        "missing": len(score.missing),
    }


def further_fields(scores: Sequence[Score]) -> dict[str, Callable[[Score], Value]]:
    """The fields of optional columns, if any of the scores has them."""
    return {name: read for column in SCORE_COLUMNS if column.of(scores) for name, read in column.fields.items()}


def as_csv(result: Result) -> str:
    """One row per metric with unrounded numbers, RFC 4180; what is not there is empty."""
    further = further_fields(result.scores)
    rows = []
    for score in result.scores:
        found = score_fields(score) | {name: read(score) for name, read in further.items()}
        rows.append({**found, "subset": "yes" if result.subset else None, "signature": score.signature})
    return Table.of(rows, [*_CSV_FIELDS, *further, "subset", "signature"]).csv()


def as_json(result: Result, **beside: object) -> str:
    """The result's own document, with additional information (the run's folder, the provenance)."""
    return json.dumps({**result.as_json(), **beside}, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def per_clip_parquet(columns: Sequence[str], rows: Sequence[tuple[str, str, float | None, str | None]]) -> bytes:
    """The rows of :func:`signbench.runs.fold.per_clip_rows` as a Parquet file."""
    import pyarrow as arrow
    from pyarrow import parquet

    kinds = [arrow.string(), arrow.string(), arrow.float64(), arrow.string()]
    content = [arrow.array([row[index] for row in rows], kind) for index, kind in enumerate(kinds)]
    stream = io.BytesIO()
    parquet.write_table(arrow.Table.from_arrays(content, names=list(columns)), stream)
    return stream.getvalue()


def _tainted(result: Result) -> list[str]:
    if result.subset is None:
        return []
    what = f"the first {result.subset.limit} clips" if result.subset.limit else f"{len(result.subset.clips or ())} chosen clips"
    return [f"A subset: {what}. Not for leaderboards or baselines.", ""]
