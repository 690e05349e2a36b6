"""Moves the key points of a driving video onto the person in the source picture.

Source: Tencent/MimicMotion, ``mimicmotion/dwpose/preprocess.py``: one scale and offset for the whole clip, fitted to the height of
the body's points; the same scale, corrected by the shapes of both pictures, for the width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from signbench.errors import InputError
from signbench.generators.mimicmotion.pose_pictures import BODY, SURE, PosePoints

_NEEDED = "nose, eyes, ears, neck, shoulders, hips and legs"
# elbows, wrists and hands move too much to show where a person stands
_STEADY = tuple(row for row, joint in enumerate(BODY) if not joint.endswith(("elbow", "wrist")))


class UnfitPictureError(InputError):
    """Nobody can be moved onto the source picture; another one may do."""


@dataclass(frozen=True)
class Alignment:
    """``scale * point + offset`` for points as shares of the picture.

    Attributes:
        scale: of x and y.
        offset: of x and y.
    """

    scale: tuple[float, float]
    offset: tuple[float, float]

    def of(self, driving: PosePoints) -> PosePoints:
        """The moved points."""
        return driving.moved(self.scale, self.offset)


def alignment(source: PosePoints, driving: PosePoints, source_ratio: float, driving_ratio: float) -> Alignment:
    """The alignment of a driving clip to the person in a source picture.

    Points of the body without elbows and wrists are compared, as far as the source shows them with a confidence above 0.3, in every
    frame in which the driving person shows them at all.

    Args:
        source: the points of the source picture, one frame.
        driving: the points of the driving video.
        source_ratio: height of the source picture divided by its width.
        driving_ratio: the same of the driving video.

    Raises:
        UnfitPictureError: the source picture shows fewer than two such points, or all at one height, or none that the driving video
            shows, or the driving person would be upside down in it.
        InputError: the driving video shows fewer than two such points, or all at one height.
    """
    sure = source.body[1][0] > SURE
    rows = [row for row in _STEADY if sure[row]]
    if len(rows) < 2 or np.ptp(source.body[0][0, rows, 1]) == 0:
        raise UnfitPictureError(
            f"the source picture shows nobody who can be moved: it must show at least two of {_NEEDED}, at different heights; "
            "choose another picture."
        )
    seen = driving.body[1][:, rows] > 0
    wanted = np.broadcast_to(source.body[0][0, rows], (len(driving), len(rows), 2))[seen]
    given = driving.body[0][:, rows][seen]
    if len(given) < 2 or np.ptp(given[:, 1]) == 0:
        shown = driving.body[0][:, list(_STEADY)][driving.body[1][:, list(_STEADY)] > 0]
        fault = UnfitPictureError if len(shown) >= 2 and np.ptp(shown[:, 1]) > 0 else InputError
        raise fault(
            f"the source picture and the driving video must both show the same two or more of {_NEEDED}, at different heights; "
            "choose another picture or video."
        )
    scale_y, offset_y = (float(value) for value in np.polyfit(given[:, 1], wanted[:, 1], 1))
    if not (math.isfinite(scale_y) and scale_y > 0):
        raise UnfitPictureError(
            "the driving person cannot be moved onto the source picture: it would be upside down; choose another picture."
        )
    scale_x = scale_y / (driving_ratio / source_ratio)
    offset_x = float(np.mean(wanted[:, 0] - given[:, 0] * scale_x))
    return Alignment((scale_x, scale_y), (offset_x, offset_y))
