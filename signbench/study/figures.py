"""The report's charts, as descriptions that plotly's script draws; every word of them is inert.

Plotly reads a small HTML of its own in all text, so what people wrote is escaped here and shown letter by letter.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from signbench.study.result import ClipScore, PackScore, SignScore, StudyResult
from signbench.study.score_tables import four_decimals, span

Figure = dict[str, Any]

INK = "#1b2430"
GRID = "#d9dee5"
BAR = "#9cc5d8"
EDGE = "#2f6f8f"
BAND = "rgba(201, 138, 27, 0.18)"
LINE = "#b0700b"
MARKERS = (("circle", "#2f6f8f"), ("diamond", "#b0700b"), ("square", "#5b4a9e"), ("triangle-up", "#2e7d4f"), ("x", "#a33b4a"))
"""Shape and colour of each pack's points; the shapes alone tell packs apart."""

_ROW = 26
_LONGEST_LABEL = 22
_FONT = {"family": "system-ui, sans-serif", "size": 13, "color": INK}


def inert(text: str) -> str:
    """Text that plotly shows as it is."""
    return html.escape(text, quote=False)


def shortened(text: str, longest: int = _LONGEST_LABEL) -> str:
    """A label of at most so many letters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def pack_figure(result: StudyResult, pack: PackScore) -> Figure:
    """RuSignBot's figure 6: one bar for each sign of a pack, the best understood on top, with Wilson's interval.

    Open answers stand as a hatched piece at the end of the bar: what it would gain if they were correct.

    Args:
        result: of the study.
        pack: one of its packs.
    """
    rows = in_order([row for row in result.per_sign if row.pack == pack.pack])
    places = list(range(len(rows)))
    accuracy = [row.accuracy or 0.0 for row in rows]
    ends = [row.interval or (0.0, 0.0) for row in rows]
    said = [inert(f"{row.sign}: {_worded(row)}") for row in rows]
    bars: Figure = {
        "type": "bar",
        "orientation": "h",
        "name": "correct",
        "x": accuracy,
        "y": places,
        "marker": {"color": BAR, "line": {"color": EDGE, "width": 1}},
        "hovertext": said,
        "hoverinfo": "text",
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - value for value, (_, high) in zip(accuracy, ends, strict=True)],
            "arrayminus": [value - low for value, (low, _) in zip(accuracy, ends, strict=True)],
            "color": INK,
            "thickness": 1.4,
            "width": 3,
        },
    }
    open_answers: Figure = {
        "type": "bar",
        "orientation": "h",
        "name": "open: matched by nothing, not yet decided",
        "x": [row.counts.open / row.counts.answers if row.counts.answers else 0.0 for row in rows],
        "y": places,
        "marker": {"color": "#ffffff", "line": {"color": EDGE, "width": 1}, "pattern": {"shape": "/", "fgcolor": EDGE, "size": 6}},
        "hoverinfo": "skip",
    }
    counts = [
        {
            "text": f"{row.counts.correct}/{row.counts.answers}",
            "x": 1,
            "xref": "paper",
            "xanchor": "left",
            "xshift": 6,
            "y": place,
            "showarrow": False,
            "font": {"size": 12, "color": INK},
        }
        for place, row in zip(places, rows, strict=True)
    ]
    shapes, notes = _level(pack)
    traces = [bars, open_answers] if any(open_answers["x"]) else [bars]
    legend = len(traces) > 1
    layout = {
        **_base(),
        "barmode": "stack",
        "bargap": 0.28,
        "height": 34 + _ROW * len(rows) + (110 if legend else 60),
        "margin": {"l": 8, "r": 62, "t": 34, "b": 110 if legend else 60},
        "shapes": shapes,
        "annotations": [*notes, *counts],
        "showlegend": legend,
        "legend": {"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom", "traceorder": "normal"},
        "xaxis": _axis("share of correct answers", [0, 1.004], tickformat=".1f"),
        "yaxis": {
            **_axis(None, [-0.6, len(rows) - 0.4]),
            "tickvals": places,
            "ticktext": [inert(shortened(row.sign)) for row in rows],
            "showgrid": False,
            "automargin": True,
            "ticks": "",
        },
    }
    return {"data": traces, "layout": layout}


def in_order(rows: Sequence[SignScore]) -> list[SignScore]:
    """Signs from the worst understood to the best, as a chart draws them from below; those of one accuracy by name, from above."""
    return sorted(sorted(rows, key=lambda row: row.sign, reverse=True), key=lambda row: row.accuracy or 0.0)


def scatter_figure(metric: str, clips: Sequence[ClipScore], values: Mapping[str, float]) -> Figure:
    """Accuracy of each clip against a metric's value for it; each pack has a marker of its own.

    Args:
        metric: its name.
        clips: of the study.
        values: clip id -> the metric's value; clips without one are left out.
    """
    traces = []
    for place, pack in enumerate(dict.fromkeys(clip.pack for clip in clips)):
        shown = [clip for clip in clips if clip.pack == pack and clip.clip in values and clip.accuracy is not None]
        symbol, colour = MARKERS[place % len(MARKERS)]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": inert(shortened(f"pack {pack}")),
                "x": [values[clip.clip] for clip in shown],
                "y": [clip.accuracy for clip in shown],
                "customdata": [clip.clip for clip in shown],
                "hovertext": [inert(f"{clip.sign} ({clip.clip}): {clip.correct} of {clip.answers}") for clip in shown],
                "hovertemplate": "%{hovertext}<br>%{x:.4g}, %{y:.2f}<extra></extra>",
                "marker": {"symbol": symbol, "size": 10, "color": colour, "opacity": 0.8, "line": {"color": "#ffffff", "width": 1}},
            }
        )
    layout = {
        **_base(),
        "height": 380,
        "margin": {"l": 8, "r": 12, "t": 10, "b": 40},
        "showlegend": len(traces) > 1,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "xaxis": _axis(inert(metric), None),
        "yaxis": {**_axis("share of correct answers", [-0.05, 1.05], tickformat=".1f"), "automargin": True},
    }
    return {"data": traces, "layout": layout}


def _worded(row: SignScore) -> str:
    if row.accuracy is None:
        return "no answer counts"
    more = f", {row.counts.open} open" if row.counts.open else ""
    return f"{four_decimals(row.accuracy)} {span(row.interval)}, {row.counts.correct} of {row.counts.answers}{more}"


def _level(pack: PackScore) -> tuple[list[Figure], list[Figure]]:
    """The pack's SUS as a dashed line, its interval as a band, and both in words above."""
    if pack.sus.value is None:
        return [], []
    shapes: list[Figure] = []
    whole = {"yref": "paper", "y0": 0, "y1": 1}
    if pack.sus.interval is not None:
        low, high = pack.sus.interval
        shapes.append({"type": "rect", "x0": low, "x1": high, **whole, "layer": "below", "fillcolor": BAND, "line": {"width": 0}})
    shapes.append(
        {"type": "line", "x0": pack.sus.value, "x1": pack.sus.value, **whole, "line": {"color": LINE, "width": 2, "dash": "dash"}}
    )
    words = f"SUS {four_decimals(pack.sus.value)}" + (f" {span(pack.sus.interval)}" if pack.sus.interval else "")
    note = {
        "text": words,
        "x": min(max(pack.sus.value, 0.3), 0.7),
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 13, "color": "#7a4d05"},
    }
    return shapes, [note]


def _base() -> Figure:
    return {
        "font": _FONT,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "dragmode": False,
        "hovermode": "closest",
    }


def _axis(title: str | None, bounds: Sequence[float] | None, **more: Any) -> Figure:
    axis: Figure = {"gridcolor": GRID, "zeroline": False, "fixedrange": True, **more}
    if title is not None:
        axis["title"] = {"text": title, "standoff": 8}
    if bounds is not None:
        axis["range"] = list(bounds)
    return axis
