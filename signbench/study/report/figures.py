"""Draws the report's figures as inline SVG, without scripts; text is escaped, and names are never cut.

A figure is drawn twice, for wide and for narrow windows, with lengths in percent of its width and a fixed font size; the page shows
the one that fits. Colours are classes, which are defined in the page's style sheet.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from xml.etree import ElementTree

from signbench.study.report.score_tables import four_decimals, span
from signbench.study.scores.result import ClipScore, PackScore, SignScore, StudyResult

MARKERS = ("M0-5A5 5 0 1 1 0 5A5 5 0 1 1 0-5Z", "M0-6 6 0 0 6-6 0Z", "M-5-5H5V5H-5Z", "M0-6 6 5H-6Z", "M-5-5 5 5M5-5-5 5")
"""Outline of each pack's points, so that packs are distinguished by shape and not by colour alone."""

_LETTER = 7
_LINE = 17
_BAR = 14
_ISOLATED = "\u2068{}\u2069"
"""Direction isolates around names, which may be written from right to left."""

Node = ElementTree.Element


def pack_figure(result: StudyResult, pack: PackScore, *, name: str) -> str:
    """RuSignBot's figure 6: one bar for each sign of a pack, the best understood on top, with Wilson's interval.

    A hatched part at the end of a bar shows open answers: what the bar would gain if they were correct.

    Args:
        result: of the study.
        pack: one of its packs.
        name: of the figure, in letters and digits, unique in the page.

    Returns:
        HTML with both drawings.
    """
    rows = in_order([row for row in result.per_sign if row.pack == pack.pack])[::-1]
    title = f"Share of correct answers to each sign of pack {pack.pack}, with intervals; the same values are in the table below"
    return _twice(name, title, lambda name, wide: _pack(rows, pack, name, wide=wide))


def scatter_figure(
    metric: str, clips: Sequence[ClipScore], values: Mapping[str, float], *, links: Mapping[str, str], name: str
) -> str:
    """A scatter plot of the accuracy of each clip against a metric; each pack has its own marker.

    Args:
        metric: its name.
        clips: of the study.
        values: clip id -> the metric's value; clips without a value are left out.
        links: clip id -> id of its thumbnail in the page; clips without a thumbnail have no link.
        name: see :func:`pack_figure`.

    Returns:
        HTML with both drawings.
    """
    shown = [clip for clip in clips if clip.clip in values and clip.accuracy is not None]
    title = f"Share of correct answers of each clip against {metric}"
    return _twice(name, title, lambda name, wide: _scatter(metric, shown, values, links, wide=wide))


def legend(clips: Sequence[ClipScore]) -> list[tuple[str, str]]:
    """Each pack with its marker as SVG; empty with one pack."""
    packs = list(dict.fromkeys(clip.pack for clip in clips))
    if len(packs) < 2:
        return []
    found = []
    for number, pack in enumerate(packs):
        swatch = _node("svg", width=14, height=14, viewBox="-7 -7 14 14", **{"aria-hidden": "true"})
        swatch.append(_marker(number))
        found.append((pack, ElementTree.tostring(swatch, encoding="unicode")))
    return found


def in_order(rows: Sequence[SignScore]) -> list[SignScore]:
    """Signs from the worst understood to the best; signs with equal accuracy in reverse alphabetical order."""
    return sorted(sorted(rows, key=lambda row: row.sign, reverse=True), key=lambda row: row.accuracy or 0.0)


