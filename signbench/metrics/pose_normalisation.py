"""Preparation of one side of a clip for the pose metrics: scaling by the shoulders, and trimming."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, MediaError
from signbench.media.layouts import Layout
from signbench.media.pose import Pose

Points = NDArray[np.float64]
Seen = NDArray[np.bool_]

SHOULDERS = ("left_shoulder", "right_shoulder")
LOW_CONFIDENCE = 0.2
"""Ham2Pose hides points of this confidence or less (``pose_utils.py: pose_hide_low_conf``)."""

NOTHING_TO_COMPARE = "the reference never shows upper body or hands with a confidence above 0.2; there is nothing to compare."
"""Why Ham2Pose's metrics have no value, which would be 0 for any prediction."""

_MARGIN = 5  # frames that the trimming of pose-evaluation keeps before and after the wrist is above the elbow


@dataclass(frozen=True, eq=False)
class PreparedPose:
    """One side of a clip, ready to be compared.

    Attributes:
        points: float64 ``(T, J, D)``; 0 for points that are not seen.
        seen: bool ``(T, J)``.
        layout: the joints' names.
    """

    points: Points
    seen: Seen
    layout: Layout

    def select(self, joints: tuple[str, ...]) -> PreparedPose:
        """The same side with only the named joints."""
        index = self.layout.index(joints)
        return PreparedPose(self.points[:, index], self.seen[:, index], self.layout.subset(joints))


def visible(pose: Pose, dimensions: int | None = None) -> Points:
    """Coordinates as float64 ``(T, J, D)``, 0 for points that were not seen; the first ``dimensions`` of them, or all."""
    points = pose.points[..., :dimensions].astype(np.float64)
    points[~pose.seen] = 0.0
    return points


def shoulder_geometry(points: Points, seen: Seen, layout: Layout) -> tuple[Points, float] | None:
    """Mean midpoint of the shoulders ``(D,)`` and their mean distance, over the frames in which both are seen.

    Args:
        points: float64 ``(T, J, D)``.
        seen: bool ``(T, J)``.
        layout: names of the joints.

    Returns:
        None if the layout has no shoulders, or no frame shows both.
    """
    if any(joint not in layout for joint in SHOULDERS):
        return None
    left, right = layout.index(SHOULDERS)
    frames = seen[:, left] & seen[:, right]
    if not frames.any():
        return None
    pair = points[frames][:, [left, right]]
    centre = ((pair[:, 0] + pair[:, 1]) / 2).mean(axis=0)
    width = np.sqrt(((pair[:, 0] - pair[:, 1]) ** 2).sum(axis=1)).mean()
    return centre, float(width)


def by_shoulders(pose: Pose, side: str, dimensions: int | None = None) -> PreparedPose:
    """One side, centred on its mean shoulder midpoint and divided by its mean shoulder distance.

    One centre and one scale for the whole clip, as in pose-format (``pose_format/pose.py: Pose.normalize``), in float64.

    Args:
        pose: the side.
        side: ``prediction`` or ``reference``, for the messages.
        dimensions: number of coordinates to use, 2 or all.

    Raises:
        InputError: the layout has no shoulders.
        MediaError: no frame shows both shoulders, or they always coincide.
    """
    lacking = [joint for joint in SHOULDERS if joint not in pose.layout]
    if lacking:
        raise InputError(f"the layout {pose.layout.name} has no {lacking[0]}, so key points cannot be scaled by the shoulders.")
    points = visible(pose, dimensions)
    found = shoulder_geometry(points, pose.seen, pose.layout)
    if found is None:
        raise MediaError(f"{side}: no frame shows both shoulders, so the key points cannot be scaled by them.")
    centre, width = found
    if width == 0:
        raise MediaError(f"{side}: both shoulders coincide in every frame, so the key points cannot be scaled by them.")
    scaled = (points - centre) / width
    scaled[~pose.seen] = 0.0
    return PreparedPose(scaled, pose.seen, pose.layout)


