"""The interface of a corpus."""

from __future__ import annotations

from typing import Protocol

from signbench.corpora.clip import Clip


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
