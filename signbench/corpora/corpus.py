"""The contract of a corpus."""

from __future__ import annotations

from typing import Protocol

from signbench.corpora.clip import Clip


class Corpus(Protocol):
    """A sign-language data set with named splits, read lazily, clip by clip.

    Attributes:
        name: such as ``synthsign``.
        version: rises when clips change.
        licence: under which its clips may be used.
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
        """A clip: its text, glosses and signer, and handles of its media, which read nothing yet.

        Raises:
            InputError: there is no such clip.
        """
