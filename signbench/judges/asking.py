"""Asking a judge: what it must give, and isolation of what is not signbench's own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from signbench.errors import SignbenchError
from signbench.foreign import supervision
from signbench.foreign.isolation import guarded, is_own
from signbench.judges.base import Gives, Judge, JudgedClip, Observation
from signbench.judges.observations import check


def answers(judge: Judge, clips: Sequence[JudgedClip], wanted: Collection[Gives]) -> list[Mapping[Gives, Observation]]:
    """What a judge says of some clips; one of another package may not raise what it likes.

    Raises:
        SignbenchError: a clip cannot be judged, or the judge breaks its contract.
    """
    made: Any = judge.observe(clips, tuple(wanted)) if is_own(judge) else _foreign_answers(judge, clips, wanted)
    if (
        not isinstance(made, Sequence)
        or len(made) != len(clips)
        or any(not isinstance(of_clip, Mapping) or set(wanted) - set(of_clip) for of_clip in made)
    ):
        raise SignbenchError(f"the judge {judge.name} does not give {', '.join(wanted)} for each clip, as it declares.")
    kept: list[Mapping[Gives, Observation]] = []
    for clip, of_clip in zip(clips, made, strict=True):
        for gives in wanted:
            try:
                check(gives, of_clip[gives])
            except (TypeError, ValueError) as error:
                why = str(error).rstrip(".")
                raise SignbenchError(f"clip {clip.id}: the judge {judge.name} breaks its contract: {why}.") from error
        kept.append({gives: of_clip[gives] for gives in wanted})
    return kept


def _foreign_answers(judge: Judge, clips: Sequence[JudgedClip], wanted: Collection[Gives]) -> Any:
    """What a judge of another package says of some clips.

    In a supervised child, a clip at which the judge ended an earlier one is not shown to it again. Not so among several processes
    of torchrun: one that ended is not started again while the others go on.
    """
    own = supervision.child() if os.environ.get("WORLD_SIZE", "1").strip() == "1" else None
    shown = [f"{clip.id} ({_digest(clip)})" for clip in clips]
    if own is not None and (lost := next((clip for clip in shown if clip in own.lost), None)) is not None:
        raise SignbenchError(f"the judge {judge.name} cannot judge {clips[0].id}: {own.lost[lost]}")
    if own is not None and len(clips) > 1 and own.suspects & set(shown):
        raise SignbenchError(f"the judge {judge.name} ended its process at one of {len(clips)} clips; each is to be judged alone.")
    seconds = judge.seconds * len(clips)
    with supervision.doing("judging clips", shown, seconds) if own is not None else nullcontext():
        return guarded(
            lambda: judge.observe(clips, tuple(wanted)),
            f"the judge {judge.name} cannot judge {clips[0].id}",
            seconds=seconds,
        )


def _digest(clip: JudgedClip) -> str:
    """What distinguishes a production from the reference of the same id."""
    shown = clip.frames if clip.frames is not None else clip.pose.points if clip.pose is not None else np.empty(0)
    return hashlib.sha256(np.ascontiguousarray(shown).tobytes()).hexdigest()[:8]
