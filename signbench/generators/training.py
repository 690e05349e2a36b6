"""The parts of a corpus that generators see: its train split, the grants of a prompt, and, only for anchors, the references."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from signbench.corpora.clip import Clip
from signbench.corpora.corpus import Corpus, train_split_of, train_split_of_words
from signbench.corpora.on_disk import CorpusOnDisk
from signbench.corpora.recordings import PoseRecording, VideoRecording
from signbench.errors import InputError, nearest
from signbench.predictions.prompts import PROMPT_FIELDS, Made, Prompt
from signbench.predictions.sampling import first_frame, frame_count

_log = logging.getLogger(__name__)

Recording = VideoRecording | PoseRecording


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainClip:
    """One clip of the train split.

    Attributes:
        id: its id.
        text: the spoken-language sentence or word.
        gloss: the glosses, in signing order.
        word: the spoken word, if this is an isolated sign.
        signer: name of the signer.
        media: a lazy recording in the task's output modality.
    """

    id: str
    text: str | None
    gloss: tuple[str, ...]
    word: str | None
    signer: str | None
    media: Recording


class TrainView:
    """The clips that a generator may learn from, in the corpus's order; media are read lazily.

    Args:
        corpus: the data set.
        made: the task's requirements.
        split: the split that belongs to the task's own, such as ``train`` or ``word-train``.
        references: the medium of a clip that the task compares: ``video``, ``pose``, ``motion``, or ``rendering:NAME``.
        word_split: the train split of isolated signs, or None if the corpus has none.

    Raises:
        InputError: the corpus has no such split, or ``references`` is not a medium.
    """

    def __init__(self, corpus: Corpus, made: Made, *, split: str, references: str, word_split: str | None = None) -> None:
        for name in (split, word_split):
            if name is not None and name not in corpus.splits:
                raise InputError(f"the corpus {corpus.name} has no split {name}. {nearest(name, corpus.splits)}")
            if name is not None and not name.endswith("train"):
                raise InputError(f"{name} of {corpus.name} is not a train split; a generator may only learn from train splits.")
        check_medium(references)
        self.made = made
        self._corpus = corpus
        self._references = references
        self._split = split
        self._word_split = word_split
        self._ids = _having(corpus, split, references)
        if not self._ids:
            raise InputError(f"the split {split} of {corpus.name} is empty; there is nothing to learn from.")

    @classmethod
    def of_task(cls, corpus: Corpus, made: Made, *, split: str, references: str) -> TrainView:
        """The train clips that belong to a task's split: ``train`` with ``test``, ``word30-train`` with ``word30-test``.

        Isolated signs are those of the corpus's first split whose name ends in ``word-train``, or of a corpus of isolated signs.

        Args:
            corpus: the data set.
            made: the task's requirements.
            split: the split to generate.
            references: as for the class.

        Raises:
            InputError: the corpus has no train split that belongs to it.
        """
        own = train_split_of(corpus, split)
        return cls(corpus, made, split=own, references=references, word_split=train_split_of_words(corpus, own))

    @property
    def split(self) -> str:
        """The name of the train split."""
        return self._split

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the clips, in the corpus's order."""
        return self._ids

    @property
    def translations(self) -> Mapping[str, Sequence[str]]:
        """Gloss -> words of another language that it stands for, if the corpus lists any."""
        found: Mapping[str, Sequence[str]] = getattr(self._corpus, "translations", {})
        return found

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[TrainClip]:
        yield from (self._clip(name, isolated=self._split == self._word_split) for name in self._ids)

    def words(self) -> Iterator[TrainClip]:
        """Isolated signs of the train side, each with its spoken word; none if the corpus has none."""
        if self._word_split is not None:
            same = self._word_split == self._split
            ids = self._ids if same else _having(self._corpus, self._word_split, self._references)
            yield from (self._clip(name, isolated=True) for name in ids)

    def sample(self, most: int) -> Iterator[TrainClip]:
        """At most the given number of clips, evenly spaced over the split, and always the same."""
        count = min(most, len(self._ids))
        for index in range(count):
            yield self._clip(self._ids[index * len(self._ids) // count], isolated=self._split == self._word_split)

    @cached_property
    def mean_length(self) -> int:
        """Mean number of frames of all clips at the task's rate, rounded, at least 1."""
        total = sum(frame_count(clip.media, self.made) for clip in self)
        return max(1, (2 * total + len(self)) // (2 * len(self)))

    def _clip(self, name: str, *, isolated: bool) -> TrainClip:
        clip = self._corpus.clip(name)
        word = clip.text if isolated else None
        return TrainClip(
            id=name, text=clip.text, gloss=clip.gloss, word=word, signer=clip.signer, media=medium(clip, self._references)
        )


def _having(corpus: Corpus, split: str, references: str) -> tuple[str, ...]:
    """Ids of a split's clips; of a data set on disk, which may be incomplete, only those with the media."""
    ids = tuple(corpus.ids(split))
    if not isinstance(corpus, CorpusOnDisk):
        return ids
    found = tuple(name for name in ids if recording_of(corpus.clip(name), references) is not None)
    if len(found) < len(ids):
        lacking = len(ids) - len(found)
        _log.warning(
            "signbench: %d of the %d clips of %s %s have no %s and are not learned from; see signbench corpora check %s.",
            *(lacking, len(ids), corpus.name, split, references, corpus.name),
        )
    return found


class References:
    """The references for anchors: lazy media of all expected clips.

    Args:
        corpus: the data set.
        ids: all expected clips of the task, never a subset or shard.
        references: as for :class:`TrainView`.
        task: name of the task.
        seed: seed of the task.
    """

    def __init__(self, corpus: Corpus, ids: Sequence[str], *, references: str, task: str, seed: int) -> None:
        check_medium(references)
        self.ids = tuple(sorted(ids))
        self._known = frozenset(ids)
        self.task = task
        self.seed = seed
        self._corpus = corpus
        self._references = references

    def media(self, clip: str) -> Recording:
        """The reference of a clip.

        Raises:
            InputError: the clip does not belong to the task, or lacks that medium.
        """
        if clip not in self._known:
            raise InputError(f"{clip} is not among the task's {len(self.ids)} clips. {nearest(clip, self.ids)}")
        return medium(self._corpus.clip(clip), self._references)


def check_medium(references: str) -> None:
    """Checks that a task's ``references`` names a medium.

    Raises:
        InputError: it does not.
    """
    kind, _, name = references.partition(":")
    if references not in ("video", "pose", "motion") and not (kind == "rendering" and name):
        known = ["video", "pose", "motion", "rendering:pose", "rendering:hamer", "rendering:smplx", "rendering:cross-person"]
        raise InputError(f"there is no kind of references {references!r}. {nearest(references, known)}")


def medium(clip: Clip, references: str) -> Recording:
    """The recording of a clip that a task compares with.

    Args:
        clip: of a corpus.
        references: ``video``, ``pose``, ``motion``, or ``rendering:NAME``.

    Raises:
        InputError: the clip has no such recording.
    """
    found = recording_of(clip, references)
    if found is None:
        raise InputError(f"clip {clip.id} has no {references}.")
    return found


def recording_of(clip: Clip, references: str) -> Recording | None:
    """The recording of a clip that a task compares with; None if it has none.

    Args:
        clip: of a corpus.
        references: as for :func:`medium`.
    """
    kind, _, name = references.partition(":")
    media: dict[str, Recording | None] = {"video": clip.video, "pose": clip.pose, "motion": clip.motion}
    return clip.renderings.get(name) if kind == "rendering" else media[kind]


def prompt_of(clip: Clip, made: Made, given: Collection[str], *, references: str, source: VideoRecording | None = None) -> Prompt:
    """The prompt of a clip: only what its task grants.

    Args:
        clip: the clip to generate.
        made: the task's requirements.
        given: the fields that the task grants.
        references: the medium of the reference, whose number of frames ``length`` grants.
        source: the video whose first frame is the source image; by default the clip's own, as for reconstruction.

    Raises:
        InputError: the task grants a field that does not exist, or that the clip lacks.
    """
    fields: dict[str, Any] = {}
    for name in given:
        if name not in PROMPT_FIELDS:
            raise InputError(f"there is no prompt field {name}. {nearest(name, PROMPT_FIELDS)}")
        if name == "length":
            value: object = frame_count(medium(clip, references), made)
        elif name == "word":
            value = clip.text
        elif name == "source_image":
            still = source or clip.video
            value = None if still is None else first_frame(still, made.size)
        elif name in ("driving_video", "driving_pose"):
            value = clip.video if name == "driving_video" else clip.pose
        else:
            value = getattr(clip, name)
        if value is None or (name == "gloss" and not value):
            raise InputError(f"the task grants {name}, but clip {clip.id} has none.")
        fields[name] = value
    return Prompt(clip=clip.id, made=made, **fields)
