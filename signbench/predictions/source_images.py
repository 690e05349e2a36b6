"""The video whose first frame is the image of the signer that a task gives."""

from __future__ import annotations

from signbench.corpora.corpus import Corpus
from signbench.corpora.recordings import VideoRecording
from signbench.errors import InputError
from signbench.predictions.prompts import clip_seed
from signbench.tasks.schema import Task


def source_video(task: Task, corpus: Corpus, clip: str, train: str) -> VideoRecording | None:
    """The video whose first frame is a clip's source image: the clip's own, or one of another signer; None if none is given.

    Another signer's is a train clip of the signer who performs the reference, chosen with the clip's seed; if the corpus does not
    name that signer, a train clip of any signer other than the clip's. Only annotations decide, so that every copy of a data set
    gives the same pairs.

    Args:
        task: the task.
        corpus: its corpus.
        clip: id of the clip.
        train: the train split that belongs to the clip's split.

    Raises:
        InputError: there is no such clip, or its video is missing.
    """
    there = corpus.clip(clip)
    if "other_source_image" not in task.given:
        return there.video if "source_image" in task.given else None
    known = corpus.ids(train)
    start = clip_seed(task.name, task.seed, clip) % len(known)
    for index in range(len(known)):
        other = corpus.clip(known[(start + index) % len(known)])
        if other.signer == there.other_signer or (there.other_signer is None and other.signer != there.signer):
            if other.video is None:  # another clip instead would make another task of it
                raise InputError(f"clip {clip}: its source image is the first frame of {other.id}, whose video is missing.")
            return other.video
    wanted = there.other_signer or f"another signer than {there.signer}"
    raise InputError(f"clip {clip}: no train clip of {corpus.name} is by {wanted}.")
