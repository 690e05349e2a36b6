"""RuSignBot's gloss-video matcher: the train clip that shows a gloss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, get_args

import numpy as np

from signbench.corpora.slovo import NO_EVENT
from signbench.errors import InputError
from signbench.generators.mimicmotion.pose_pictures import PosePoints
from signbench.generators.training import TrainClip

Rule = Literal["first", "hands"]
"""Which of a gloss's clips is used: that with the lowest id, or the one whose hands a pose estimator sees best."""

RULES: tuple[Rule, ...] = get_args(Rule)
CANDIDATES = 8
"""How many clips of a gloss are compared by their hands: those with the lowest ids."""


class ClipMatcher:
    """The train clips of each gloss.

    Args:
        clips: of the train split.
        rule: which of a gloss's clips is used.
        points_of: the key points of a clip, for the rule ``hands``.
        translations: gloss -> further words that it stands for.
    """

    def __init__(
        self,
        clips: Iterable[TrainClip],
        rule: Rule,
        points_of: Callable[[TrainClip], PosePoints],
        translations: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._rule = rule
        self._translations = translations or {}
        self._points_of = points_of
        self._clips: dict[str, list[TrainClip]] = {}
        self._chosen: dict[str, TrainClip] = {}
        for clip in sorted(clips, key=lambda clip: clip.id):
            # Slovo also has clips in which nobody signs
            if (gloss := gloss_of(clip)) and gloss != NO_EVENT:
                self._clips.setdefault(gloss, []).append(clip)

    @property
    def entries(self) -> list[tuple[str, str]]:
        """What the clips' glosses and words are written as, each with its gloss: glosses, then words, then translations."""
        glosses = [(gloss, gloss) for gloss in self._clips]
        words = [(clip.word, gloss) for gloss, clips in self._clips.items() for clip in clips if clip.word]
        return glosses + words + [(word, gloss) for gloss in self._clips for word in self._translations.get(gloss, ())]

    def clip(self, gloss: str) -> TrainClip:
        """The clip of a gloss; of several that are equally good, the one with the lowest id."""
        if gloss not in self._chosen:
            found = self._clips[gloss]
            if self._rule == "hands" and len(found) > 1:
                self._chosen[gloss] = max(found[:CANDIDATES], key=lambda clip: hands_seen(self._points_of(clip)))
            else:
                self._chosen[gloss] = found[0]
        return self._chosen[gloss]


def gloss_of(clip: TrainClip) -> str:
    """A clip's glosses, else its word, else its text; empty if it has none."""
    return " ".join(clip.gloss) or clip.word or clip.text or ""


def hands_seen(points: PosePoints) -> float:
    """The mean confidence of the hands' points, of each frame's better hand: many signs use one hand only.

    Args:
        points: of a clip.

    Returns:
        In [0, 1], rounded to 6 digits.
    """
    sure = np.stack([confidence.mean(axis=1) for _, confidence in points.hands])
    return round(float(sure.max(axis=0).mean()), 6) if len(points) else 0.0


def checked_rule(text: str) -> Rule:
    """The rule of that name.

    Raises:
        InputError: there is none.
    """
    for rule in RULES:
        if text == rule:
            return rule
    raise InputError(f"generator rusignbot: clips={text} is neither {' nor '.join(RULES)}.")
