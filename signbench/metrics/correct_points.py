"""The share of key points that are close enough to the correct ones."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, MediaError
from signbench.media.layouts import Layout
from signbench.media.pose import Pose
from signbench.metrics.base import Limits, MeanOfClips, Parameter, Record
from signbench.metrics.pairs import PosePair
from signbench.metrics.pose import PARTS_PARAMETER, MetricOfParts, same_dimensions, scalars, seen_in_pairs
from signbench.metrics.pose_normalisation import shoulder_geometry, visible

_SIDES = ("left", "right")


class Pck(MetricOfParts, MeanOfClips):
    """Percentage of correct key points, as a fraction: points within a share of a body length of the correct ones.

    Of the points (t, j) that the reference shows, the share with ``|prediction[t, j] - reference[t, j]| <= threshold · unit``; then
    the mean over clips. A point that the prediction lacks is not correct. The unit is a mean over the reference's frames, one for
    each clip: the distance of the shoulders; from the middle of the shoulders to that of the hips (``torso``); or from the wrist to
    the first joint of the middle finger, of each hand for its own points and the longer of the two for all others (``hand``).

    Source: Yang and Ramanan 2013, "Articulated Human Detection with Flexible Mixtures of Parts", where the unit is a box around the
    person; shoulders, torso and hand are what the field's variants use. A record holds ``correct`` and ``points``, their numbers.
    """

    name = "pck"
    parameters = (
        Parameter("threshold", 0.2, "largest distance of a correct point, in units."),
        Parameter(
            "unit", "shoulders", "the reference's length by which distances are divided.", choices=("shoulders", "hand", "torso")
        ),
        PARTS_PARAMETER,
    )
    revision = 1
    limits: ClassVar[Limits] = (0.0, 1.0)
    direction = "higher"
    pairs_frames = True
    summary = "Share of key points within a fraction of a body length of the correct ones."
    of_equal_sides = 1.0

    def check(self) -> None:
        super().check()
        if self["threshold"] <= 0:
            raise InputError(f"metric pck: parameter threshold must be above 0, not {self['threshold']}.")

    @property
    def unit(self) -> str:
        return "1"

    @property
    def needs_scale(self) -> bool:
        return True

    def measure(self, pair: PosePair) -> Record:
        reference, prediction = pair.paired_reference, pair.paired_prediction
        same_dimensions(prediction, reference)
        joints = self.joints(reference.layout)
        index = list(reference.layout.index(joints))
        units = self._units(reference)[index]
        ours, theirs = prediction.seen[:, index], reference.seen[:, index]
        points = int(theirs.sum())
        if points == 0:
            raise MediaError(f"the reference never shows a point of {self['parts']}; there is nothing to compare.")
        distance = np.sqrt(((visible(prediction)[:, index] - visible(reference)[:, index]) ** 2).sum(axis=2))
        near = (distance <= self["threshold"] * units) & ours & theirs
        return scalars(correct=int(near.sum()), points=points) | seen_in_pairs(ours, theirs)

    def clip_value(self, record: Record) -> float:
        return float(record["correct"]) / float(record["points"])

    def missing(self) -> Record:
        return scalars(correct=0, points=1, seen=0, seen_of=0, surplus=0, surplus_of=0, capped=0)

    def _units(self, reference: Pose) -> NDArray[np.float64]:
        """The length for each joint of the layout, float64 ``(J,)``."""
        points, seen, layout = visible(reference), reference.seen, reference.layout
        if self["unit"] == "shoulders":
            found = shoulder_geometry(points, seen, layout)
            lengths = np.full(len(layout.joints), 0.0 if found is None else found[1])
        elif self["unit"] == "torso":
            ends = [_middle(points, seen, layout, name) for name in ("shoulder", "hip")]
            lengths = np.full(len(layout.joints), _mean_length(*ends[0], *ends[1]))
        else:
            hands = [self._hand(points, seen, layout, side) for side in _SIDES]
            lengths = np.full(len(layout.joints), max(hands))
            for side, length in zip(_SIDES, hands, strict=True):
                own = np.array([part == f"{side}_hand" for part in layout.parts])
                lengths[own] = length or max(hands)
        if not lengths.all():
            raise MediaError(f"the reference never shows its {self['unit']}, by which distances are divided; choose another unit.")
        return lengths

    @staticmethod
    def _hand(points: NDArray[np.float64], seen: NDArray[np.bool_], layout: Layout, side: str) -> float:
        """The mean length of a hand's middle bone, 0 if it is never seen."""
        roots = [name for name in (f"{side}_hand_root", f"{side}_wrist") if name in layout.joints]
        if not roots or f"{side}_middle_1" not in layout.joints:
            return 0.0
        first, second = layout.index((roots[0], f"{side}_middle_1"))
        return _mean_length(points[:, first], seen[:, first], points[:, second], seen[:, second])


def _middle(
    points: NDArray[np.float64], seen: NDArray[np.bool_], layout: Layout, name: str
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The middle of a pair of joints in each frame, and whether both are seen."""
    joints = tuple(f"{side}_{name}" for side in _SIDES)
    if any(joint not in layout.joints for joint in joints):
        return np.zeros((len(points), points.shape[2])), np.zeros(len(points), np.bool_)
    left, right = layout.index(joints)
    return (points[:, left] + points[:, right]) / 2, seen[:, left] & seen[:, right]


def _mean_length(
    first: NDArray[np.float64], first_seen: NDArray[np.bool_], second: NDArray[np.float64], second_seen: NDArray[np.bool_]
) -> float:
    """The mean distance of two points over the frames in which both are seen; 0 if there is none."""
    both = first_seen & second_seen
    return float(np.sqrt(((first[both] - second[both]) ** 2).sum(axis=1)).mean()) if both.any() else 0.0
