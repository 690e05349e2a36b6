"""The video whose first frame is the image of the signer that a task gives."""

from __future__ import annotations

from dataclasses import dataclass

from signbench.corpora.clip import Clip
from signbench.corpora.corpus import Corpus, train_split_of
from signbench.corpora.recordings import VideoRecording
from signbench.errors import InputError
from signbench.predictions.prompts import clip_seed
from signbench.tasks.schema import Task

_GRANT = "other_source_image"


@dataclass(frozen=True)
class SourcePair:
    """A clip, and the train clip whose first frame shows the signer to animate.

    Attributes:
        clip: id of the clip.
        signer: who signs it, if the corpus says so.
        source: id of the train clip.
        source_signer: who signs that.
    """

    clip: str
    signer: str | None
    source: str
    source_signer: str | None


def source_video(task: Task, corpus: Corpus, clip: str, train: str) -> VideoRecording | None:
    """The video whose first frame is a clip's source image: the clip's own, or one of another signer; None if none is given.

    Args:
        task: the task.
        corpus: its corpus.
        clip: id of the clip.
        train: the train split that belongs to the clip's split.

    Raises:
        InputError: there is no such clip, or its video is missing.
    """
    there = corpus.clip(clip)
    if _GRANT not in task.given:
        return there.video if "source_image" in task.given else None
    other = _other(task, corpus, there, corpus.ids(train))
    if other.video is None:  # another clip instead would make another task of it
        raise InputError(f"clip {clip}: its source image is the first frame of {other.id}, whose video is missing.")
    return other.video


def source_pairs(task: Task, corpus: Corpus, split: str) -> list[SourcePair]:
    """The clips of a split with the train clips that show another signer; media are not read, and may be missing.

    Args:
        task: a task that gives an image of another signer.
        corpus: its corpus.
        split: one of the task's splits.

    Raises:
        InputError: the task gives no such image, or the corpus has nobody else.
    """
    if _GRANT not in task.given:
        raise InputError(f"the task {task.name} gives no image of another signer; it gives {', '.join(task.given)}.")
    known = corpus.ids(train_split_of(corpus, split))
    clips = [corpus.clip(clip) for clip in corpus.ids(split)]
    others = [_other(task, corpus, clip, known) for clip in clips]
    return [SourcePair(clip.id, clip.signer, other.id, other.signer) for clip, other in zip(clips, others, strict=True)]


def _other(task: Task, corpus: Corpus, there: Clip, known: list[str]) -> Clip:
    """A train clip of the signer who performs the reference, chosen with the clip's seed.

    If the corpus does not name that signer, it is a train clip of any signer other than the clip's. Only annotations decide, so
    that every copy of a data set gives the same pairs.
    """
    if not known:
        raise InputError(f"clip {there.id}: the train split of {corpus.name} is empty, so nobody else is shown there.")
    start = clip_seed(task.name, task.seed, there.id) % len(known)
    for index in range(len(known)):
        other = corpus.clip(known[(start + index) % len(known)])
        if other.signer == there.other_signer or (there.other_signer is None and other.signer != there.signer):
            return other
    wanted = there.other_signer or f"another signer than {there.signer}"
    raise InputError(f"clip {there.id}: no train clip of {corpus.name} is by {wanted}.")
