"""Metrics of key points without time warping: APE, nAPE, total distance; and the ratio of durations."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, MediaError
from signbench.media.layouts import Layout
from signbench.media.pose import Pose
from signbench.metrics.base import (
    Limits,
    MeanOfClips,
    Metric,
    Parameter,
    Record,
    Recorder,
    Records,
    Value,
    Weights,
    ratio_of_sums,
    weighted_sum,
)
from signbench.metrics.pairs import LengthPair, Pair, PosePair
from signbench.metrics.pose_normalisation import (
    NOTHING_TO_COMPARE,
    PreparedPose,
    by_shoulders,
    ham2pose_prepared,
    shoulder_geometry,
    visible,
)

PARTS = ("body", "hands", "face")


class WholeClip:
    """Recorder of a metric that processes a clip as a whole."""

    def __init__(self, measure: Callable[[Pair], Record]) -> None:
        self._measure = measure
        self._record: Record | None = None

    def update(self, pair: Pair) -> None:
        """Measures the clip, which must be a single chunk."""
        if self._record is not None:
            raise ValueError("this metric takes a clip as a whole")
        self._record = self._measure(pair)

    def finish(self) -> Record:
        """The clip's record."""
        if self._record is None:
            raise ValueError("there is no chunk of the clip")
        return self._record