def signing_span(pose: Pose) -> slice:
    """Frames from 5 before a wrist is first above its elbow to 5 after it last is, as pose-evaluation trims.

    For each arm the span is limited to the frames from the first to the last in which the wrist is seen; the clip's span runs from
    the earlier start to the later end of the two arms. Above means a smaller second coordinate, as in images. If no arm ever rises,
    or the layout has no wrist with an elbow, the whole clip is kept.

    Source: spoken-to-signed-translation, ``gloss_to_pose/concatenate.py: trim_pose``, which pose-evaluation calls
    (``pose_processors.py: TrimMeaninglessFramesPoseProcessor``; there only for MediaPipe Holistic, here for all layouts).
    """
    starts: list[int] = []
    stops: list[int] = []
    for arm in ("left", "right"):
        if f"{arm}_wrist" not in pose.layout or f"{arm}_elbow" not in pose.layout:
            continue
        wrist, elbow = pose.layout.index([f"{arm}_wrist", f"{arm}_elbow"])
        sights = np.flatnonzero(pose.seen[:, wrist])
        raised = np.flatnonzero(pose.seen[:, wrist] & pose.seen[:, elbow] & (pose.points[:, wrist, 1] < pose.points[:, elbow, 1]))
        if raised.size:
            starts.append(max(int(sights[0]), int(raised[0]) - _MARGIN))
            stops.append(min(int(sights[-1]) + 1, int(raised[-1]) + 1 + _MARGIN))
    return slice(min(starts), max(stops)) if starts else slice(0, pose.frames)


def ham2pose_joints(layout: Layout) -> tuple[str, ...]:
    """The joints that Ham2Pose compares, as far as a layout has them: nose, neck, both arms, mid hip, both hands; no face.

    They are the key points 0 to 8 and 95 on of OpenPose's 137 (``metrics.py: get_idx2weight``).

    Raises:
        InputError: the layout has none of them.
    """
    arms = [f"{side}_{joint}" for side in ("right", "left") for joint in ("shoulder", "elbow", "wrist")]
    body = tuple(joint for joint in ("nose", "neck", *arms, "mid_hip") if joint in layout)
    joints = body + layout.part("hands")
    if not joints:
        raise InputError(f"the layout {layout.name} has neither upper body nor hands, so Ham2Pose's metrics cannot be computed.")
    return joints


def ham2pose_prepared(pose: Pose, side: str) -> PreparedPose:
    """One side as Ham2Pose prepares it: shoulders, focus, low confidence hidden, trimmed, its joints; x and y only.

    After scaling by the shoulders, all points are moved so that the smallest x and y of the clip are 0 (pose-format's
    ``Pose.focus``). Points with a confidence of at most 0.2 are hidden. Leading and trailing frames are dropped as long as they
    show no wrist, or the confidences of the face's points sum to at most half their number (35 of 70 with OpenPose; in layouts
    without a face only the wrists count). If no frame would remain, the clip is not trimmed, as in the original.

    Source: Ham2Pose, ``metrics.py: get_pose``, ``pose_utils.py``.

    Raises:
        InputError: the layout has no shoulders, or none of the joints.
        MediaError: no frame shows both shoulders.
    """
    prepared = by_shoulders(pose, side, dimensions=2)
    points = prepared.points - prepared.points[prepared.seen].min(axis=0)
    seen = pose.confidence > LOW_CONFIDENCE
    points[~seen] = 0.0
    span = _ham2pose_span(np.where(seen, pose.confidence, 0).astype(np.float64), pose.layout)
    return PreparedPose(points[span], seen[span], pose.layout).select(ham2pose_joints(pose.layout))


def _ham2pose_span(confidence: Points, layout: Layout) -> slice:
    frames = confidence.shape[0]
    kept = np.ones(frames, dtype=np.bool_)
    wrists = [joint for joint in ("left_wrist", "right_wrist") if joint in layout]
    if wrists:
        kept &= confidence[:, layout.index(wrists)].sum(axis=1) > 0
    if face := layout.part("face"):
        kept &= confidence[:, layout.index(face)].sum(axis=1) > len(face) / 2
    indices = np.flatnonzero(kept)
    if not indices.size:
        return slice(0, frames)
    first, last = int(indices[0]), int(indices[-1])
    # The search from the end stops before the first kept frame, so a single kept frame keeps all frames after it.
    return slice(first, last + 1 if last > first else frames)
