"""Pictures of SignAvatar's motion beside the references, for the documentation.

``python -m signbench.generators.signavatar.pictures docs/images`` writes ``signavatar.png`` and ``signavatar.gif``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.synthsign import SynthSign
from signbench.corpora.synthsign.rendering import render
from signbench.corpora.synthsign.signers import SIGNERS
from signbench.corpora.synthsign.skeleton import skeleton_of
from signbench.errors import InputError
from signbench.generators.base import Generator, Made, clip_seed
from signbench.generators.registry import create, options_of
from signbench.generators.training import TrainView, prompt_of
from signbench.media.motion import Motion

SHOWN = ("mother", "horse", "house", "drink", "help", "coffee")
"""The words in the pictures, one row each; the first ones are in the moving picture."""

_SPLIT = "word-test"
_TASK = "pictures"
_FRAMES = 5
_MOVING = 3
_GAP = 4


def motions(generator: Generator, corpus: SynthSign, word: str) -> tuple[str, list[Motion]]:
    """The signer of a word's first test clip, and its reference, its reconstruction and two generations of its length.

    Raises:
        InputError: no clip has that word, or the generator makes no rotations.
    """
    clip = next((name for name in corpus.ids(_SPLIT) if corpus.sentence(name).text == word), None)
    if clip is None:
        raise InputError(f"the split {_SPLIT} has no word {word}.")
    found = [corpus.motion(clip)]
    made = Made("motion", corpus.fps)
    for given, seed in ((("word", "motion"), 0), (("word", "length"), 1), (("word", "length"), 2)):
        prompt = prompt_of(corpus.clip(clip), made, given, references="motion")
        production = next(generator.generate([prompt], [clip_seed(_TASK, seed, clip)]))
        if production.motion is None:
            raise InputError(f"the generator {generator.card.name} makes no rotations.")
        found.append(production.motion)
    return corpus.sentence(clip).signer, found


def drawn(motion: Motion, signer: str, size: int, positions: Sequence[int] | None = None) -> list[NDArray[np.uint8]]:
    """A motion performed by a signer's body, uint8 ``(size, size, 3)`` each, with a face at rest."""
    body = skeleton_of(motion.rotations, motion.translation, SIGNERS[signer])
    return list(render(body, SIGNERS[signer], size, "video", positions))


def still_picture(found: Sequence[tuple[str, list[Motion]]], size: int = 96) -> NDArray[np.uint8]:
    """One row for each word: frames of the reference, of the reconstruction and of two generations, from left to right.

    Args:
        found: of :func:`motions`, one for each word.
        size: height and width of a frame in pixels.

    Returns:
        uint8 ``(H, W, 3)`` RGB.
    """
    rows = []
    for signer, sides in found:
        blocks = []
        for motion in sides:
            positions = np.linspace(0, motion.frames - 1, _FRAMES + 2).round().astype(int)[1:-1].tolist()
            blocks.append(np.concatenate(drawn(motion, signer, size, positions), axis=1))
        gap = np.full((size, _GAP, 3), 255, np.uint8)
        rows.append(np.concatenate([part for block in blocks for part in (block, gap)][:-1], axis=1))
    return np.concatenate(rows)


def moving_picture(found: Sequence[tuple[str, list[Motion]]], size: int = 112) -> list[NDArray[np.uint8]]:
    """Frames with a row for each word and a column for each side; a short clip is held at its end."""
    clips = [[drawn(motion, signer, size) for motion in sides] for signer, sides in found]
    frames = max(len(clip) for row in clips for clip in row)
    return [
        np.concatenate([np.concatenate([clip[min(index, len(clip) - 1)] for clip in row], axis=1) for row in clips])
        for index in range(frames)
    ]


def write_pictures(folder: Path, checkpoint: str | None = None) -> None:
    """Writes both pictures.

    Args:
        folder: an existing folder.
        checkpoint: as for the generator.

    Raises:
        InputError: there is no model.
    """
    from PIL import Image

    corpus = SynthSign()
    generator = create("signavatar", **options_of(checkpoint, None))
    generator.prepare(TrainView.of_task(corpus, Made("motion", corpus.fps), split=_SPLIT, references="motion"))
    found = [motions(generator, corpus, word) for word in SHOWN]
    Image.fromarray(still_picture(found)).quantize(128).save(folder / "signavatar.png", optimize=True)
    first, *others = [Image.fromarray(frame).quantize(64) for frame in moving_picture(found[:_MOVING])]
    first.save(folder / "signavatar.gif", save_all=True, append_images=others, duration=round(1000 / corpus.fps), loop=0)


if __name__ == "__main__":
    write_pictures(Path(sys.argv[1]), *sys.argv[2:])
