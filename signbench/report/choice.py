"""Which clips of a run are worth looking at: the worst, the median and the best of each metric, and those that moved most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from signbench.runs.comparison import Comparison, distance_of_clip
from signbench.runs.measured_run import MeasuredMetric, MeasuredRun

MOST_SHOWN = 20
"""Clips with a player on one page, so that it stays small."""
EACH_END = 3
"""Worst and best clips that are listed for each metric."""

Why = Literal["worst", "median", "best"]


@dataclass(frozen=True)
class Chosen:
    """A clip that a metric singles out.

    Attributes:
        why: which of the metric's clips it is.
        clip: its id.
        value: its own value.
    """

    why: Why
    clip: str
    value: float


def values_of(measured: MeasuredMetric) -> dict[str, float]:
    """Clip id -> its own value, of measured clips in order of id; empty if a single clip has none, or records are not kept."""
    clips = sorted(measured.recorded)
    found = {}
    for clip, record in zip(clips, measured.records(clips), strict=True):
        value = measured.metric.clip_value(record)
        if value is not None:
            found[clip] = float(value)
    return found


def ordered(measured: MeasuredMetric, values: Mapping[str, float]) -> list[str]:
    """Clips from the worst to the best by their distance from the best possible value; equal ones in order of id."""
    clips = list(values)
    distances = {
        clip: distance_of_clip(measured.metric, values[clip], record)
        for clip, record in zip(clips, measured.records(clips), strict=True)
    }
    return sorted(clips, key=lambda clip: (-distances[clip], clip))


def chosen(measured: MeasuredMetric, values: Mapping[str, float]) -> list[Chosen]:
    """The worst, the median and the best clips of a metric, without repetition.

    Args:
        measured: the metric.
        values: see :func:`values_of`.
    """
    order = ordered(measured, values)
    if not order:
        return []
    wanted: list[tuple[Why, str]] = [("worst", clip) for clip in order[:EACH_END]]
    wanted.append(("median", order[len(order) // 2]))
    wanted += [("best", clip) for clip in reversed(order[-EACH_END:])]
    seen: dict[str, Chosen] = {}
    for why, clip in wanted:
        seen.setdefault(clip, Chosen(why, clip, values[clip]))
    return list(seen.values())


def shown_clips(
    run: MeasuredRun,
    choices: Mapping[str, Sequence[Chosen]],
    comparison: Comparison | None,
    misunderstood: Sequence[str] = (),
    most: int = MOST_SHOWN,
) -> list[str]:
    """The clips that get a player, the headlines' first.

    Args:
        run: the first run.
        choices: metric -> its chosen clips.
        comparison: of the first run with others, or None.
        misunderstood: clips that people understood least; they are always among them.
        most: their number.
    """
    queues: list[list[str]] = []
    if comparison is not None:
        queues += [[each.clip for each in metric.moved] for pair in comparison.pairs for metric in pair.metrics]
    by_headline = sorted(choices, key=lambda metric: not run.metrics[metric].score.headline)
    first: dict[Why, int] = {"worst": 0, "median": 1, "best": 2}
    for metric in by_headline:
        picked = {each.why: each.clip for each in reversed(choices[metric])}
        queues.append([picked[why] for why in first if why in picked])
    for metric in by_headline:
        queues.append([each.clip for each in choices[metric]])
    found: dict[str, None] = dict.fromkeys(misunderstood[:most])
    for queue in queues if comparison is None else _interleaved(queues):
        for clip in queue:
            if len(found) < most:
                found.setdefault(clip)
    return list(found)


def _interleaved(queues: Sequence[Sequence[str]]) -> list[list[str]]:
    """One clip of each queue at a time, so that no metric takes all players."""
    longest = max(map(len, queues), default=0)
    return [[queue[index] for queue in queues if index < len(queue)] for index in range(longest)]
