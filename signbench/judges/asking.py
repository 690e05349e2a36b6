"""Asking a judge: what it must give, and a wall around what is not signbench's own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from signbench.errors import SignbenchError
from signbench.foreign.isolation import guarded, is_own
from signbench.judges.base import Gives, Judge, JudgedClip, Observation
from signbench.judges.observations import encode


def answers(judge: Judge, clips: Sequence[JudgedClip], wanted: Collection[Gives]) -> list[Mapping[Gives, Observation]]:
    """What a judge says of some clips; one of another package may not raise what it likes.

    Raises:
        SignbenchError: a clip cannot be judged, or the judge breaks its contract.
    """

    def asked() -> list[Mapping[Gives, Observation]]:
        return list(judge.observe(clips, tuple(wanted)))

    made = asked() if is_own(judge) else guarded(asked, f"the judge {judge.name} cannot judge {clips[0].id}")
    if len(made) != len(clips) or any(set(wanted) - set(of_clip) for of_clip in made):
        raise SignbenchError(f"the judge {judge.name} does not give {', '.join(wanted)} for each clip, as it declares.")
    kept: list[Mapping[Gives, Observation]] = []
    for clip, of_clip in zip(clips, made, strict=True):
        for gives in wanted:
            try:
                encode(gives, of_clip[gives])
            except TypeError as error:
                raise SignbenchError(f"clip {clip.id}: the judge {judge.name} breaks its contract: {error}.") from error
        kept.append({gives: of_clip[gives] for gives in wanted})
    return kept
