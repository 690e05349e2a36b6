"""Dynamic time warping of key points, in the six published readings of DTW."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, MediaError
from signbench.media.layouts import Layout
from signbench.media.pose import Pose
from signbench.metrics.base import Limits, Parameter, Record, Records, Value, Weights, ratio_of_sums, spell
from signbench.metrics.pairs import PosePair
from signbench.metrics.pose import PoseMetric, same_dimensions, scalars, seen_in_any_order
from signbench.metrics.pose_normalisation import NOTHING_TO_COMPARE, by_shoulders, ham2pose_prepared, signing_span, visible

_PAPER_FILL = {"dtwp": 10.0, "ndtwp": 1.0}


def _number(text: Value) -> float | None:
    """The finite number in a text, or None."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


class Dtw(PoseMetric):
    """Distance between two sequences of key points after warping one onto the other; one name, six metrics.

    - ``slrtp``: DTW-MJE. Frames are aligned exactly, by the Euclidean distance over all joints' coordinates together; then the mean
      distance of a joint over all aligned pairs of frames of all clips. Points not seen are at 0.
    - ``slrtp-fastdtw``: the same with fastdtw's alignment (radius 1), as the SLRTP 2025 challenge computes it
      (``metrics.py: pose_dtw_mje``).
    - ``pt``: the lowest accumulated sum of absolute differences over the reference's length, without the last frame of either side;
      mean over clips. Points not seen are at 0 (Progressive Transformers, ``helpers.py: calculate_dtw``).
    - ``ham2pose``: fastdtw of each key point's trajectory, sums averaged over upper body and hands; mean over clips (Ham2Pose,
      ``metrics.py: compare_poses, masked_euclidean``).
    - ``dtwp``: per hand key point the root of the lowest accumulated squared distance, trimmed, points not seen at ``fill``; mean
      over key points and clips (pose-evaluation, arXiv 2510.07453).
    - ``ndtwp``: the same, scaled by the shoulders and untrimmed.
    """

    name = "dtw"
    parameters = (
        Parameter(
            "variant",
            "slrtp",
            "Which DTW it is.",
            choices=("slrtp", "slrtp-fastdtw", "pt", "ham2pose", "dtwp", "ndtwp"),
        ),
        Parameter("fill", "paper", "dtwp and ndtwp: the coordinate of points that are not seen; paper: 10 and 1."),
    )
    limits: ClassVar[Limits] = (0.0, None)
    direction = "lower"
    summary = "Distance after dynamic time warping, in six published readings."
    of_equal_sides = 0.0

    def settled(self, values: Mapping[str, Value]) -> Mapping[str, Value]:
        fill = _number(values["fill"])
        return values if fill is None else {**values, "fill": spell(fill + 0.0)}  # 1.0 is 1, -0 is 0

    def check(self) -> None:
        if self["fill"] == "paper":
            return
        if self["variant"] not in _PAPER_FILL:
            raise InputError(f"metric dtw: the variant {self['variant']} has no fill; remove it, or use dtwp or ndtwp.")
        if _number(self["fill"]) is None:
            raise InputError(f"metric dtw: parameter fill must be a finite number or paper, not {self['fill']!r}.")

    def resolved(self) -> Mapping[str, Value]:
        fill = self._fill
        return {"variant": self["variant"]} if fill is None else {"fill": fill, "variant": self["variant"]}

    @property
    def _fill(self) -> float | None:
        """The coordinate of points that are not seen; None for variants without one."""
        if self["variant"] not in _PAPER_FILL:
            return None
        return _PAPER_FILL[self["variant"]] if self["fill"] == "paper" else float(self["fill"])

    @property
    def unit(self) -> str:
        return "shoulder widths" if self["variant"] in ("ham2pose", "ndtwp") else "input units"

    @property
    def mean_of_clips(self) -> bool:
        return not self["variant"].startswith("slrtp")

    def measure(self, pair: PosePair) -> Record:
        match self["variant"]:
            case "ham2pose":
                return _ham2pose(pair)
            case "dtwp" | "ndtwp":
                return self._hand_distance(pair)
            case "pt":
                return _progressive_transformers(pair)
            case variant:
                return _joint_error(pair, fast=variant == "slrtp-fastdtw")

    def clip_value(self, record: Record) -> float:
        return float(record["sum"]) / float(record["count"])

    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        return ratio_of_sums(records, weights, "sum", "count")

    def _hand_distance(self, pair: PosePair) -> Record:
        from signbench.metrics.alignment import exact_cost

        same_dimensions(pair.prediction, pair.reference)
        (ours, our_seen), (theirs, their_seen) = (
            self._hand_trajectories(pair.prediction, "prediction"),
            self._hand_trajectories(pair.reference, "reference"),
        )
        distances = [math.sqrt(exact_cost(ours[:, joint], theirs[:, joint], "squared")) for joint in range(ours.shape[1])]
        return scalars(sum=float(np.mean(distances)), count=1) | seen_in_any_order(our_seen, their_seen)

    def _hand_trajectories(self, pose: Pose, side: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The hands as pose-evaluation prepares them, float64 ``(T, 42, D)``, and whether they were seen, ``(T, 42)``."""
        index = pose.layout.index(_hands(pose.layout))
        seen = pose.seen[:, index]
        if self["variant"] == "ndtwp":
            points, span = by_shoulders(pose, side).points[:, index], slice(None)
        else:
            points, span = visible(pose)[:, index], signing_span(pose)
        points[~seen] = self._fill
        return points[span], seen[span]


def _hands(layout: Layout) -> tuple[str, ...]:
    joints = layout.part("hands")
    if not joints:
        raise InputError(f"the layout {layout.name} has no hands, which dtwp and ndtwp compare; use another variant of dtw.")
    return joints


def _joint_error(pair: PosePair, fast: bool) -> Record:
    from signbench.metrics.alignment import exact_path, fast_alignment

    same_dimensions(pair.prediction, pair.reference)
    ours, theirs = visible(pair.prediction), visible(pair.reference)
    flat, other = _flat(ours), _flat(theirs)
    path = fast_alignment(flat, other)[1] if fast else exact_path(flat, other)
    errors = np.sqrt(((ours[path[:, 0]] - theirs[path[:, 1]]) ** 2).sum(axis=2))
    return scalars(sum=errors.sum(), count=errors.size) | seen_in_any_order(pair.prediction.seen, pair.reference.seen)


def _progressive_transformers(pair: PosePair) -> Record:
    from signbench.metrics.alignment import exact_cost

    same_dimensions(pair.prediction, pair.reference)
    # In the original a sequence ends before the frame with the highest counter, its last; at least one frame is kept.
    sides = [side.first(max(side.frames - 1, 1)) for side in (pair.prediction, pair.reference)]
    ours, theirs = (_flat(visible(side)) for side in sides)
    cost = scalars(sum=exact_cost(ours, theirs, "absolute") / len(theirs), count=1)
    return cost | seen_in_any_order(*(side.seen for side in sides))


def _ham2pose(pair: PosePair) -> Record:
    from signbench.metrics.alignment import fast_alignment

    ours, theirs = ham2pose_prepared(pair.prediction, "prediction"), ham2pose_prepared(pair.reference, "reference")
    if not theirs.seen.any():
        raise MediaError(NOTHING_TO_COMPARE)
    distances = [
        fast_alignment(ours.points[:, joint], theirs.points[:, joint], ours.seen[:, joint], theirs.seen[:, joint])[0]
        for joint in range(ours.points.shape[1])
    ]
    return scalars(sum=float(np.mean(distances)), count=1) | seen_in_any_order(ours.seen, theirs.seen)


def _flat(points: NDArray[np.float64]) -> NDArray[Any]:
    return points.reshape(len(points), -1)
