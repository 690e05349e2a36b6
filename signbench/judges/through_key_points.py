"""A judge of key points that is shown videos: ``pose-estimator+nearest``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import ClassVar, cast

from signbench.errors import InputError, MediaError
from signbench.judges.base import Gives, Judge, JudgedClip, Observation, TrainClips
from signbench.media.layouts import layout
from signbench.media.pose import Pose, in_layout

JOINT = "+"
"""Between the name of an estimator and that of a judge of key points."""

POINTS: tuple[Gives, ...] = ("pose",)
"""What the first judge is asked for."""

_NOTHING: Mapping[Gives, Observation] = {"text": "", "gloss": (), "label": ()}
"""What a judge recognises in a video in which no signer is seen."""


class ThroughKeyPoints(Judge):
    """Shows the key points that one judge finds in a video to another, as most papers translate and recognise generated videos.

    The second judge is shown all key points that the first one returns, at its own rate and in its own layout. One that learns
    from the train split learns from the corpus's own key points. A video in which the second judge finds no signer has an empty
    label, gloss or text.

    Attributes:
        estimator_name: the name of the first judge, which may be that of a reference model.
        estimator: the first judge.
        reader: the second one.
    """

    estimator_name: ClassVar[str]
    reads = ("frames",)
    learns_from: ClassVar[str | None] = "pose"

    def __init__(self, estimator: Judge, reader: Judge) -> None:
        """Joins two judges.

        Args:
            estimator: finds the key points.
            reader: is shown them.

        Raises:
            InputError: the second one's model reads no key points.
        """
        super().__init__(device=estimator.device, precision=estimator.precision)
        if "pose" not in reader.reads:
            raise InputError(
                f"the judge {self.name} shows key points to {reader.name}, whose model reads {' or '.join(reader.reads)}; "
                "use another judge after the +."
            )
        self.estimator, self.reader = estimator, reader
        self.size, self.rate, self.layout = estimator.size, estimator.rate, estimator.layout

    @property
    def needs(self) -> tuple[str, ...]:
        return (*self.estimator.needs, *self.reader.needs)

    def prepare(self, train: TrainClips, progress: Callable[[int, int], None] | None = None) -> None:
        self.reader.prepare(train, progress)

    def signature(self) -> str:
        return f"{self.estimator.signature()}+to+{self.reader.signature()}"

    def observe(self, clips: Sequence[JudgedClip], wanted: Collection[Gives]) -> list[Mapping[Gives, Observation]]:
        """As every judge's; a clip with key points is taken as the estimator's answer about its frames."""
        return [self._answer(clip, wanted) for clip in clips]

    def _answer(self, clip: JudgedClip, wanted: Collection[Gives]) -> Mapping[Gives, Observation]:
        pose = clip.pose if clip.pose is not None else cast("Pose", self.estimator.observe([clip], POINTS)[0]["pose"])
        clip = JudgedClip(clip.id, pose=self._shown(pose), text=clip.text)
        try:
            return self.reader.observe([clip], wanted)[0]
        except MediaError:
            if set(wanted) - set(_NOTHING):
                raise
            return {gives: _NOTHING[gives] for gives in wanted}

    def _shown(self, pose: Pose) -> Pose:
        found = pose if self.reader.layout is None else in_layout(pose, layout(self.reader.layout))
        return found if self.reader.rate is None else found.at_rate(self.reader.rate)


@lru_cache(maxsize=32)
def class_through_key_points(name: str, estimator: type[Judge], reader: type[Judge]) -> type[ThroughKeyPoints]:
    """The class of a judge that is shown the key points of another.

    Args:
        name: ``estimator+judge``, the names of both.
        estimator: a judge that gives key points of frames.
        reader: a judge that reads key points.

    Raises:
        InputError: one of them cannot have that part.
    """
    first, _, second = name.partition(JOINT)
    if "frames" not in estimator.reads or "pose" not in estimator.gives:
        raise InputError(f"the judge {first} finds no key points in videos; use pose-estimator or another one that does.")
    if "pose" not in reader.reads:
        raise InputError(f"the judge {second} reads {' or '.join(reader.reads)}; use one that reads key points after the +.")
    made = type(
        "ThroughKeyPoints",
        (ThroughKeyPoints,),
        {
            "__module__": __name__,
            "__doc__": ThroughKeyPoints.__doc__,
            "name": name,
            "estimator_name": first,
            "gives": reader.gives,
            "learns": reader.learns,
            "packages": {**estimator.packages, **reader.packages},
            "summary": f"{second}, which is shown the key points that {first} finds in a video",
            "licence": " and ".join(dict.fromkeys((estimator.licence, reader.licence))),
            "citation": "; ".join(one for one in (estimator.citation, reader.citation) if one) or None,
            "revision": estimator.revision * 1000 + reader.revision,
        },
    )
    return cast("type[ThroughKeyPoints]", made)
