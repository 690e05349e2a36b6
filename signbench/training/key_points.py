"""Key points and rotations of a corpus's clips on disk, so that a training reads each clip only once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.corpus import Corpus
from signbench.corpora.recordings import PoseRecording
from signbench.errors import InputError
from signbench.media.layouts import layout
from signbench.media.pose import in_layout
from signbench.training.base import Report
from signbench.user_folders import user_cache
from signbench.whole_folders import whole_folder

Kind = Literal["pose", "motion"]
"""Key points, or rotations of body-model joints."""

_REVISION = 1
_FLOAT = 4


@dataclass(frozen=True, eq=False)
class PreparedClips:
    """The arrays of some clips, one after the other in one file.

    Attributes:
        ids: the clips.
        values: float32 ``(frames of all clips, J, 3)``: x, y and confidence, or axis-angle; a memory map.
        starts: int64 ``(clips + 1,)``: where each clip begins.
    """

    ids: tuple[str, ...]
    values: NDArray[np.float32]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> NDArray[np.float32]:
        """The array of one clip, float32 ``(T, J, 3)``."""
        return np.array(self.values[self.starts[index] : self.starts[index + 1]])

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The number of frames of each clip, int64 ``(clips,)``."""
        return np.diff(self.starts)


def prepared(
    corpus: Corpus, split: str, kind: Kind, *, rate: float, take: int = 0, points: str = "coco-wholebody-133", report: Report
) -> PreparedClips:
    """The arrays of a split's clips, from the user's cache or read now.

    Args:
        corpus: the corpus.
        split: the split.
        kind: key points or rotations.
        rate: frames per second that they are converted to.
        take: number of the performance, for corpora that have several.
        points: the layout that key points are converted to.
        report: called with the numbers of read and of all clips.

    Raises:
        InputError: a clip lacks them, or the cache cannot be written.
    """
    ids = tuple(corpus.ids(split))
    if not ids:
        raise InputError(f"the split {split} of {corpus.name} is empty.")
    folder = training_cache() / _key(corpus, ids, kind, rate, take, points)
    if not (folder / "starts.npy").is_file():
        read = _key_points(points, rate) if kind == "pose" else _rotations(rate)
        with whole_folder(folder) as part:
            arrays = []
            for number, name in enumerate(ids):
                report(f"reading {split}, performance {take}", number, len(ids))
                arrays.append(read(take_of(corpus, name, take)))
            starts = np.concatenate([[0], np.cumsum([len(array) for array in arrays])]).astype(np.int64)
            np.save(part / "values.npy", np.concatenate(arrays))
            np.save(part / "starts.npy", starts)
    values = np.load(folder / "values.npy", mmap_mode="r", allow_pickle=False)
    return PreparedClips(ids, values, np.load(folder / "starts.npy", allow_pickle=False))


def training_cache() -> Path:
    """The folder of prepared data: ``training`` in the user's cache, or ``$SIGNBENCH_TRAINING_CACHE``."""
    return user_cache("SIGNBENCH_TRAINING_CACHE", "training")


def take_of(corpus: Corpus, name: str, take: int) -> Any:
    """A clip of a corpus, in one of its performances.

    Raises:
        InputError: the corpus has only one performance of each clip.
    """
    if take == 0:
        return corpus.clip(name)
    try:
        return corpus.clip(name, take)  # type: ignore[call-arg]  # SynthSign has performances, the contract does not
    except TypeError as error:
        raise InputError(f"the corpus {corpus.name} has one performance of each clip; set takes to 1 in the recipe.") from error


def identity(corpus: Corpus, ids: Sequence[str], take: int) -> str:
    """Text that changes with the corpus: its name, version and seed, the clips, and the content of a few of them."""
    few = [ids[index * len(ids) // 8] for index in range(min(8, len(ids)))]
    recordings = [recording for name in few for recording in _recordings(take_of(corpus, name, take))]
    seen = ",".join(f"{recording.stamp()}" for recording in recordings)
    listed = hashlib.sha256("\n".join(ids).encode()).hexdigest()
    return f"{corpus.name} {corpus.version} {getattr(corpus, 'seed', '')} {listed} {take} {seen}"


def _recordings(clip: Any) -> list[Any]:
    return [recording for recording in (clip.video, clip.pose, clip.motion) if recording is not None]


def _key(corpus: Corpus, ids: Sequence[str], kind: Kind, rate: float, take: int, points: str) -> str:
    text = f"{_REVISION} {kind} {rate} {points if kind == 'pose' else ''} {identity(corpus, ids, take)}"
    return f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _key_points(points: str, rate: float) -> Callable[[Any], NDArray[np.float32]]:
    known = layout(points)

    def read(clip: Any) -> NDArray[np.float32]:
        if clip.pose is None:
            raise InputError(f"clip {clip.id} has no key points.")
        pose = in_layout(cast("PoseRecording", clip.pose).pose(None), known).at_rate(rate)
        return np.concatenate([pose.points[..., :2], pose.confidence[..., None]], axis=-1).astype(np.float32)

    return read


def _rotations(rate: float) -> Callable[[Any], NDArray[np.float32]]:
    def read(clip: Any) -> NDArray[np.float32]:
        motion = None if clip.motion is None else clip.motion.rotations(None)
        if motion is None:
            raise InputError(f"clip {clip.id} has no rotations.")
        rotations: NDArray[np.float32] = motion.at_rate(rate).rotations
        return rotations

    return read
