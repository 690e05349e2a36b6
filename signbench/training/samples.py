"""What a model answered about a few dev clips at each validation, kept beside the training so that people can see it learn.

Nothing here affects the training: the answers are those that the validation measures anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signbench.documents import json_bytes
from signbench.errors import MediaError, SignbenchError
from signbench.media.drawing import draw_pose
from signbench.media.pose import Pose
from signbench.training.base import Answer
from signbench.whole_files import write_atomically

FOLDER, ANSWERS = "samples", "answers.json"
FRAMES = 6
"""Pictures of a strip, evenly spaced over the clip, the first and the last frame included."""

_SIDE = 128
_QUALITY = 90
_LABELS = 3
_DRAWN = 3 * _SIDE
"""Side of a drawing before it is reduced, so that the points of a hand stay apart."""
_SHOULDERS = 0.3
"""Distance of the shoulders in a drawing, as a share of its side."""
_HEIGHT = 0.42
"""Where the shoulders are in a drawing, as a share of its side, from above."""


def keep_samples(folder: Path, steps: int, answers: Sequence[Answer]) -> Path:
    """Writes answers as text and as strips of pictures: ``FOLDER/samples/STEPS/answers.json`` and JPEG files beside it.

    Repeating the call for the same steps gives the same files. An answer that cannot be shown, such as features, is left out.

    Args:
        folder: of the training.
        steps: how many steps were trained.
        answers: those to keep.

    Returns:
        The folder of these samples.

    Raises:
        InputError: it cannot be written.
    """
    made = folder / FOLDER / f"{steps:08d}"
    rows = []
    for number, answer in enumerate(answers):
        sides = {}
        for side, given in (("said", answer.said), ("expected", answer.expected)):
            shown = {kind: _shown(kind, value, made / f"{number}-{side}-{kind}.jpg") for kind, value in given.items()}
            sides[side] = {kind: value for kind, value in shown.items() if value is not None}
        rows.append({"clip": answer.clip, **sides})
    # last, so that a folder with it is complete
    write_atomically(made / ANSWERS, json_bytes(rows))
    return made


def _shown(kind: str, value: Any, path: Path) -> Mapping[str, str] | None:
    """An answer as text, or as the name of a strip that was written; None if it is neither."""
    form = kind.partition(".")[0]
    if form == "label" and not isinstance(value, str):
        return {"text": ", ".join(value[:_LABELS])}
    if form in ("text", "gloss", "label"):
        return {"text": value if isinstance(value, str) else " ".join(value)}
    try:
        pictures = list(value) if form == "video" else _drawn(value) if form == "pose" and isinstance(value, Pose) else []
        if not pictures:
            return None
        write_atomically(path, _strip(pictures))
    except SignbenchError:
        return None
    return {"picture": path.name}


def _drawn(pose: Pose) -> list[NDArray[np.uint8]]:
    """Key points, centred on the shoulders and scaled by their distance.

    Raises:
        SignbenchError: the layout has no shoulders, or no frame shows both.
    """
    index = pose.layout.index(["left_shoulder", "right_shoulder"])
    both = pose.seen[:, index].all(axis=1)
    shoulders = pose.points[both][:, index, :2]
    width = float(np.linalg.norm(shoulders[:, 0] - shoulders[:, 1], axis=1).mean()) if both.any() else 0.0
    if not width > 0:
        raise MediaError("no frame shows both shoulders.")
    points = (pose.points[..., :2] - shoulders.mean(axis=(0, 1))) * (_SHOULDERS / width) + np.array([0.5, _HEIGHT])
    moved = Pose((points * _DRAWN).astype(np.float32), pose.confidence, pose.layout, pose.fps)
    return list(draw_pose(moved, _DRAWN, _DRAWN, _some(pose.frames)))


def _some(frames: int) -> list[int]:
    """Evenly spaced frames of a clip."""
    return [int(index) for index in np.unique(np.linspace(0, frames - 1, FRAMES).round())]


def _strip(pictures: Sequence[NDArray[np.uint8]]) -> bytes:
    """Some pictures side by side, of at most 128 pixels each, as JPEG."""
    import cv2

    chosen = [pictures[index] for index in _some(len(pictures))]
    height, width = chosen[0].shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    strip = np.concatenate([cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in chosen], axis=1)
    coded, content = cv2.imencode(".jpg", np.ascontiguousarray(strip[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not coded:
        raise MediaError("the pictures cannot be written as JPEG.")
    return content.tobytes()
