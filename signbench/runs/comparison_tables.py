"""A comparison of runs as tables: for the terminal, for Markdown, for spreadsheets, for papers."""

from __future__ import annotations

from signbench.markup import latex_comment, latex_note, markdown, markdown_item
from signbench.runs.comparison import Comparison, MetricComparison, PairOfRuns
from signbench.runs.result import Judged
from signbench.runs.tables import ARROWS, UNDEFINED, between_text, decimals_of, levels_text, number
from signbench.tables import Table, Value

_NUMERIC = ("first", "second", "difference", "p", "p (Holm)", "effect", "better / equal / worse")
_RIGHT = ("95 % interval", "clips")
_CSV_FIELDS = (
    *("first_run", "second_run", "metric", "direction", "unit", "first", "second", "difference", "low", "high", "p", "p_holm"),
    *("test", "effect_size", "wins", "ties", "losses", "clips", "left_out", "not_comparable", "signature"),
)


def table_of(pair: PairOfRuns, compared: int) -> Table:
    """The metrics of two runs.

    Args:
        pair: of runs.
        compared: number of expected clips of the runs.
    """
    return Table.of([cells(metric, compared) for metric in pair.metrics], numeric=_NUMERIC, right=_RIGHT)


def cells(metric: MetricComparison, compared: int) -> dict[str, str]:
    """The cells of a row of a printed table, as text.

    Args:
        metric: one metric of two runs.
        compared: number of expected clips of the runs.
    """
    decimals = decimals_of(metric.first, metric.second)
    low, high = metric.interval or (None, None)
    wins = UNDEFINED if metric.wins is None else f"{metric.wins} / {metric.ties} / {metric.losses}"
    clips = f"{metric.clips}" if metric.clips == compared else f"{metric.clips} of {compared}"
    return {
        "metric": f"{metric.metric} {ARROWS[metric.direction]}",
        "first": number(metric.first, decimals),
        "second": number(metric.second, decimals),
        "difference": signed(metric.difference, decimals),
        "95 % interval": f"[{signed(low, decimals)}, {signed(high, decimals)}]" if metric.interval else UNDEFINED,
        "p": p_value(metric.p),
        "p (Holm)": p_value(metric.p_holm),
        "effect": signed(metric.effect_size, 2),
        "better / equal / worse": wins,
        "clips": clips,
    }


def remarks(pair: PairOfRuns) -> list[str]:
    """The text below a pair's table: notes, metrics that could not be compared, unmeasured clips, clips that moved most."""
    lines = list(pair.notes)
    lines += [f"{lacking.metric} is not compared: {'; '.join(lacking.reasons)}." for lacking in pair.not_comparable]
    for metric in pair.metrics:
        if metric.test_note is not None:
            lines.append(f"{metric.metric} is not tested: {metric.test_note}.")
        if metric.judged is not None:
            lines.append(f"{metric.metric}: {_levels(*metric.judged)}.")
        if any(metric.worst_value):
            first, second = metric.worst_value
            counts = f"{first} in the first run, {second} in the second"
            lines.append(f"{metric.metric}: clips without a production count as the worst value ({counts}).")
        if metric.left_out:
            lines.append(f"{metric.metric}: {len(metric.left_out)} clips that one of the runs lacks are left out on both sides.")
        if metric.moved:
            decimals = decimals_of(*(value for each in metric.moved for value in (each.first, each.second)))
            moved = ", ".join(f"{each.clip} ({signed(each.difference, decimals)})" for each in metric.moved)
            lines.append(f"{metric.metric} moved most: {moved}.")
    return lines


def _levels(first: Judged, second: Judged) -> str:
    """What two scores through a judge are read against; the second run's own levels where they are others."""
    texts = [levels_text(judged.ceiling, judged.chance) for judged in (first, second)]
    lies = " and ".join(filter(None, (between_text(judged.between) for judged in (first, second))))
    where = f"; the runs lie at {lies} of the way from chance to ceiling" if lies else ""
    return f"{texts[0] if texts[0] == texts[1] else f'{texts[0]} (first), and {texts[1]} (second)'}{where}"


def as_markdown(comparison: Comparison) -> str:
    """GitHub-flavoured Markdown: a table for each pair of runs. Names are shown literally."""
    lines = []
    for pair in comparison.pairs:
        lines += [f"**{markdown(comparison.first.run)}** against **{markdown(pair.second.run)}**", ""]
        if pair.metrics:
            lines += [*table_of(pair, comparison.expected_clips).markdown(), ""]
        lines += [markdown_item(remark) for remark in remarks(pair)]
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def as_latex(comparison: Comparison) -> str:
    """A table in the style of booktabs for each pair of runs, with the signatures in a note below."""
    lines = []
    for pair in comparison.pairs:
        lines.append(latex_comment(f"first: {comparison.first.run}, second: {pair.second.run}"))
        lines += [latex_comment(remark) for remark in remarks(pair)]
        lines += table_of(pair, comparison.expected_clips).latex()
        lines += latex_note([metric.signature for metric in pair.metrics])
    return "\n".join(lines) + "\n"


def as_csv(comparison: Comparison) -> str:
    """One row per pair and metric with unrounded numbers, RFC 4180; missing values are empty."""
    rows: list[dict[str, Value]] = []
    for pair in comparison.pairs:
        runs = {"first_run": comparison.first.run, "second_run": pair.second.run}
        for metric in pair.metrics:
            low, high = metric.interval or (None, None)
            found = {name: getattr(metric, name) for name in _CSV_FIELDS if hasattr(metric, name)}
            rows.append({**found, **runs, "low": low, "high": high, "left_out": len(metric.left_out)})
        rows += [{**runs, "metric": other.metric, "not_comparable": "; ".join(other.reasons)} for other in pair.not_comparable]
    return Table.of(rows, _CSV_FIELDS).csv()


def signed(value: float | None, decimals: int) -> str:
    """A difference with its sign; a dash if there is none."""
    text = number(value, decimals)
    return f"+{text}" if value is not None and value > 0 else text


def p_value(value: float | None) -> str:
    """A p-value with three significant digits."""
    return UNDEFINED if value is None else f"{value:.3g}"
