"""The interface of a corpus."""

from __future__ import annotations

import inspect
from typing import Protocol, cast

from signbench.corpora.clip import Clip
from signbench.corpora.on_disk import CorpusOnDisk
from signbench.errors import InputError


class Corpus(Protocol):
    """A sign-language data set with named splits, read lazily, clip by clip.

    Attributes:
        name: such as ``synthsign``.
        version: rises when clips change.
        licence: the licence of its clips.
        splits: names of the splits, such as ``train``, ``dev``, ``test``.
    """

    name: str
    version: str
    licence: str
    splits: tuple[str, ...]

    def ids(self, split: str) -> list[str]:
        """Ids of a split's clips, in order.

        Raises:
            InputError: there is no such split.
        """

    def clip(self, clip_id: str) -> Clip:
        """A clip: its text, glosses and signer, and lazy handles of its media.

        Raises:
            InputError: there is no such clip.
        """


class PerformedCorpus(Corpus, Protocol):
    """A corpus whose clips were performed several times by the same signer, such as SynthSign."""

    def clip(self, clip_id: str, take: int = 0) -> Clip:
        """One performance of a clip.

        Args:
            clip_id: of the clip.
            take: number of the performance; 0 is the reference.

        Raises:
            InputError: there is no such clip.
        """


def train_split_of(corpus: Corpus, split: str) -> str:
    """The train split that belongs to a split.

    Args:
        corpus: any corpus. One on disk says itself (:meth:`~signbench.corpora.on_disk.CorpusOnDisk.train_split`); otherwise the
            names say it: ``train`` belongs to ``test``, ``word30-train`` to ``word30-test``.
        split: one of its splits.

    Raises:
        InputError: the corpus has none.
    """
    if isinstance(corpus, CorpusOnDisk):
        return corpus.train_split(split)
    return "-".join([*split.split("-")[:-1], "train"])


def train_split_of_words(corpus: Corpus, train: str) -> str | None:
    """The train split of isolated signs that belongs to a train split; None if the corpus has none.

    Args:
        corpus: any corpus.
        train: one of its train splits.
    """
    if isinstance(corpus, CorpusOnDisk):
        return train if corpus.isolated else None
    return train if train.startswith("word") else next((name for name in corpus.splits if name.endswith("word-train")), None)


def performance(corpus: Corpus, clip_id: str, take: int) -> Clip:
    """One performance of a clip.

    Args:
        corpus: any corpus.
        clip_id: of the clip.
        take: number of the performance; 0 is the reference, which every corpus has.

    Raises:
        InputError: there is no such clip, or the corpus has one performance of each clip.
    """
    if take == 0:
        return corpus.clip(clip_id)
    if not has_performances(corpus):
        raise InputError(f"the corpus {corpus.name} has one performance of each clip; its take is 0, not {take}.")
    return cast("PerformedCorpus", corpus).clip(clip_id, take)


def has_performances(corpus: Corpus) -> bool:
    """Whether a corpus has several performances of its clips."""
    return "take" in inspect.signature(corpus.clip).parameters
