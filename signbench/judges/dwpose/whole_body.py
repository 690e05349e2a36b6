"""The key points of a person in a box: a whole-body network with one-dimensional maps (SimCC, Li et al. 2022).

Source: IDEA-Research/DWPose, ``ControlNet-v1-1-nightly/annotator/dwpose/onnxpose.py`` and ``wholebody.py``, which MimicMotion has
unchanged.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from signbench.judges.dwpose.sessions import Network
from signbench.media.layouts import layout

GIVEN, MADE = "coco-wholebody-133", "dwpose-134"
"""The layouts of the network's points, and of those with a neck."""

SURE = 0.3
"""Shoulders that are surer than this have a neck between them."""

_PADDING = 1.25
_MEAN = np.array([123.675, 116.28, 103.53])
_DEVIATION = np.array([58.395, 57.12, 57.375])


def view(box: NDArray[np.float32], size: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The part of a frame that the network is shown: a box, wider by a quarter, and extended to the picture's aspect ratio.

    Args:
        box: left, top, right, bottom in pixels.
        size: height and width of the picture.

    Returns:
        Its centre (x, y), and its width and height, in pixels of the frame.
    """
    corners = box.astype(np.float64)
    centre = (corners[:2] + corners[2:]) / 2
    width, height = (corners[2:] - corners[:2]) * _PADDING
    ratio = size[1] / size[0]
    return centre, np.array([width, width / ratio] if width > height * ratio else [height * ratio, height])


def cropped(
    frame: NDArray[np.uint8], centre: NDArray[np.float64], extent: NDArray[np.float64], size: tuple[int, int]
) -> NDArray[np.float32]:
    """The network's picture of a part of a frame, black outside the frame.

    Args:
        frame: uint8 ``(H, W, 3)`` RGB.
        centre: x and y of the part's centre, in pixels.
        extent: its width and height, with the picture's aspect ratio.
        size: height and width of the picture.

    Returns:
        float32 ``(3, *size)``, levels 0 to 255 less the mean, in standard deviations.
    """
    import cv2

    height, width = size
    # as in the original: three points in float32, and OpenCV's solution, so that the levels are the same up to the last one
    matrix = cv2.getAffineTransform(_corner(centre, extent[0]), _corner(np.array([width, height]) / 2, width))
    picture = cv2.warpAffine(frame, matrix, (width, height), flags=cv2.INTER_LINEAR)
    shown: NDArray[np.float32] = ((picture - _MEAN) / _DEVIATION).transpose(2, 0, 1).astype(np.float32)
    return shown


def _corner(centre: NDArray[np.float64], width: float) -> NDArray[np.float32]:
    """Float32 ``(3, 2)``: a centre, the point half a width above it, and the one as far to the left of that."""
    middle, above = np.array([centre, centre - [0, width / 2]], np.float32)
    return np.stack([middle, above, above - np.array([middle[1] - above[1], 0], np.float32)])


def decoded(across: NDArray[np.float32], down: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Points from SimCC's maps: the highest cell of each axis. The confidence is the lower of the two heights.

    Args:
        across: float32 ``(K, W')``, a map for x of each point.
        down: float32 ``(K, H')``, a map for y.

    Returns:
        float32 ``(K, 2)``, x and y in cells, and float32 ``(K,)``. Without a height above 0, both coordinates are -1.
    """
    confidence = np.minimum(across.max(axis=1), down.max(axis=1))
    cells = np.stack([across.argmax(axis=1), down.argmax(axis=1)], axis=1).astype(np.float32)
    cells[confidence <= 0] = -1
    return cells, confidence


def person(network: Network, frame: NDArray[np.uint8], box: NDArray[np.float32]) -> NDArray[np.float64]:
    """The key points of the person in a box.

    Args:
        network: the whole-body network.
        frame: uint8 ``(H, W, 3)`` RGB.
        box: left, top, right, bottom in pixels.

    Returns:
        float64 ``(133, 3)`` in the order of :data:`GIVEN`: x and y in pixels of the frame, (0, 0) being the centre of the first
        pixel, and the confidence, which may be above 1.

    Raises:
        InputError: the network is another one.
    """
    count, (height, width) = len(layout(GIVEN).joints), network.size
    centre, extent = view(box, network.size)
    outputs = network.outputs(cropped(frame, centre, extent, network.size))
    shapes = [output.shape for output in outputs]
    ratio = shapes[0][-1] / width if shapes[0] else 0
    if shapes != [(1, count, ratio * width), (1, count, ratio * height)]:
        raise network.refused(f"it returns arrays of shape {shapes}, not two of {count} maps as long as a picture's sides")
    cells, confidence = decoded(outputs[0][0], outputs[1][0])
    points = cells / ratio / np.array([width, height]) * extent + centre - extent / 2
    return np.concatenate([points, confidence[:, None]], axis=1)


def with_neck(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The points in OpenPose's order, with a neck half-way between the shoulders.

    Args:
        points: ``(..., 133, 3)`` in the order of :data:`GIVEN`.

    Returns:
        float64 ``(..., 134, 3)`` in the order of :data:`MADE`. The neck's confidence is 1 if both shoulders' are above 0.3, else 0.
    """
    given, made = layout(GIVEN), layout(MADE)
    shoulders = points[..., given.index(["left_shoulder", "right_shoulder"]), :]
    neck = shoulders.mean(axis=-2, keepdims=True)
    neck[..., 2] = (shoulders[..., 2] > SURE).all(axis=-1, keepdims=True)
    joints = (*given.joints, "neck")
    return np.concatenate([points, neck], axis=-2)[..., [joints.index(joint) for joint in made.joints], :]
