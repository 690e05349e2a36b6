"""Asking a judge: checks of its answers, and isolation of third-party judges."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np

from signbench.errors import SignbenchError
from signbench.foreign import supervision
from signbench.foreign.isolation import guarded, is_own
from signbench.judges.base import Gives, Judge, JudgedClip, Observation
from signbench.judges.observations import checked
from signbench.media.motion import Motion
from signbench.media.pose import Pose


def answers(judge: Judge, clips: Sequence[JudgedClip], wanted: Collection[Gives]) -> list[Mapping[Gives, Observation]]:
    """A judge's answers about some clips, checked; every error of a third-party judge becomes one sentence.

    Raises:
        SignbenchError: a clip cannot be judged, or an answer is invalid.
    """
    made: Any = judge.observe(clips, tuple(wanted)) if is_own(judge) else _foreign_answers(judge, clips, wanted)
    if (
        not isinstance(made, Sequence)
        or len(made) != len(clips)
        or any(not isinstance(of_clip, Mapping) or set(wanted) - set(of_clip) for of_clip in made)
    ):
        raise SignbenchError(f"the judge {judge.name} does not return {', '.join(wanted)} for each clip, as it declares.")
    kept: list[Mapping[Gives, Observation]] = []
    for clip, of_clip in zip(clips, made, strict=True):
        valid: dict[Gives, Observation] = {}
        for gives in wanted:
            try:
                valid[gives] = checked(gives, of_clip[gives])
            except (TypeError, ValueError) as error:
                why = str(error).rstrip(".")
                raise SignbenchError(f"clip {clip.id}: the judge {judge.name} breaks its contract: {why}.") from error
        kept.append(valid)
    return kept


def _foreign_answers(judge: Judge, clips: Sequence[JudgedClip], wanted: Collection[Gives]) -> Any:
    """The answers of a third-party judge.

    In a supervised process, a clip on which the judge ended an earlier process is not given to it again. Processes of torchrun are
    not supervised: one that ended is not restarted while the others continue.
    """
    own = supervision.child() if os.environ.get("WORLD_SIZE", "1").strip() == "1" else None
    shown = [f"{clip.id} ({_digest(clip)})" for clip in clips]
    if own is not None and (lost := next((clip for clip in shown if clip in own.lost), None)) is not None:
        raise SignbenchError(f"the judge {judge.name} cannot judge {clips[0].id}: {own.lost[lost]}")
    if own is not None and len(clips) > 1 and own.suspects & set(shown):
        raise SignbenchError(f"the judge {judge.name} ended its process on one of {len(clips)} clips; each is judged alone next.")
    seconds = judge.seconds * len(clips)
    # other users of the key points and rotations keep theirs
    clips = [replace(clip, pose=_copy_of_pose(clip.pose), motion=_copy_of_motion(clip.motion)) for clip in clips]
    with supervision.doing("judging clips", shown, seconds) if own is not None else nullcontext():
        return guarded(
            lambda: judge.observe(clips, tuple(wanted)),
            f"the judge {judge.name} cannot judge {clips[0].id}",
            seconds=seconds,
        )


def _copy_of_pose(pose: Pose | None) -> Pose | None:
    return None if pose is None else replace(pose, points=pose.points.copy(), confidence=pose.confidence.copy())


def _copy_of_motion(motion: Motion | None) -> Motion | None:
    if motion is None:
        return None
    return replace(motion, rotations=motion.rotations.copy(), translation=motion.translation.copy())


def _digest(clip: JudgedClip) -> str:
    """Digits that distinguish a production from the reference with the same id."""
    shown = clip.frames if clip.frames is not None else clip.pose.points if clip.pose is not None else np.empty(0)
    whole = hashlib.sha256(np.ascontiguousarray(shown).tobytes())
    if clip.motion is not None:  # two clips may differ in rotations that move no joint
        whole.update(clip.motion.rotations.tobytes())
    return whole.hexdigest()[:8]