class PoseMetric(Metric):
    """A metric of key points.

    Besides its own fields, each record holds how much of the two sides was compared: ``seen`` and ``seen_of``, whose sums over
    clips give the share of the references' points that the predictions have, ``surplus`` and ``surplus_of``, which give the share
    of the predictions' points that the references lack, and ``capped``, the number of confidences above 1 in both files. Points are
    those that the metric itself compares, seen by its own rule.
    """

    view = "pose"
    pairs_frames = False
    revision = 2
    needs_rate = True

    @property
    def needs_scale(self) -> bool:
        return self.unit != "shoulder widths"

    def recorder(self) -> Recorder:
        return WholeClip(self._measured)

    def _measured(self, pair: Pair) -> Record:
        if not isinstance(pair, PosePair):
            raise TypeError(f"metric {self.name} measures key points")
        return self.measure(pair) | scalars(capped=pair.prediction.capped + pair.reference.capped)

    @abstractmethod
    def measure(self, pair: PosePair) -> Record:
        """The record of one clip.

        Raises:
            MediaError: the clip lacks something that the metric needs; it counts as missing.
            InputError: the layout lacks something that the metric needs.
        """

    def seen(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        return ratio_of_sums(records, weights, "seen", "seen_of")

    def surplus(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        return ratio_of_sums(records, weights, "surplus", "surplus_of")

    def note(self, records: Records) -> str | None:
        capped = sum(int(record["capped"]) for record in records)
        return f"confidences above 1 in the files, which count as 1: {capped}" if capped else None


def seen_in_any_order(prediction: NDArray[np.bool_], reference: NDArray[np.bool_]) -> Record:
    """How much of the two sides was compared, for metrics that do not pair frames.

    With p and r the shares of frames in which a joint is seen on the two sides, a clip has sum min(p, r) / sum r of the reference's
    points; clips are weighted by the reference's frames, and skipped if the reference never shows the joints. The surplus is sum
    max(p - r, 0) / sum p, weighted by the prediction's frames.

    Args:
        prediction: ``(T, J)``, which of the metric's joints are seen, in the frames that it uses.
        reference: ``(S, J)``, the same.
    """
    ours, theirs = (side.mean(axis=0, dtype=np.float64) for side in (prediction, reference))
    share, frames = _share(np.minimum(ours, theirs), theirs, len(reference))
    surplus, of = _share(np.maximum(ours - theirs, 0), ours, len(prediction))
    return scalars(seen=share, seen_of=frames, surplus=surplus, surplus_of=of)


def _share(part: NDArray[np.float64], whole: NDArray[np.float64], frames: int) -> tuple[float, int]:
    """A share times its weight in frames, and those frames; 0 of 0 if the denominator is 0."""
    shown = whole.sum()
    return (frames * float(part.sum() / shown), frames) if shown > 0 else (0.0, 0)


def seen_in_pairs(prediction: NDArray[np.bool_], reference: NDArray[np.bool_]) -> Record:
    """How much of the two sides was compared, for metrics that pair frames: numbers of points.

    Args:
        prediction: ``(T, J)``, which of the metric's joints are seen.
        reference: ``(T, J)``, the same.
    """
    both = int((prediction & reference).sum())
    ours, theirs = int(prediction.sum()), int(reference.sum())
    return scalars(seen=both, seen_of=theirs, surplus=ours - both, surplus_of=ours)


def scalars(**values: float) -> Record:
    """A record of float64 scalars."""
    return {name: np.array(value, dtype=np.float64) for name, value in values.items()}


def same_dimensions(prediction: Pose, reference: Pose) -> None:
    """Refuses to compare points in 2D with points in 3D.

    Raises:
        MediaError: the sides have different numbers of coordinates.
    """
    ours, theirs = prediction.points.shape[2], reference.points.shape[2]
    if ours != theirs:
        raise MediaError(f"the prediction has {ours} coordinates per point, the reference {theirs}; use the same on both sides.")


PARTS_PARAMETER = Parameter(
    "parts", "all", "joints to use: all, or some of body, hands, face.", choices=("all", *PARTS), several=True
)


class MetricOfParts(PoseMetric):
    """A metric of key points with the parameter ``parts``."""

    def settled(self, values: Mapping[str, Value]) -> Mapping[str, Value]:
        asked = str(values["parts"]).split("+")
        if "all" in asked:
            return values
        parts = "+".join(part for part in PARTS if part in asked)
        return {**values, "parts": "all" if parts == "+".join(PARTS) else parts}

    def check(self) -> None:
        asked = str(self["parts"]).split("+")
        if "all" in asked and len(asked) > 1:
            raise InputError(
                f"metric {self.name}: parts=all already includes the others; write parts=all instead of parts={self['parts']}."
            )

    def joints(self, layout: Layout) -> tuple[str, ...]:
        """The joints of the chosen parts.

        Raises:
            InputError: the layout has none of a part.
        """
        if self["parts"] == "all":
            return layout.joints
        parts = self["parts"].split("+")
        for part in parts:
            if not layout.part(part):
                raise InputError(f"metric {self.canonical}: the layout {layout.name} has no {part} joints; remove them from parts.")
        return layout.part(*parts)


class Ape(MetricOfParts, MeanOfClips):
    """Average position error: the mean Euclidean distance between predicted and true joints, frame by frame.

    ``mean of |prediction[t, j] - reference[t, j]|`` over the points (t, j) that the reference shows, over all coordinates of the
    file; then the mean over clips. A point that only the prediction lacks counts as the larger of one shoulder width of the
    reference and that point's largest distance in the clip. If the reference never shows both shoulders, the diagonal of the
    bounding box of all of its points is used instead of the shoulder width.

    Source: RuSignBot, table 1 and its description (mean and standard deviation over clips); the cost of a missing point is
    signbench's definition. A record holds ``error``, the sum of the distances, and ``points``, their number.
    """

    name = "ape"
    parameters = (
        Parameter(
            "normalise",
            "none",
            "shoulders: each side centred on its mean shoulder midpoint and divided by its mean shoulder distance.",
            choices=("none", "shoulders"),
        ),
        PARTS_PARAMETER,
    )
    limits: ClassVar[Limits] = (0.0, None)
    direction = "lower"
    pairs_frames = True
    summary = "Average position error: mean distance of paired key points."
    of_equal_sides = 0.0

    @property
    def unit(self) -> str:
        return "shoulder widths" if self["normalise"] == "shoulders" else "input units"

    def measure(self, pair: PosePair) -> Record:
        reference, prediction = pair.paired_reference, pair.paired_prediction
        same_dimensions(prediction, reference)
        joints = self.joints(reference.layout)
        ours, theirs = self._sides(prediction, reference)
        scale = _scale(theirs)
        ours, theirs = ours.select(joints), theirs.select(joints)
        both = ours.seen & theirs.seen
        points = int(theirs.seen.sum())
        if points == 0:
            raise MediaError(f"the reference never shows a point of {self['parts']}; there is nothing to compare.")
        distance = np.sqrt(((ours.points - theirs.points) ** 2).sum(axis=2))
        distance[~both] = 0.0
        lacking = (theirs.seen & ~ours.seen).sum(axis=0)
        error = distance.sum()
        if lacking.any():
            if scale == 0:
                raise MediaError(
                    "the prediction lacks points, and the reference has neither shoulders nor an extent that sets their cost."
                )
            # Never less than the reference determines: a prediction must not lower the cost of what it hides.
            error += (lacking * np.maximum(distance.max(axis=0), scale)).sum()
        return scalars(error=error, points=points) | seen_in_pairs(ours.seen, theirs.seen)

    def clip_value(self, record: Record) -> float:
        return float(record["error"]) / float(record["points"])

    def _sides(self, prediction: Pose, reference: Pose) -> tuple[PreparedPose, PreparedPose]:
        """Both sides in the units of the score."""
        if self["normalise"] == "shoulders":
            return by_shoulders(prediction, "prediction"), by_shoulders(reference, "reference")
        ours, theirs = (PreparedPose(visible(side), side.seen, side.layout) for side in (prediction, reference))
        return ours, theirs


def _scale(reference: PreparedPose) -> float:
    """The minimum cost of a missing point: the reference's shoulder width, or the diagonal of its extent; 0 for a single point."""
    geometry = shoulder_geometry(reference.points, reference.seen, reference.layout)
    if geometry is not None and geometry[1] > 0:
        return geometry[1]
    shown = reference.points[reference.seen]
    return float(np.sqrt((np.ptp(shown, axis=0) ** 2).sum())) if len(shown) else 0.0


class Nape(PoseMetric, MeanOfClips):
    """Ham2Pose's normalised average position error, for upper body and hands, in 2D.

    Both sides are scaled by the shoulders, moved to start at (0, 0), and trimmed of frames without face or wrists
    (``signbench.metrics.pose_normalisation.ham2pose_prepared``). The shorter is padded with points at (0, 0); points that either
    side lacks are set to (0, 0) on both; then the mean distance over the frames of the longer side, over key points, and over
    clips.

    Source: Ham2Pose, ``metrics.py: APE, compare_poses``. There, padding drops the mask of the shorter side, so that its missing
    points count with whatever coordinates the file stores; here they count as missing on both.
    """

    name = "nape"
    limits: ClassVar[Limits] = (0.0, None)
    direction = "lower"
    summary = "Ham2Pose's average position error of upper body and hands, in shoulder widths."
    of_equal_sides = 0.0

    @property
    def unit(self) -> str:
        return "shoulder widths"

    def measure(self, pair: PosePair) -> Record:
        ours = ham2pose_prepared(pair.prediction, "prediction")
        theirs = ham2pose_prepared(pair.reference, "reference")
        if not theirs.seen.any():
            raise MediaError(NOTHING_TO_COMPARE)
        frames = max(len(ours.points), len(theirs.points))
        (our_points, our_seen), (their_points, their_seen) = (_filled_up(side, frames) for side in (ours, theirs))
        distance = np.sqrt(((our_points - their_points) ** 2).sum(axis=2))
        distance[~(our_seen & their_seen)] = 0.0
        # Padding frames are compared, so they hide nothing of the other side; but they are not shown by anyone.
        length, width = len(ours.points), len(theirs.points)
        seen, surplus = seen_in_pairs(our_seen[:width], theirs.seen), seen_in_pairs(ours.seen, their_seen[:length])
        met = {name: seen[name] if name.startswith("seen") else surplus[name] for name in seen}
        if not met["seen"]:
            raise MediaError(
                "the prediction shows none of the reference's points with a confidence above 0.2; nothing was compared."
            )
        return scalars(error=distance.mean(axis=0).mean()) | met

    def clip_value(self, record: Record) -> float:
        return float(record["error"])


def _filled_up(side: PreparedPose, frames: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Points and visibility of a side, padded after its last frame with points at (0, 0), which count as seen."""
    more = ((0, frames - len(side.points)), (0, 0))
    return np.pad(side.points, (*more, (0, 0))), np.pad(side.seen, more, constant_values=True)


class TotalDistance(PoseMetric):
    """How far the wrists travel, relative to the references: 1 is best, less is hesitant or averaged motion.

    ``mean over the two wrists of (sum over clips of the predicted path / sum over clips of the reference's path)``, a path being
    the sum of the distances from frame to frame, over all coordinates, with points that are not seen at 0.

    Source: SLRTP 2025 challenge, ``metrics.py: pose_distance``. A record holds both sides' paths, left and right.
    """

    name = "total-distance"
    limits: ClassVar[Limits] = (0.0, None)
    direction = "reference"
    summary = "Length of the wrists' paths, relative to the references."

    _WRISTS: ClassVar[tuple[str, str]] = ("left_wrist", "right_wrist")

    @property
    def unit(self) -> str:
        return "1"

    def measure(self, pair: PosePair) -> Record:
        same_dimensions(pair.prediction, pair.reference)
        return {
            "prediction": self._travelled(pair.prediction),
            "reference": self._travelled(pair.reference),
            **seen_in_any_order(*(side.seen[:, side.layout.index(self._WRISTS)] for side in (pair.prediction, pair.reference))),
        }

    def _travelled(self, pose: Pose) -> NDArray[np.float64]:
        path = visible(pose)[:, pose.layout.index(self._WRISTS)]
        steps: NDArray[np.float64] = np.sqrt((np.diff(path, axis=0) ** 2).sum(axis=2)).sum(axis=0)
        return steps

    def clip_value(self, record: Record) -> float | None:
        if not (record["reference"] > 0).all():
            return None
        return float((record["prediction"] / record["reference"]).mean())

    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        # Four sums, kept separate until the end: the mean over the wrists of ratios of sums over clips.
        rows = np.array([(*record["prediction"], *record["reference"]) for record in records], dtype=np.float64).reshape(-1, 4)
        left, right, left_reference, right_reference = (weighted_sum(column, weights) for column in rows.T)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = (left / left_reference + right / right_reference) / 2
        return np.where(np.isfinite(ratio), ratio, np.nan)

    def reference_score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        return np.ones(weights.shape[0], dtype=np.float64)


class DurationRatio(MeanOfClips):
    """How long the productions are, relative to the references: 1 is best.

    ``mean over clips of (length of the prediction / length of the reference)``, in seconds if the references state their frame
    rate, else in frames; a clip for which only one side states it has no ratio. It reads key points if both sides have them, else
    video.

    Source: SLRTP 2025 challenge, ``metrics.py: pose_length`` (in frames; its sides share one rate).
    """

    name = "duration-ratio"
    limits: ClassVar[Limits] = (0.0, None)
    direction = "reference"
    view = "lengths"
    pairs_frames = False
    revision = 2
    needs_rate = True
    summary = "Duration of the productions, relative to the references."

    @property
    def unit(self) -> str:
        return "1"

    def recorder(self) -> Recorder:
        return WholeClip(self._measured)

    def _measured(self, pair: Pair) -> Record:
        if not isinstance(pair, LengthPair):
            raise TypeError(f"metric {self.name} measures lengths")
        if (pair.prediction_seconds is None) != (pair.reference_seconds is None):
            raise MediaError("only one side states its frame rate, so neither seconds nor frames can be compared.")
        return scalars(ratio=pair.ratio)

    def clip_value(self, record: Record) -> float:
        return float(record["ratio"])

    def reference_score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        return np.ones(weights.shape[0], dtype=np.float64)
