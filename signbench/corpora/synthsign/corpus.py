"""The corpus: which clips there are, and their media on demand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.synthsign.motion import FPS, perform
from signbench.corpora.synthsign.randomness import generator
from signbench.corpora.synthsign.rendering import render
from signbench.corpora.synthsign.sentences import Sentence, all_sentences
from signbench.corpora.synthsign.signers import SIGNERS
from signbench.corpora.synthsign.skeleton import Skeleton, key_points, skeleton
from signbench.errors import InputError, nearest
from signbench.media.pose import Pose

SPLITS = {"train": 8, "dev": 4, "test": 12}
SIZES = range(64, 577)
POSE_SIZE = 512
"""Key points are in pixels of a picture of this side."""


class SynthSign:
    """A small made-up sign language, performed by a program: a corpus for trying signbench out, not for research on signing.

    Everything follows from the version and the seed; nothing is stored.

    Attributes:
        version: rises when clips change.
        seed: which of the corpora of this version.
        fps: frames per second of all clips.
    """

    version = "0.1"
    fps = float(FPS)

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        grammar = all_sentences()
        order = generator(self.version, seed, "sentences").permutation(len(grammar))
        signers = list(SIGNERS)
        clips = [f"{split}-{number:04d}" for split, count in SPLITS.items() for number in range(1, count + 1)]
        self._sentences: dict[str, Sentence] = {
            clip: replace(grammar[order[place]], signer=signers[place % len(signers)]) for place, clip in enumerate(clips)
        }

    def ids(self, split: str) -> list[str]:
        """Ids of a split's clips, such as ``test-0001``, in order.

        Raises:
            InputError: there is no such split.
        """
        if split not in SPLITS:
            raise InputError(f"SynthSign has no split {split}. {nearest(split, SPLITS)}")
        return [clip for clip in self._sentences if clip.startswith(f"{split}-")]

    def sentence(self, clip_id: str) -> Sentence:
        """What a clip says, and who signs it.

        Raises:
            InputError: there is no such clip.
        """
        if clip_id not in self._sentences:
            raise InputError(f"SynthSign has no clip {clip_id}. {nearest(clip_id, self._sentences)}")
        return self._sentences[clip_id]

    def pose(self, clip_id: str, take: int = 0) -> Pose:
        """Key points of a clip in COCO-WholeBody's layout of 133, in pixels of a picture of 512 x 512, at 25 fps.

        Args:
            clip_id: of the clip.
            take: which performance of the sentence by the same signer; 0 is the reference.

        Raises:
            InputError: there is no such clip.
        """
        from signbench.media.layouts import layout

        points, confidence = key_points(self._body(clip_id, take), POSE_SIZE)
        return Pose(points.astype(np.float32), confidence.astype(np.float32), layout("coco-wholebody-133"), self.fps)

    def frames(self, clip_id: str, take: int = 0, size: int = 128) -> Iterator[NDArray[np.uint8]]:
        """The rendered video of a clip, frame by frame, at 25 fps.

        Args:
            clip_id: of the clip.
            take: which performance of the sentence by the same signer; 0 is the reference.
            size: height and width in pixels, 64 to 576.

        Returns:
            An iterator over uint8 ``(size, size, 3)`` RGB, as many as the pose has frames.

        Raises:
            InputError: there is no such clip, or the size is out of range.
        """
        if size not in SIZES:
            raise InputError(f"SynthSign is rendered at {SIZES[0]} to {SIZES[-1]} px a side, not at {size}.")
        return render(self._body(clip_id, take), SIGNERS[self.sentence(clip_id).signer], size)

    def _body(self, clip_id: str, take: int) -> Skeleton:
        sentence = self.sentence(clip_id)
        signer = SIGNERS[sentence.signer]
        return skeleton(perform(sentence, signer, generator(self.version, self.seed, clip_id, take)), signer)
