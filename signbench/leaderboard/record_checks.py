"""Checks that an entry's records are ones that its metrics can produce, and that its productions are not the references.

Folding only shows that scores follow from records, not that clips can have such records. So every record is checked against its
metric: the same fields for every clip, nothing negative if the metric cannot be negative, every clip's own score within the
metric's limits.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from signbench.errors import SignbenchError, listing
from signbench.leaderboard.entries import RECORDS, EntryCard
from signbench.leaderboard.own_scores import own_score
from signbench.leaderboard.problems import Problem
from signbench.media.layouts import known_layouts
from signbench.metrics.base import EITHER_KIND, FILE_KIND_OF_VIEW, Metric, Record
from signbench.runs.packed import PackedRun
from signbench.runs.records import ClipRow
from signbench.tasks.schema import Task

MOST_REFERENCES = 0.05
"""The largest share of productions that may show their own reference by chance."""

NEAR = {"pose": 0.02, "video": 0.035}
"""A production that departs less than this from its reference shows it; in body extents, and as a share of white.

Another performance of the same sentence by the same signer departs by 0.043 and more, a reference that was re-encoded for the web
by 0.01 to 0.032.
"""

NEAR_OF_GRANTED = {"pose": 0.002, "video": 0.016}
"""The same for tasks that give the reference's own motion to the generator, so that a good production comes close."""

_SHOW_THE_REFERENCE = {"motion", "driving_video", "driving_pose"}
_ROUNDING = 1e-9


