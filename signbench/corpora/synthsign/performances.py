"""What the corpus's clips say, and how they are performed: bodies, key points and images, computed on demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from signbench.arithmetic import on_grid
from signbench.corpora.synthsign.key_points import key_points
from signbench.corpora.synthsign.lexicon import SIGNS
from signbench.corpora.synthsign.motion import FPS, frames_of, perform
from signbench.corpora.synthsign.randomness import Choices, generator
from signbench.corpora.synthsign.rendering import Look, render
from signbench.corpora.synthsign.sentences import Sentence, plan, signed_by
from signbench.corpora.synthsign.signers import SIGNERS
from signbench.corpora.synthsign.skeleton import Skeleton, skeleton
from signbench.corpora.synthsign.vocabulary import entries
from signbench.errors import InputError, nearest
from signbench.media.motion import Motion
from signbench.media.pose import Pose

SENTENCES = {"train": 2000, "dev": 200, "test": 200}
"""Splits of sentences, with their number of clips."""

INSTANCES = {"word-train": 16, "word-test": 4}
"""Splits of isolated words, with their number of clips for each sign."""

UNCUT = {"word30-uncut-train": "word-train", "word30-uncut-test": "word-test"}
"""Splits of isolated words as they were before quality control, and those whose words of the 30-sign subset they perform again."""

_TRAILING, _STILL = 40, 30
"""Per cent of the uncut clips in which other signs follow, and in which stillness precedes the sign; the others are clean."""

Rendering = Literal["video", "pose", "hamer", "smplx", "cross-person"]
RENDERINGS: tuple[Rendering, ...] = ("video", "pose", "hamer", "smplx", "cross-person")
"""The video itself, the drawn key points, the hands on black, the body on black, and the same motion by another signer."""

SIZES = range(64, 577)
"""Allowed heights and widths of images in pixels."""

POSE_SIZE = 512
"""Key points are in pixels of an image of this size."""

POSE_GRID = 1000
"""Grid steps per pixel for key points, and per unit for confidences."""

PLAN = "1.0"
"""The version since which texts, glosses, signers, timing and variation are unchanged; random choices are seeded with it."""
_LOOKS: dict[str, Look] = {"video": "video", "hamer": "hamer", "smplx": "smplx", "cross-person": "video"}


class Performances:
    """The clips of one seed: the sentence, signer and body of each.

    Attributes:
        fps: frames per second of all clips.
        seed: selects one of the corpora of this version.
        size: default height and width of images in pixels.
    """

    fps = float(FPS)

    def __init__(self, seed: int = 0, size: int = 128) -> None:
        check_size(size)
        self.seed = seed
        self.size = size

    @cached_property
    def thirty_signs(self) -> frozenset[str]:
        """Glosses of the 30-sign subset of isolated words."""
        return frozenset(Choices(PLAN, self.seed, "thirty signs").shuffled(list(SIGNS))[:30])

    @cached_property
    def planned(self) -> dict[str, Sentence]:
        """The sentence of each clip, by clip id in the order of the plan."""
        signers = list(SIGNERS)
        # every signer in every split, equally often
        found = {
            clip: signed_by(sentence, signers[index % len(signers)])
            for index, (clip, sentence) in enumerate(plan(SENTENCES, PLAN, self.seed).items())
        }
        instances: dict[str, list[int]] = {}
        for gloss in SIGNS:
            order = Choices(PLAN, self.seed, "instances", gloss).shuffled(range(sum(INSTANCES.values())))
            instances[gloss] = order
        done = 0
        for split, count in INSTANCES.items():
            number = 0
            for turn in range(done, done + count):
                for gloss, order in instances.items():
                    number += 1
                    signer = signers[order[turn] % len(signers)]
                    found[f"{split}-{number:04d}"] = Sentence(entries()[gloss].lemma, (gloss,), signer, "word")
            done += count
        for split, source in UNCUT.items():
            clean = [sentence for clip, sentence in found.items() if clip.rpartition("-")[0] == source]
            for number, sentence in enumerate((one for one in clean if one.gloss[0] in self.thirty_signs), start=1):
                found[f"{split}-{number:04d}"] = _uncut(sentence, Choices(PLAN, self.seed, "uncut", split, number))
        return found

    def sentence(self, clip_id: str) -> Sentence:
        """The sentence of a clip, with its signer.

        Raises:
            InputError: there is no such clip.
        """
        if clip_id not in self.planned:
            raise InputError(f"SynthSign has no clip {clip_id}. {nearest(clip_id, self.planned)}")
        return self.planned[clip_id]

    def other_signer(self, clip_id: str) -> str:
        """The performer of a clip's motion in its rendering ``cross-person``: another signer with the same dominant hand.

        Raises:
            InputError: there is no such clip.
        """
        own = self.sentence(clip_id).signer
        alike = [name for name, signer in SIGNERS.items() if name != own and signer.left_handed == SIGNERS[own].left_handed]
        return Choices(PLAN, self.seed, "other signer", clip_id).one(alike)

    def length(self, clip_id: str, take: int = 0) -> int:
        """Number of frames of a clip.

        Raises:
            InputError: there is no such clip.
        """
        return _length(self.seed, clip_id, take, self.sentence(clip_id))

    def body(self, clip_id: str, take: int = 0) -> Skeleton:
        """The performed body of a clip: its rotations, and the 3D points that follow from them.

        Raises:
            InputError: there is no such clip.
        """
        return _performed(self.seed, clip_id, take, self.sentence(clip_id))

    def motion(self, clip_id: str, take: int = 0) -> Motion:
        """SMPL-X rotations of a clip.

        Raises:
            InputError: there is no such clip.
        """
        body = self.body(clip_id, take)
        return Motion(body.rotations, body.translation, self.fps)

    def pose(self, clip_id: str, take: int = 0) -> Pose:
        """Key points of a clip in COCO-WholeBody's layout of 133, in pixels of a 512 x 512 image, at 25 fps.

        Args:
            clip_id: of the clip.
            take: number of the performance of the sentence by the same signer; 0 is the reference.

        Raises:
            InputError: there is no such clip.
        """
        from signbench.media.layouts import layout

        points, confidence = key_points(self.body(clip_id, take), POSE_SIZE)
        return Pose(on_grid(points, POSE_GRID), on_grid(confidence, POSE_GRID), layout("coco-wholebody-133"), self.fps)

    def frames(self, clip_id: str, take: int = 0, size: int | None = None, rendering: str = "video") -> Iterator[NDArray[np.uint8]]:
        """The rendered video of a clip, frame by frame, at 25 fps.

        Args:
            clip_id: of the clip.
            take: number of the performance of the sentence by the same signer; 0 is the reference.
            size: height and width in pixels, 64 to 576; by default the corpus's own.
            rendering: ``video``, or on black ``pose`` (the drawn key points), ``hamer`` (the hands) or ``smplx`` (the body);
                ``cross-person`` is the same motion by another signer.

        Returns:
            An iterator over uint8 ``(size, size, 3)`` RGB, with as many frames as the pose.

        Raises:
            InputError: there is no such clip or rendering, or the size is out of range.
        """
        return self.frames_at(clip_id, None, take, size, rendering)

    def frames_at(
        self,
        clip_id: str,
        positions: Sequence[int] | None,
        take: int = 0,
        size: int | None = None,
        rendering: str = "video",
    ) -> Iterator[NDArray[np.uint8]]:
        """Selected frames of a clip, or all; see :meth:`frames`."""
        side = self.size if size is None else size
        check_size(side)
        if rendering not in RENDERINGS:
            raise InputError(f"SynthSign has no rendering {rendering}. {nearest(rendering, RENDERINGS)}")
        look = _LOOKS.get(rendering)
        if look is None:
            from signbench.media.drawing import draw_pose

            return draw_pose(self.pose(clip_id, take), side, POSE_SIZE, positions)
        if rendering == "cross-person":
            other = self.other_signer(clip_id)
            body = _performed(self.seed, clip_id, take, self.sentence(clip_id), other)
            return render(body, SIGNERS[other], side, look, positions)
        return render(self.body(clip_id, take), SIGNERS[self.sentence(clip_id).signer], side, look, positions)


def _uncut(sentence: Sentence, choices: Choices) -> Sentence:
    """A word as it was before quality control (Dong et al. 2024, section IV A): other signs may follow, or stillness precede it."""
    kind = choices.below(100)
    if kind < _TRAILING:
        others = [gloss for gloss in SIGNS if gloss != sentence.gloss[0]]
        return replace(sentence, gloss=(*sentence.gloss, *(choices.one(others) for _ in range(1 + choices.below(2)))))
    if kind < _TRAILING + _STILL:
        return replace(sentence, still=(8 + choices.below(13)) / 10)
    return sentence


@lru_cache(maxsize=8)
def _performed(seed: int, clip_id: str, take: int, sentence: Sentence, by: str | None = None) -> Skeleton:
    """The body of a performance; with ``by`` another signer, the same performance with that signer's proportions."""
    performance = perform(sentence, SIGNERS[sentence.signer], generator(PLAN, seed, clip_id, take))
    return skeleton(performance, SIGNERS[by or sentence.signer])


@lru_cache(maxsize=8192)
def _length(seed: int, clip_id: str, take: int, sentence: Sentence) -> int:
    """The number of frames of a performance, which is known before the body is computed."""
    return frames_of(sentence, SIGNERS[sentence.signer], generator(PLAN, seed, clip_id, take))


def check_size(size: int) -> None:
    """Refuses an invalid image size.

    Raises:
        InputError: it is out of range.
    """
    if size not in SIZES:
        raise InputError(f"SynthSign is rendered at {SIZES[0]} to {SIZES[-1]} px per side, not at {size}.")
