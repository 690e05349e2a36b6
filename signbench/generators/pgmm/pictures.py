"""Pictures of moved signers beside the driving videos, for the documentation.

``python -m signbench.generators.pgmm.pictures docs/images`` writes ``pgmm.png`` and ``pgmm.mp4``: the source, the driving video,
and what each model makes of them. In the upper half the source is the first frame of that video, in the lower half another signer.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.corpus import train_split_of
from signbench.corpora.registry import corpus as known_corpus
from signbench.errors import InputError
from signbench.generators.base import Generator, Made
from signbench.generators.registry import create
from signbench.generators.training import prompt_of
from signbench.media.video_writer import write_video
from signbench.predictions.sampling import at_positions, first_frame
from signbench.predictions.source_images import source_video
from signbench.tasks.loading import task as named_task

TASKS = ("synthsign/reconstruction", "synthsign/cross-person")
"""The tasks in the pictures, half of the rows each."""
ROWS = 10
"""Clips in the pictures, evenly spaced over the split."""

_SIDE, _GAP, _RATE = 128, 4, 25.0
_MOMENTS = (0.3, 0.5, 0.7)


def columns(generators: Sequence[Generator], rows: int) -> list[list[NDArray[np.uint8]]]:
    """For each clip its videos, uint8 ``(T, S, S, 3)``: the source picture held, the driving video, and each generator's.

    Args:
        generators: animate a source picture.
        rows: number of clips.

    Raises:
        InputError: a generator makes no video.
    """
    found = []
    of_task = rows // len(TASKS)
    for half, name in enumerate(TASKS):
        task = named_task(name)
        corpus = known_corpus(task.corpus)
        split = task.default_split
        ids = corpus.ids(split)
        for index in range(of_task):
            clip = corpus.clip(ids[(2 * index + half) * len(ids) // (2 * of_task)])
            made = Made("video", _RATE, size=(_SIDE, _SIDE))
            source = source_video(task, corpus, clip.id, train_split_of(corpus, split))
            prompt = prompt_of(clip, made, ("source_image", "driving_video"), references="video", source=source)
            if clip.video is None or source is None:
                raise InputError(f"clip {clip.id} has no video.")
            probe = clip.video.probe(None)
            driving = np.stack(list(at_positions(clip.video, probe, np.arange(probe.frames), (_SIDE, _SIDE))))
            row = [np.repeat(first_frame(source, (_SIDE, _SIDE))[None], len(driving), axis=0), driving]
            for generator in generators:
                production = next(iter(generator.generate([prompt], [0])))
                if production.frames is None:
                    raise InputError(f"the generator {generator.card.name} makes no video.")
                row.append(np.stack(list(production.frames)))
            found.append(row)
    return found


def still_picture(found: Sequence[Sequence[NDArray[np.uint8]]]) -> NDArray[np.uint8]:
    """One row for each clip: the source, then the other videos at three moments, uint8 ``(H, W, 3)`` RGB.

    Args:
        found: of :func:`columns`.
    """
    rows = []
    for source, *videos in found:
        blocks = [source[0]]
        for video in videos:
            blocks += [np.full((_SIDE, _GAP, 3), 255, np.uint8), *(video[round(moment * (len(video) - 1))] for moment in _MOMENTS)]
        rows.append(np.concatenate(blocks, axis=1))
    return np.concatenate(rows)


def moving_picture(found: Sequence[Sequence[NDArray[np.uint8]]]) -> Iterator[NDArray[np.uint8]]:
    """The clips one after the other, their videos side by side, chunks of uint8 ``(n, H, W, 3)``."""
    for videos in found:
        yield np.concatenate(videos, axis=2)


def write_pictures(folder: Path, models: Sequence[str]) -> None:
    """Writes both pictures.

    Args:
        folder: an existing folder.
        models: names of generators of reference models.
    """
    from PIL import Image

    found = columns([create(name) for name in models], ROWS)
    Image.fromarray(still_picture(found)).quantize(256).save(folder / "pgmm.png", optimize=True)
    write_video(folder / "pgmm.mp4", moving_picture(found), _RATE, lossless=False)


if __name__ == "__main__":
    write_pictures(Path(sys.argv[1]), sys.argv[2:] or ("pgmm", "tpsmm"))
