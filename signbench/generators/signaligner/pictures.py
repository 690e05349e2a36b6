"""Pictures of signed sentences beside the corpus's, for the documentation.

``python -m signbench.generators.signaligner.pictures docs/images`` writes ``signaligner.png`` and ``signaligner.mp4``: key points,
hands and bodies of some test sentences, of the reference and as the model signs the text.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.clip import Clip
from signbench.corpora.registry import corpus as known_corpus
from signbench.errors import InputError
from signbench.generators.base import Generator, Made
from signbench.generators.registry import create
from signbench.generators.training import prompt_of
from signbench.media.drawing import draw_pose
from signbench.media.layouts import Layout
from signbench.media.pose import Pose
from signbench.media.video_writer import write_video
from signbench.predictions.sampling import at_positions

CLIPS = ("test-0004", "test-0061", "test-0130", "test-0187")
"""The sentences in the pictures, two rows each."""

_SIDE, _GAP, _RATE = 128, 4, 25.0
_MOMENTS = (0.15, 0.3, 0.45, 0.6, 0.75)

Video = NDArray[np.uint8]


def videos(generators: Sequence[Generator], clip: Clip) -> list[tuple[Video, Video]]:
    """What each stage makes of a sentence, after its reference, uint8 ``(T, S, S, 3)`` of their own lengths.

    Args:
        generators: of the stages ``pose``, ``hamer`` and ``smplx``.
        clip: of SynthSign.

    Raises:
        InputError: a generator makes neither key points nor a video.
    """
    found = []
    for generator, medium in zip(generators, ("pose", "rendering:hamer", "rendering:smplx"), strict=True):
        made = Made("pose", _RATE, layout=_layout(clip)) if medium == "pose" else Made("video", _RATE, size=(_SIDE, _SIDE))
        prompt = prompt_of(clip, made, ("text",), references=medium)
        production = next(iter(generator.generate([prompt], [0])))
        if production.pose is not None and clip.pose is not None:
            found.append((_drawn(clip.pose.pose(None)), _drawn(production.pose)))
        elif production.frames is not None:
            recording = clip.renderings[medium.partition(":")[2]]
            probe = recording.probe(None)
            reference = np.stack(list(at_positions(recording, probe, np.arange(probe.frames), (_SIDE, _SIDE))))
            found.append((reference, np.stack(list(production.frames))))
        else:
            raise InputError(f"the generator {generator.card.name} makes neither key points nor a video.")
    return found


def still_picture(found: Sequence[Sequence[tuple[Video, Video]]]) -> Video:
    """Two rows for each sentence: the references, and below them the productions, at moments of equal share, uint8 ``(H, W, 3)``.

    Args:
        found: of :func:`videos`, for each sentence.
    """
    rows = []
    for stages in found:
        for side in (0, 1):
            blocks = []
            for stage in stages:
                shown = stage[side]
                blocks += [shown[round(moment * (len(shown) - 1))] for moment in _MOMENTS]
                blocks.append(np.full((_SIDE, _GAP, 3), 255, np.uint8))
            rows.append(np.concatenate(blocks[:-1], axis=1))
        rows.append(np.full((_GAP, rows[-1].shape[1], 3), 255, np.uint8))
    return np.concatenate(rows[:-1])


def moving_picture(found: Sequence[Sequence[tuple[Video, Video]]]) -> Iterator[Video]:
    """The sentences one after the other, references above productions, chunks of uint8 ``(n, H, W, 3)``.

    The shorter video of a pair stands still at its end.
    """
    for stages in found:
        longest = max(len(video) for stage in stages for video in stage)
        held = [
            [np.concatenate([video, np.repeat(video[-1:], longest - len(video), axis=0)]) for video in stage] for stage in stages
        ]
        yield np.concatenate([np.concatenate([stage[side] for stage in held], axis=2) for side in (0, 1)], axis=1)


def write_pictures(folder: Path, generators: Sequence[Generator]) -> None:
    """Writes both pictures.

    Args:
        folder: an existing folder.
        generators: of the stages ``pose``, ``hamer`` and ``smplx``.
    """
    from PIL import Image

    corpus = known_corpus("synthsign")
    found = [videos(generators, corpus.clip(clip)) for clip in CLIPS]
    Image.fromarray(still_picture(found)).quantize(256).save(folder / "signaligner.png", optimize=True)
    write_video(folder / "signaligner.mp4", moving_picture(found), _RATE, lossless=False)


def _held(video: Video, length: int) -> Video:
    return np.concatenate([video, np.repeat(video[-1:], length - len(video), axis=0)])


def _layout(clip: Clip) -> Layout:
    if clip.pose is None:
        raise InputError(f"clip {clip.id} has no key points.")
    return clip.pose.probe(None).layout


def _drawn(pose: Pose) -> Video:
    picture = pose.picture or (512, 512)
    return np.stack(list(draw_pose(pose, _SIDE, max(picture))))


if __name__ == "__main__":
    write_pictures(Path(sys.argv[1]), [create("signaligner", stage=stage) for stage in ("pose", "hamer", "smplx")])