def broken(text: str, most: int) -> list[str]:
    """Breaks a name into lines of about ``most`` letters, between words only."""
    lines: list[str] = []
    for word in text.split():
        if lines and _width(f"{lines[-1]} {word}") <= most:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between ``low`` and ``high``, about ``most`` of them at most."""
    step = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(wide for wide in (step, 2 * step, 5 * step, 10 * step) if (high - low) / wide <= most)
    first = math.ceil(low / step)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _twice(name: str, title: str, draw: Callable[[str, bool], Node]) -> str:
    markup = []
    for form in ("wide", "narrow"):
        drawn = draw(f"{name}-{form}", form == "wide")
        drawn.set("class", f"chart {form}")
        drawn.set("role", "img")
        drawn.set("aria-labelledby", f"{name}-{form}-title")
        title_node = _text_node("title", title)
        title_node.set("id", f"{name}-{form}-title")
        drawn.insert(0, title_node)
        markup.append(ElementTree.tostring(drawn, encoding="unicode"))
    return "".join(markup)


def _pack(rows: Sequence[SignScore], pack: PackScore, name: str, *, wide: bool) -> Node:
    """One drawing: names are beside the bars if wide, above them if narrow."""
    labels = [broken(row.sign, 34 if wide else 36) for row in rows]
    longest = max((_width(line) for lines in labels for line in lines), default=0)
    beside = wide and longest <= 48
    left = min(46.0, 2 + longest * 0.84) if beside else 0.0
    across = 91.0 - left if beside else 85.0
    heights = [max(26, len(lines) * _LINE + 8) if beside else len(lines) * _LINE + _BAR + 14 for lines in labels]
    top = 26
    bottom = top + sum(heights)
    figure = _node("svg", width="100%", height=bottom + 44)
    if not beside:
        figure.set("style", f"min-width:{round(longest * _LETTER)}px")
    if any(row.counts.open for row in rows):
        figure.append(_hatching(f"{name}-open"))
    plot = _node("svg", x=f"{left:.3f}%", y=0, width=f"{across:.3f}%", height=bottom + 44, overflow="visible")
    _level(plot, pack, top, bottom)
    _axis(plot, top, bottom)
    names = []
    at = top
    for row, lines, height in zip(rows, labels, heights, strict=True):
        group = ElementTree.SubElement(plot, "g")
        group.append(_text_node("title", f"{_ISOLATED.format(row.sign)}: {_worded(row)}"))
        bar = at + (height - _BAR) / 2 if beside else at + len(lines) * _LINE + 6
        _bar(group, row, bar, f"{name}-open")
        group.append(_text(f"{row.counts.correct}/{row.counts.answers}", "101.5%", bar + _BAR / 2, "start", "count"))
        if beside:
            names.append(_label(lines, f"{left - 1:.3f}%", at + height / 2 - (len(lines) - 1) * _LINE / 2, "end"))
        else:
            names.append(_label(lines, 0, at + 4 + _LINE / 2, "start"))
        at += height
    figure.append(plot)
    figure.extend(names)
    return figure


def _bar(group: Node, row: SignScore, top: float, hatching: str) -> None:
    accuracy = row.accuracy or 0.0
    if accuracy:
        group.append(_node("rect", x=0, y=top, width=_percent(accuracy), height=_BAR, **{"class": "bar"}))
    if row.counts.open and row.counts.answers:
        share = row.counts.open / row.counts.answers
        of_open = {"class": "open", "fill": f"url(#{hatching})"}
        group.append(_node("rect", x=_percent(accuracy), y=top, width=_percent(share), height=_BAR, **of_open))
    if row.interval is not None:
        low, high = map(_percent, row.interval)
        middle = top + _BAR / 2
        for left, right, upper, lower in (
            (low, high, middle, middle),
            (low, low, top + 3, top + 11),
            (high, high, top + 3, top + 11),
        ):
            group.append(_node("line", x1=left, x2=right, y1=upper, y2=lower, **{"class": "whisker"}))


def _level(plot: Node, pack: PackScore, top: float, bottom: float) -> None:
    """The pack's SUS as a dashed line, its interval as a band, and a label with both."""
    if pack.sus.value is None:
        return
    words = f"SUS {four_decimals(pack.sus.value)}"
    if pack.sus.interval is not None:
        low, high = pack.sus.interval
        words += f" {span(pack.sus.interval)}"
        plot.append(_node("rect", x=_percent(low), width=_percent(high - low), y=top, height=bottom - top, **{"class": "band"}))
    at = _percent(pack.sus.value)
    plot.append(_node("line", x1=at, x2=at, y1=top, y2=bottom, **{"class": "level"}))
    plot.append(_text(words, _percent(min(max(pack.sus.value, 0.3), 0.7)), 13, "middle", "level-words"))


def _axis(plot: Node, top: float, bottom: float) -> None:
    for tenth in range(0, 11, 2):
        at = _percent(tenth / 10)
        plot.append(_node("line", x1=at, x2=at, y1=top, y2=bottom, **{"class": "grid"}))
        anchor = "start" if tenth == 0 else "end" if tenth == 10 else "middle"
        plot.append(_text(f"{tenth / 10:.1f}", at, bottom + 12, anchor, "tick"))
    plot.append(_text("share of correct answers", "50%", bottom + 32, "middle", "axis"))


