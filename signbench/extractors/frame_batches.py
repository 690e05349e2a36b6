"""Extractors that see frame by frame: the frames of one clip in batches of a fixed size."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signbench.errors import MediaError
from signbench.extractors.base import Extractor, Observer, Rows

Frames = NDArray[np.uint8]
"""``(n, H, W, 3)`` RGB."""


@dataclass(frozen=True)
class FrameExtractor(Extractor):
    """An extractor with a row for each frame."""

    @property
    @abstractmethod
    def batch(self) -> int:
        """How many frames pass through the network together."""

    @abstractmethod
    def load(self) -> Callable[[Frames], Rows]:
        """Loads the network, once in a process.

        Returns:
            A function from a batch, uint8 ``(batch, H, W, 3)``, to its rows, float32 ``(batch, D)``.

        Raises:
            InputError: weights that it needs are not present, or are not what they should be; or the device is not there.
        """

    def observer(self) -> Observer:
        return _BatchObserver(self.name, self.batch, self.load())


class _BatchObserver:
    """Fills one batch after the other, the last one with copies of its last frame."""

    def __init__(self, network: str, size: int, rows: Callable[[Frames], Rows]) -> None:
        self._network = network
        self._size = size
        self._rows = rows
        self._batch: Frames | None = None
        self._filled = 0

    def update(self, frames: Frames) -> Iterator[Rows]:
        check_frames(self._network, frames, self._batch)
        if self._batch is None:
            self._batch = np.empty((self._size, *frames.shape[1:]), dtype=np.uint8)
        at = 0
        while at < len(frames):
            taken = min(self._size - self._filled, len(frames) - at)
            self._batch[self._filled : self._filled + taken] = frames[at : at + taken]
            self._filled += taken
            at += taken
            if self._filled == self._size:
                self._filled = 0
                yield self._rows(self._batch)

    def finish(self) -> Iterator[Rows]:
        if self._batch is None:
            raise MediaError(f"the network {self._network} needs at least one frame; the clip has none.")
        if self._filled:
            self._batch[self._filled :] = self._batch[self._filled - 1]
            yield self._rows(self._batch)[: self._filled]
            self._filled = 0


def check_frames(network: str, frames: Frames, before: Frames | None) -> None:
    """Refuses what is not frames, and frames of another size than those before them.

    Args:
        network: for messages.
        frames: uint8 ``(n, H, W, 3)``.
        before: earlier frames of the clip, or None.

    Raises:
        MediaError: says which.
    """
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3:
        raise MediaError(f"the network {network} needs frames as uint8 (T, H, W, 3); these are {frames.dtype} {frames.shape}.")
    if before is not None and frames.shape[1:] != before.shape[1:]:
        raise MediaError(
            f"the network {network} needs frames of one size; they change from {before.shape[2]} x {before.shape[1]} "
            f"to {frames.shape[2]} x {frames.shape[1]} pixels."
        )
