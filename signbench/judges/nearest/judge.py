"""Recognises an isolated sign by the train clip with the most similar motion."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.recordings import PoseRecording
from signbench.errors import InputError, MediaError
from signbench.judges.base import Gives, Judge, JudgedClip, LabelledClip, Observation, Reads, TrainClips
from signbench.judges.nearest.descriptor import descriptor, distances
from signbench.media.layouts import Layout
from signbench.media.pose import in_layout

_SAMPLED = 8
"""The number of train clips whose files are read to check that the cached descriptors are still theirs."""


class Nearest(Judge):
    """A recogniser by nearest neighbours over the key points, or joints, of the train split.

    Its ``label`` lists the words of the train split by the distance of their nearest clip; its ``rows`` are the descriptor itself
    (:mod:`signbench.judges.nearest.descriptor`). Nothing is trained, so it is the baseline that a trained recogniser should
    surpass. Its signature contains a digest of the words and descriptors of the train split.
    """

    name: str = "nearest"
    revision: ClassVar[int] = 1
    reads: tuple[Reads, ...] = ("motion", "pose")
    gives: ClassVar[tuple[Gives, ...]] = ("label", "rows")
    learns: ClassVar[bool] = True
    has_network: ClassVar[bool] = False
    summary: ClassVar[str] = "Nearest neighbour among the train split's key points: the recogniser that needs no training."
    licence: ClassVar[str] = "Apache-2.0"

    _words: tuple[str, ...] = ()
    _rows: NDArray[np.int16] | None = None
    _digest: str = ""

    def prepare(self, train: TrainClips, progress: Callable[[int, int], None] | None = None) -> None:
        clips = list(train)
        for clip in clips:
            if not clip.word:
                raise InputError(
                    f"the judge nearest recognises isolated signs, and the train clip {clip.id} has no word; score a task of words."
                )
        if not clips:
            raise InputError("the judge nearest needs a train split, but it is empty.")
        self._words = tuple(str(clip.word) for clip in clips)
        self.layout = _layout(clips[0]).name
        self._rows = _cached_or_computed(clips, progress)
        whole = hashlib.sha256()
        for clip, row in sorted(zip(clips, self._rows, strict=True), key=lambda pair: pair[0].id):
            whole.update(f"{clip.id}, {clip.word}\n".encode() + row.astype("<i2").tobytes())
        self._digest = whole.hexdigest()

    def signature(self) -> str:
        if self._rows is None:
            raise RuntimeError("prepare the judge nearest before its signature is used")
        return f"{self.name}/{self.revision}+train-{len(self._rows)}-{self._digest[:12]}"

    def observe(self, clips: Sequence[JudgedClip], wanted: Collection[Gives]) -> list[Mapping[Gives, Observation]]:
        return [self._observed(clip, wanted) for clip in clips]

    def _observed(self, clip: JudgedClip, wanted: Collection[Gives]) -> dict[Gives, Observation]:
        if self._rows is None or clip.pose is None:
            raise RuntimeError("prepare the judge nearest, and give it key points")
        row = descriptor(clip.pose)
        found: dict[Gives, Observation] = {}
        if "rows" in wanted:
            found["rows"] = row.astype(np.float32)[np.newaxis]
        if "label" in wanted:
            nearest: dict[str, float] = {}
            for word, distance in zip(self._words, distances(row, self._rows).tolist(), strict=True):
                nearest[word] = min(distance, nearest.get(word, np.inf))
            if not np.isfinite(min(nearest.values())):
                raise MediaError("it shares no seen point with any train clip, so the judge nearest cannot compare it.")
            found["label"] = tuple(sorted(nearest, key=lambda word: (nearest[word], word)))
        return found


def _cached_or_computed(clips: Sequence[LabelledClip], progress: Callable[[int, int], None] | None) -> NDArray[np.int16]:
    """The descriptors of the train split, from the cache of observations if it has them."""
    from signbench.extractors.cache import ObservationCache, observation_key

    key = observation_key(_identity(clips), "train", "descriptors", f"{Nearest.name}/{Nearest.revision}")
    cache = ObservationCache.from_environment()
    if (stored := cache.open(key)) is not None:
        with stored:
            rows = np.concatenate([block.astype(np.int16) for block in stored.blocks()])
        if len(rows) == len(clips):
            return rows
    described = []
    for clip in clips:
        described.append(_described(clip, clips[0]))
        if progress is not None:
            progress(len(described), len(clips))
    made = np.stack(described)
    with cache.writer(key, {"extractor": f"judge {Nearest.name}/{Nearest.revision}", "train": len(clips)}) as writer:
        writer.add(made.astype(np.float32))
    return made


def _described(clip: LabelledClip, first: LabelledClip) -> NDArray[np.int16]:
    try:
        return descriptor(in_layout(_key_points(clip).pose(None), _layout(first)))
    except MediaError as error:
        raise InputError(f"train clip {clip.id}: {error}") from error


def _layout(clip: LabelledClip) -> Layout:
    return _key_points(clip).probe(None).layout


def _key_points(clip: LabelledClip) -> PoseRecording:
    if not hasattr(clip.media, "pose"):
        raise InputError(f"the judge nearest reads key points, but the train clip {clip.id} has only video.")
    return cast("PoseRecording", clip.media)


def _identity(clips: Sequence[LabelledClip]) -> str:
    """A digest that changes with the train split: of the names and stamps of all files, and the bytes of a few.

    Stamps alone would not detect a change in the code of a generated corpus.
    """
    whole = hashlib.sha256()
    for index, clip in enumerate(clips):
        whole.update(f"{clip.id}, {clip.word}, {clip.media.label}, {clip.media.stamp()}\n".encode())
        if index % max(1, len(clips) // _SAMPLED) == 0:
            whole.update(clip.media.digest().encode())
    return whole.hexdigest()
