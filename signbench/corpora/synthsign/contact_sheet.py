"""An image of signers and signs, for the documentation.

``python -m signbench.corpora.synthsign.contact_sheet docs/images/synthsign.png`` writes the one in the README.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.synthsign.key_points import key_points
from signbench.corpora.synthsign.motion import perform
from signbench.corpora.synthsign.randomness import generator
from signbench.corpora.synthsign.rendering import Look, render
from signbench.corpora.synthsign.sentences import Sentence
from signbench.corpora.synthsign.signers import SIGNERS
from signbench.corpora.synthsign.skeleton import skeleton
from signbench.errors import InputError

SHOWN = (
    ("MOTHER", "HOUSE", "KEY", "HORSE", "WEEK"),
    ("LAUGH", "PLAY", "CAT", "DRINK", "HELP"),
)
"""Signs in the README's image, one signer each; the third row shows rendered forms of the first signs."""


def contact_sheet(size: int = 256, rows: Sequence[Sequence[str]] = SHOWN) -> NDArray[np.uint8]:
    """Signers side by side, each in the middle of a sign, and below them the first signer's signs in the rendered forms.

    Args:
        size: height and width of each cell in pixels.
        rows: glosses; cell k shows signer k.

    Returns:
        uint8 ``(rows * size, columns * size, 3)`` RGB.
    """
    signers = list(SIGNERS)
    cells = [gloss for row in rows for gloss in row]
    pictures = [_picture(gloss, signers[number % len(signers)], "video", size) for number, gloss in enumerate(cells)]
    columns = len(rows[0])
    looks: tuple[Look | str, ...] = ("pose", "hamer", "smplx", "pose", "smplx")
    pictures += [
        _picture(cells[number % len(cells)], signers[number % len(signers)], looks[number % 5], size) for number in range(columns)
    ]
    lines = [np.concatenate(pictures[start : start + columns], axis=1) for start in range(0, len(pictures), columns)]
    return np.concatenate(lines)


def write_contact_sheet(path: Path, size: int = 256) -> None:
    """Writes :func:`contact_sheet` as a PNG file.

    Raises:
        InputError: the file cannot be written.
    """
    import cv2

    done, packed = cv2.imencode(".png", contact_sheet(size)[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    try:
        path.write_bytes(packed.tobytes() if done else b"")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error


def _picture(gloss: str, name: str, look: Look | str, size: int) -> NDArray[np.uint8]:
    signer = SIGNERS[name]
    body = skeleton(perform(Sentence(gloss, (gloss,), name, "word"), signer, generator("contact sheet", gloss)), signer)
    middle = [round(0.5 * len(body.neck))]
    if look == "pose":
        from signbench.media.drawing import draw_pose
        from signbench.media.layouts import layout
        from signbench.media.pose import Pose

        points, confidence = key_points(body, size)
        pose = Pose(points.astype(np.float32), confidence.astype(np.float32), layout("coco-wholebody-133"), None)
        return next(draw_pose(pose, size, size, middle))
    shown: Look = "smplx" if look == "smplx" else "hamer" if look == "hamer" else "video"
    return next(render(body, signer, size, shown, middle))


if __name__ == "__main__":
    write_contact_sheet(Path(sys.argv[1]))
