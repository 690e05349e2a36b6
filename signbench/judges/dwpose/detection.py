"""Where people are in a picture: YOLOX (Ge et al. 2021), as DWPose uses it.

Source: IDEA-Research/DWPose, ``ControlNet-v1-1-nightly/annotator/dwpose/onnxdet.py``, which MimicMotion has unchanged.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from signbench.judges.dwpose.sessions import Network

STRIDES = (8, 16, 32)
"""Sides of the cells of YOLOX's three grids, in pixels of its picture."""

SURE = 0.3
"""A person's score is above this."""

OVERLAP = 0.45
"""A box is dropped if it overlaps a surer one by more than this share of their union."""

_GREY = 114
_PERSON = 0


def letter_box(frame: NDArray[np.uint8], size: tuple[int, int]) -> tuple[NDArray[np.float32], float]:
    """A frame in the top left corner of a grey picture, its aspect ratio kept.

    Args:
        frame: uint8 ``(H, W, 3)`` RGB.
        size: height and width of the picture in pixels.

    Returns:
        float32 ``(3, *size)``, levels 0 to 255, and the scale: pixels of the picture for one of the frame.
    """
    import cv2

    height, width = frame.shape[:2]
    scale = min(size[0] / height, size[1] / width)
    shown = max(1, int(height * scale)), max(1, int(width * scale))
    picture = np.full((*size, 3), _GREY, np.uint8)
    picture[: shown[0], : shown[1]] = cv2.resize(frame, (shown[1], shown[0]), interpolation=cv2.INTER_LINEAR)
    return picture.transpose(2, 0, 1).astype(np.float32), scale


def boxes_of(output: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """The boxes in a picture of YOLOX: ``exp`` of their sizes, and offsets of their centres from a cell, in cells.

    Args:
        output: float32 ``(N, 4 ...)``, a row for each cell of the grids of :data:`STRIDES`, row by row.
        size: height and width of the picture in pixels.

    Returns:
        float32 ``(N, 4)``: left, top, right, bottom in pixels of the picture.
    """
    cells, sides = [], []
    for stride in STRIDES:
        rows, columns = np.mgrid[: size[0] // stride, : size[1] // stride]
        cells.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
        sides.append(np.full((rows.size, 1), stride))
    side = np.concatenate(sides).astype(np.float32)
    centres = (output[:, :2] + np.concatenate(cells).astype(np.float32)) * side
    halves = np.exp(output[:, 2:4]) * side / 2
    return np.concatenate([centres - halves, centres + halves], axis=1).astype(np.float32)


def surest(boxes: NDArray[np.float32], scores: NDArray[np.float32], overlap: float = OVERLAP) -> list[int]:
    """The boxes that no surer one overlaps too much, by greedy non-maximum suppression; sides count their last pixel.

    Args:
        boxes: ``(N, 4)``: left, top, right, bottom.
        scores: ``(N,)``.
        overlap: largest intersection over union with a surer box that is kept.

    Returns:
        Their rows, the surest first.
    """
    rest = np.argsort(scores, kind="stable")[::-1]
    areas = (boxes[:, 2] - boxes[:, 0] + 1) * (boxes[:, 3] - boxes[:, 1] + 1)
    kept: list[int] = []
    while rest.size:
        best, rest = int(rest[0]), rest[1:]
        kept.append(best)
        corner = np.maximum(boxes[best, :2], boxes[rest, :2])
        sides = np.minimum(boxes[best, 2:], boxes[rest, 2:]) - corner + 1
        shared = np.maximum(sides, 0).prod(axis=1)
        rest = rest[shared / (areas[best] + areas[rest] - shared) <= overlap]
    return kept


def people(network: Network, frame: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The boxes of people in a frame.

    Args:
        network: YOLOX.
        frame: uint8 ``(H, W, 3)`` RGB.

    Returns:
        float32 ``(P, 4)``: left, top, right, bottom in pixels of the frame; the surest person first.

    Raises:
        InputError: the network is another one.
    """
    picture, scale = letter_box(frame, network.size)
    output = network.outputs(picture)[0]
    cells = sum((network.size[0] // stride) * (network.size[1] // stride) for stride in STRIDES)
    if output.ndim != 3 or output.shape[:2] != (1, cells) or output.shape[2] < 6:
        raise network.refused(f"it returns an array of shape {output.shape}, not (1, {cells}, 85)")
    rows = output[0]
    scores = rows[:, 4] * rows[:, 5 + _PERSON]
    # DWPose keeps boxes above 0.1 until it has suppressed some, but only a surer one suppresses another
    sure = scores.astype(np.float64) > SURE
    boxes = (boxes_of(rows, network.size)[sure] / np.float32(scale)).astype(np.float32)
    found: NDArray[np.float32] = boxes[surest(boxes, scores[sure])]
    return found