def _scatter(metric: str, clips: Sequence[ClipScore], values: Mapping[str, float], links: Mapping[str, str], *, wide: bool) -> Node:
    packs = list(dict.fromkeys(clip.pack for clip in clips))
    low, high = _bounds([values[clip.clip] for clip in clips])
    left, height, top = (5.0 if wide else 11.0), 300, 26
    figure = _node("svg", width="100%", height=top + height + 48)
    plot = _node("svg", x=f"{left}%", y=top, width=f"{98 - left}%", height=height + 48, overflow="visible")
    for tenth in range(0, 11, 2):
        at = height * (1 - (tenth / 10 + 0.04) / 1.08)
        plot.append(_node("line", x1="0%", x2="100%", y1=at, y2=at, **{"class": "grid"}))
        plot.append(_text(f"{tenth / 10:.1f}", -6, at, "end", "tick"))
    for tick in ticks(low, high, 7 if wide else 4):
        at_tick = _percent((tick - low) / (high - low))
        plot.append(_node("line", x1=at_tick, x2=at_tick, y1=0, y2=height, **{"class": "grid"}))
        plot.append(_text(f"{tick:.6g}", at_tick, height + 14, "middle", "tick"))
    figure.append(_text("share of correct answers", 0, 11, "start", "axis"))
    words = metric if len(metric) <= (100 if wide else 42) else "value of the metric"
    plot.append(_text(words, "50%", height + 36, "middle", "axis"))
    for clip in clips:
        pack = packs.index(clip.pack)
        across, down = (values[clip.clip] - low) / (high - low), height * (1 - ((clip.accuracy or 0.0) + 0.04) / 1.08)
        point = _node("svg", x=_percent(across), y=down, width=1, height=1, overflow="visible")
        holder = point
        if clip.clip in links:
            holder = ElementTree.SubElement(point, "a", {"href": f"#{links[clip.clip]}", "tabindex": "-1"})
        marker = _marker(pack)
        label = f"{_ISOLATED.format(clip.sign)} ({_ISOLATED.format(clip.clip)}): {clip.correct} of {clip.answers}"
        marker.append(_text_node("title", f"{label}; {values[clip.clip]:.4g}"))
        holder.append(marker)
        plot.append(point)
    figure.append(plot)
    return figure


def _bounds(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = 0.04 * (high - low) or 0.5 * abs(high) or 1.0
    return low - room, high + room


def _marker(pack: int) -> Node:
    return _node("path", d=MARKERS[pack % len(MARKERS)], **{"class": f"marker pack-{pack % len(MARKERS)}"})


def _hatching(name: str) -> Node:
    definitions = _node("defs")
    pattern = ElementTree.SubElement(
        definitions, "pattern", {"id": name, "width": "6", "height": "6", "patternUnits": "userSpaceOnUse"}
    )
    pattern.append(_node("rect", width=6, height=6, **{"class": "hatched"}))
    pattern.append(_node("path", d="M-1 1 1-1M0 6 6 0M5 7 7 5", **{"class": "hatch"}))
    return definitions


def _worded(row: SignScore) -> str:
    if row.accuracy is None:
        return "no answer counts"
    more = f", {row.counts.open} open" if row.counts.open else ""
    return f"{four_decimals(row.accuracy)} {span(row.interval)}, {row.counts.correct} of {row.counts.answers}{more}"


def _label(lines: Sequence[str], x: float | str, y: float, anchor: str) -> Node:
    """A name of several lines, of which ``y`` is the height of the first."""
    label = _node("text", **{"class": "label", "text-anchor": anchor, "dominant-baseline": "central"})
    for number, line in enumerate(lines):
        part = _text_node("tspan", _ISOLATED.format(line))
        part.set("x", str(x))
        part.set("y", _number(y + number * _LINE))
        label.append(part)
    return label


def _text(words: str, x: float | str, y: float, anchor: str, kind: str) -> Node:
    node = _node("text", x=x, y=y, **{"class": kind, "text-anchor": anchor, "dominant-baseline": "central"})
    node.text = words
    return node


def _text_node(tag: str, words: str) -> Node:
    node = ElementTree.Element(tag)
    node.text = words
    return node


def _node(tag: str, **attributes: float | str) -> Node:
    return ElementTree.Element(
        tag, {name: value if isinstance(value, str) else _number(value) for name, value in attributes.items()}
    )


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _percent(share: float) -> str:
    return f"{_number(100 * share)}%"


def _width(text: str) -> int:
    """The width of a text in ordinary letters."""
    return sum(0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
