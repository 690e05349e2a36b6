"""Whether an entry's records can be what its metrics make of clips, and whether its productions are its own.

Folding says whether scores follow from records; it says nothing of records that no clip can give. So every record is held against
what its metric makes: the same fields for every clip, nothing negative where the metric has nothing negative, every clip's own
score within the metric's limits.
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
"""A larger share of productions that show their own reference is no chance."""

NEAR = {"pose": 0.02, "video": 0.035}
"""A production that departs less from its reference shows it: by extents of the body, and by shares of white.

Another performance of the same sentence by the same signer departs by 0.043 and more, a reference that was encoded anew for the
web by 0.01 to 0.032.
"""

NEAR_OF_GRANTED = {"pose": 0.002, "video": 0.016}
"""The same where the task hands the reference's own motion to the generator, so that a good one comes close."""

_SHOW_THE_REFERENCE = {"motion", "driving_video", "driving_pose"}
_ROUNDING = 1e-9


def record_problems(folder: Path, records: PackedRun, task: Task | None) -> Iterator[Problem]:
    """Records that no clip gives.

    Args:
        folder: of the entry.
        records: its ``records.parquet``.
        task: of the entry, where it is known.
    """
    place = str(folder)
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
                    why = _trouble(metric, record, form, records.store.row(clip))
                except (SignbenchError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
                    why = "are not such as the metric writes"
                if why is not None:
                    wrong.setdefault(why, []).append(clip)
        for why, clips in wrong.items():
            what = f"{RECORDS}: {metric.canonical} has records that {why} ({listing(clips, 3)})"
            yield Problem(place, "records", what, "score the predictions again")
    yield from _row_problems(place, records, task)


def _form(record: Record) -> dict[str, str]:
    return {name: f"{array.dtype.str} in {array.ndim} dimensions" for name, array in record.items()}


def _trouble(metric: Metric, record: Record, form: dict[str, str], row: ClipRow | None) -> str | None:
    """Why a metric cannot have made a record; None where it can."""
    missing = metric.missing()
    if _form(record) != form or (missing is not None and set(missing) != set(record)):
        return "have not the fields that the metric writes"
    if any(not np.isfinite(array).all() for array in record.values()):
        return "hold what is no finite number"
    lowest, highest = metric.limits
    if lowest is not None and lowest >= 0 and any((array < 0).any() for array in record.values()):
        return "hold numbers below 0"
    if row is not None and metric.view == "lengths" and metric.name == "duration-ratio":
        ratios = [pair.ratio for pair in row.lengths.values()]
        if not any(math.isclose(float(record["ratio"]), ratio, rel_tol=_ROUNDING) for ratio in ratios):
            return "are not the ratio of the lengths beside them"
    if row is not None and metric.view == "judged" and metric.name == "accuracy":
        said = row.inputs.get("reference.word")
        if said is None or hashlib.sha256(record["label"].tobytes()).hexdigest() != said.sha256:
            return "are of another word than the corpus's"
    value = own_score(metric, record)
    if value is not None and not within(value, (lowest, highest)):
        bounds = " to ".join("any" if limit is None else f"{limit:g}" for limit in (lowest, highest))
        return f"give scores beyond {bounds}"
    return None


def within(value: float, limits: tuple[float | None, float | None], *, slack: float = _ROUNDING) -> bool:
    """Whether a score lies within its metric's limits, apart from the last digits."""
    lowest, highest = limits
    return (lowest is None or value >= lowest - slack) and (highest is None or value <= highest * (1 + slack) + slack)


def _row_problems(place: str, records: PackedRun, task: Task | None) -> Iterator[Problem]:
    """What is said of a clip besides its records."""
    layouts = {row.layout for clip in records.plan.clips if (row := records.store.row(clip)) is not None} - {None}
    for layout in sorted(filter(None, layouts)):
        name, _, dimensions = layout.partition("/")
        known = name in known_layouts() and dimensions in ("2d", "3d")
        if not known or (task is not None and task.made.joints is not None and name != task.made.joints):
            wanted = f"the task's is {task.made.joints}" if task is not None and task.made.joints else "there is no such layout"
            what = f"{RECORDS} names the key-point layout {layout!r}, and {wanted}"
            yield Problem(place, "records", what, "score the predictions again")
    unsaid = [clip for clip in records.plan.clips if not _says_what_was_seen(records, clip)]
    if unsaid:
        what = f"{RECORDS} does not say what was seen of {len(unsaid)} clips that were measured ({listing(unsaid, 3)})"
        yield Problem(place, "digest", what, "score the predictions again")


def _says_what_was_seen(records: PackedRun, clip: str) -> bool:
    """Whether the digests of a measured clip are all there."""
    row = records.store.row(clip)
    for item in records.plan.measured:
        metric, key = item.metric, item.key
        if not key or item.name in records.foreign or not records.store.has(clip, key):
            continue
        if row is None:
            return False
        kinds = {place.partition(".")[2] for place in row.inputs}
        wanted = kinds & {"video", "pose"} if metric.view in EITHER_KIND else {FILE_KIND_OF_VIEW[metric.view]}
        files = [row.inputs.get(f"{side}.{kind}") for kind in wanted for side in ("reference", "prediction")]
        if not wanted or None in files:
            return False
        if metric.view in ("frames", "pose") and any(file is not None and file.content is None for file in files):
            return False
    return True


def shown_references(records: PackedRun, task: Task | None) -> list[str]:
    """Clips whose production shows its own reference, or scores as only that does, in order.

    A production that equals the reference of another clip is not among them: retrieval may find it.

    Args:
        records: of an entry.
        task: of the entry; where it hands the motion of the reference to the generator, a production may come closer to it.
    """
    granted = task is not None and bool(_SHOW_THE_REFERENCE & set(task.given))
    near = NEAR_OF_GRANTED if granted else NEAR
    return [clip for clip in records.plan.clips if _shows(records.store.row(clip), near) or _scores_as_equal(records, clip)]


def _shows(row: ClipRow | None, near: dict[str, float]) -> bool:
    for place, file in row.inputs.items() if row is not None else ():
        side, _, kind = place.partition(".")
        reference = row.inputs.get(f"reference.{kind}") if row is not None else None
        if side != "prediction" or reference is None:
            continue
        if file.sha256 == reference.sha256 or (file.content is not None and file.content == reference.content):
            return True
        if file.departure is not None and file.departure <= near.get(kind, -1.0):
            return True
    return False


def _scores_as_equal(records: PackedRun, clip: str) -> bool:
    """Whether every metric that only equal sides satisfy wholly is satisfied wholly, whatever the digests say."""
    telling = 0
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
        telling += 1
    return telling > 0


def reference_problems(folder: Path, card: EntryCard, records: PackedRun, task: Task | None) -> Iterator[Problem]:
    """Whether an entry's productions are the references that they are compared with.

    Args:
        folder: of the entry.
        card: its ``entry.yaml``.
        records: its ``records.parquet``.
        task: of the entry, where it is known.
    """
    try:
        same = shown_references(records, task)
    except (SignbenchError, ArithmeticError, LookupError, TypeError, ValueError):
        return  # records that cannot be folded are told of elsewhere
    share = len(same) / len(records.plan.clips)
    if card.kind == "anchor":
        if (card.generator or {}).get("name") == "ground-truth" and share < 1 - MOST_REFERENCES:
            lacking = len(records.plan.clips) - len(same)
            what = f"it says that it is the ground truth, but {lacking} of its productions are not the references"
            yield Problem(str(folder), "card", what, "run the generator ground-truth")
    elif share > MOST_REFERENCES:
        what = f"{len(same)} of its {len(records.plan.clips)} productions show the reference that they are compared with"
        remedy = f"hand in what a generator made; more than {MOST_REFERENCES:.0%} of them is no chance"
        yield Problem(str(folder), "card", f"{what} ({listing(same, 3)})", remedy)