def record_problems(folder: Path, records: PackedRun, task: Task | None) -> Iterator[Problem]:
    """Finds records that their metric cannot have produced.

    Args:
        folder: the entry's folder.
        records: its ``records.parquet``.
        task: the entry's task, if it is known.
    """
    entry = str(folder)
    for key, metric in records.plan.recorded:
        if not key or metric.canonical in records.foreign:
            continue
        wrong: dict[str, list[str]] = {}
        form: dict[str, str] | None = None
        for clip in records.plan.clips:
            record = records.store.record(clip, key)
            if record is not None:
                form = form or _form(record)
                try:
                    why = _record_fault(metric, record, form, records.store.row(clip))
                except (SignbenchError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
                    why = "do not have the metric's format"
                if why is not None:
                    wrong.setdefault(why, []).append(clip)
        for why, clips in wrong.items():
            what = f"{RECORDS}: {metric.canonical} has records that {why} ({listing(clips, 3)})"
            yield Problem(entry, "records", what, "score the predictions again")
    yield from _row_problems(entry, records, task)


def _form(record: Record) -> dict[str, str]:
    return {name: f"{array.dtype.str} in {array.ndim} dimensions" for name, array in record.items()}


def _record_fault(metric: Metric, record: Record, form: dict[str, str], row: ClipRow | None) -> str | None:
    """Why a metric cannot have produced a record; None if it can."""
    missing = metric.missing()
    if _form(record) != form or (missing is not None and set(missing) != set(record)):
        return "do not have the metric's fields"
    if any(not np.isfinite(array).all() for array in record.values()):
        return "contain infinite numbers or NaN"
    lowest, highest = metric.limits
    if lowest is not None and lowest >= 0 and any((array < 0).any() for array in record.values()):
        return "contain numbers below 0"
    if row is not None and metric.view == "lengths" and metric.name == "duration-ratio":
        ratios = [pair.ratio for pair in row.lengths.values()]
        if not any(math.isclose(float(record["ratio"]), ratio, rel_tol=_ROUNDING) for ratio in ratios):
            return "are not the ratio of the clip's lengths"
    if row is not None and metric.view == "judged" and metric.name == "accuracy":
        said = row.inputs.get("reference.word")
        if said is None or hashlib.sha256(record["label"].tobytes()).hexdigest() != said.sha256:
            return "have another word than the corpus"
    value = own_score(metric, record)
    if value is not None and not within(value, (lowest, highest)):
        bounds = " to ".join("any" if limit is None else f"{limit:g}" for limit in (lowest, highest))
        return f"give scores outside {bounds}"
    return None


def within(value: float, limits: tuple[float | None, float | None], *, slack: float = _ROUNDING) -> bool:
    """Whether a score is within its metric's limits, up to rounding."""
    lowest, highest = limits
    return (lowest is None or value >= lowest - slack) and (highest is None or value <= highest * (1 + slack) + slack)


def _row_problems(entry: str, records: PackedRun, task: Task | None) -> Iterator[Problem]:
    """Checks the clips' layouts and digests."""
    layouts = {row.layout for clip in records.plan.clips if (row := records.store.row(clip)) is not None} - {None}
    for layout in sorted(filter(None, layouts)):
        name, _, dimensions = layout.partition("/")
        known = name in known_layouts() and dimensions in ("2d", "3d")
        if not known or (task is not None and task.made.joints is not None and name != task.made.joints):
            wanted = f"but the task's is {task.made.joints}" if task is not None and task.made.joints else "which does not exist"
            what = f"{RECORDS} names the key-point layout {layout!r}, {wanted}"
            yield Problem(entry, "records", what, "score the predictions again")
    incomplete = [clip for clip in records.plan.clips if not _has_digests(records, clip)]
    if incomplete:
        what = f"{RECORDS} lacks digests of what was seen of {len(incomplete)} measured clips ({listing(incomplete, 3)})"
        yield Problem(entry, "digest", what, "score the predictions again")


def _has_digests(records: PackedRun, clip: str) -> bool:
    """Whether a measured clip has digests of the files and of what was seen in them, as its metrics need."""
    row = records.store.row(clip)
    for item in records.plan.measured:
        metric, key = item.metric, item.key
        if not key or item.name in records.foreign or not records.store.has(clip, key):
            continue
        if row is None:
            return False
        kinds = {name.partition(".")[2] for name in row.inputs}
        wanted = kinds & {"video", "pose"} if metric.view in EITHER_KIND else {FILE_KIND_OF_VIEW[metric.view]}
        files = [row.inputs.get(f"{side}.{kind}") for kind in wanted for side in ("reference", "prediction")]
        if not wanted or None in files:
            return False
        if metric.view in ("frames", "pose") and any(file is not None and file.content is None for file in files):
            return False
    return True


def shown_references(records: PackedRun, task: Task | None) -> list[str]:
    """Clips whose production shows its own reference, or has scores that only the reference has, in order.

    A production that equals the reference of another clip is not among them: a retrieval generator may find it.

    Args:
        records: an entry's records.
        task: the entry's task; if it gives the reference's motion to the generator, a production may come closer to it.
    """
    granted = task is not None and bool(_SHOW_THE_REFERENCE & set(task.given))
    near = NEAR_OF_GRANTED if granted else NEAR
    return [clip for clip in records.plan.clips if _shows(records.store.row(clip), near) or _scores_as_equal(records, clip)]


def _shows(row: ClipRow | None, near: dict[str, float]) -> bool:
    for name, file in row.inputs.items() if row is not None else ():
        side, _, kind = name.partition(".")
        reference = row.inputs.get(f"reference.{kind}") if row is not None else None
        if side != "prediction" or reference is None:
            continue
        if file.sha256 == reference.sha256 or (file.content is not None and file.content == reference.content):
            return True
        if file.departure is not None and file.departure <= near.get(kind, -1.0):
            return True
    return False


def _scores_as_equal(records: PackedRun, clip: str) -> bool:
    """Whether every metric whose best score only equal sides reach has that score, whatever the digests say."""
    perfect = 0
    for item in records.plan.measured:
        metric, key = item.metric, item.key
        if metric.of_equal_sides is None or not key or item.name in records.foreign:
            continue
        record = records.store.record(clip, key)
        value = own_score(metric, record) if record is not None else None
        if value is None:
            continue
        if not math.isclose(value, metric.of_equal_sides, rel_tol=_ROUNDING, abs_tol=_ROUNDING):
            return False
        perfect += 1
    return perfect > 0


def reference_problems(folder: Path, card: EntryCard, records: PackedRun, task: Task | None) -> Iterator[Problem]:
    """Checks that an entry's productions are not the references that they are compared with, or are, for ground truth.

    Args:
        folder: the entry's folder.
        card: its ``entry.yaml``.
        records: its ``records.parquet``.
        task: the entry's task, if it is known.
    """
    try:
        same = shown_references(records, task)
    except (SignbenchError, ArithmeticError, LookupError, TypeError, ValueError):
        return  # score_problems reports records that cannot be folded
    share = len(same) / len(records.plan.clips)
    if card.kind == "anchor":
        if (card.generator or {}).get("name") == "ground-truth" and share < 1 - MOST_REFERENCES:
            lacking = len(records.plan.clips) - len(same)
            what = f"it says that it is the ground truth, but {lacking} of its productions are not the references"
            yield Problem(str(folder), "card", what, "run the generator ground-truth")
    elif share > MOST_REFERENCES:
        what = f"{len(same)} of its {len(records.plan.clips)} productions show the reference that they are compared with"
        remedy = f"submit productions of a generator; at most {MOST_REFERENCES:.0%} may show their reference by chance"
        yield Problem(str(folder), "card", f"{what} ({listing(same, 3)})", remedy)
