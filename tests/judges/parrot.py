"""Judges for tests, which know the clips of the tiny corpus and answer with the corpus's entry for the most similar clip."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from signbench.judges.base import Gives, Judge, Likelihood, Reads
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from tests.clips import moving_square
from tests.tasks.tiny import FPS, FRAMES, HEIGHT, WIDTH, body, points

KNOWN = 6


class Parrot(Judge):
    name = "parrot"
    reads: tuple[Reads, ...] = ("frames", "pose", "motion")
    gives: ClassVar[tuple[Gives, ...]] = ("text", "gloss", "label", "rows", "pose", "likelihood")
    summary = "Says what the corpus says of the most similar clip."
    licence = "Apache-2.0"
    asked: ClassVar[list[tuple[str, tuple[str, ...]]]] = []

    def signature(self):
        return f"parrot/{self.revision}+{self.precision}"

    def observe(self, clips, wanted):
        return [self._of(clip, wanted) for clip in clips]

    def _of(self, clip, wanted):
        Parrot.asked.append((clip.id, tuple(wanted)))
        known = self._nearest(clip)
        said = {
            "text": f"sentence {known}",
            "gloss": ("SENTENCE", str(known)),
            "label": (f"sentence {known}", *(f"sentence {other}" for other in range(1, KNOWN + 1) if other != known)),
            "rows": np.full((1, 3), known, np.float32),
            "pose": Pose(np.full((FRAMES, 2, 2), known, np.float32), np.ones((FRAMES, 2), np.float32), _ENDS, FPS),
            "likelihood": Likelihood(0.0 if clip.text == f"sentence {known}" else -3.5, 3),
        }
        return {gives: said[gives] for gives in wanted}

    def _nearest(self, clip):
        distances = [float(np.abs(self._like(clip, seed) - self._shown(clip)).mean()) for seed in range(1, KNOWN + 1)]
        return 1 + int(np.argmin(distances))

    def _shown(self, clip):
        return clip.frames.astype(np.float64) if clip.frames is not None else clip.pose.points

    def _like(self, clip, seed):
        if clip.frames is not None:
            return moving_square(FRAMES, HEIGHT, WIDTH, seed=seed).astype(np.float64)
        return (body if clip.pose.layout.name == "smplx-55" else points)(seed).points


class Refusing(Parrot):
    """Cannot judge one of the clips."""

    name = "refusing"
    refuses = "test-0002"

    def _of(self, clip, wanted):
        if clip.id == self.refuses:
            raise ValueError("no idea")
        return super()._of(clip, wanted)


class Deaf(Parrot):
    """Returns the same answer for every clip."""

    name = "deaf"

    def _nearest(self, clip):
        return 1


class Uneven(Parrot):
    """Gives rows of more numbers for some clips than for others."""

    name = "uneven"

    def _of(self, clip, wanted):
        return {"rows": np.ones((1, self._nearest(clip)), np.float32)}


class Shifty(Parrot):
    """Gives key points in another layout for some clips than for others."""

    name = "shifty"

    def _of(self, clip, wanted):
        found = super()._of(clip, ("pose",))["pose"]
        return {"pose": found.select(("left_wrist",)) if self._nearest(clip) > 4 else found}


class Lying(Parrot):
    """Declares kinds that it does not return."""

    name = "lying"

    def _of(self, clip, wanted):
        return {}


class Wrong(Parrot):
    """Returns another type than it declares."""

    name = "wrong"

    def _of(self, clip, wanted):
        return dict.fromkeys(wanted, 7)


_ENDS = layout("coco-wholebody-133").subset(("left_wrist", "right_wrist"))
