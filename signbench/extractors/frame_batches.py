"""Extractors that work frame by frame: the frames of one clip in batches of a fixed size."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import MediaError
from signbench.extractors.base import Extractor, Observer, Rows, owner_of_device

Frames = NDArray[np.uint8]
"""``(n, H, W, 3)`` RGB."""


@dataclass(frozen=True)
class FrameExtractor(Extractor):
    """An extractor with a row for each frame."""

    @property
    @abstractmethod
    def batch(self) -> int:
        """The number of frames per batch."""

    @abstractmethod
    def load(self) -> Callable[[Frames], Rows]:
        """Loads the network, once per process.

        Returns:
            A function from a batch, uint8 ``(batch, H, W, 3)``, to its rows, float32 ``(batch, D)``.

        Raises:
            InputError: required weights are not present, or are not the registered ones; or the device is not available.
        """

    def observer(self) -> Observer:
        owner = owner_of_device()
        return _BatchObserver(self.name, self.batch, self.load() if owner is None else partial(owner.rows, self))

    def compute(self, batch: NDArray[Any]) -> Rows:
        return self.load()(batch)


class _BatchObserver:
    """Fills one batch after another, the last one padded with copies of its last frame."""

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
    """Refuses arrays that are not frames, and frames that differ in size from the previous ones.

    Args:
        network: for messages.
        frames: uint8 ``(n, H, W, 3)``.
        before: earlier frames of the clip, or None.

    Raises:
        MediaError: the message says which.
    """
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3:
        raise MediaError(f"the network {network} needs frames as uint8 (T, H, W, 3); these are {frames.dtype} {frames.shape}.")
    if before is not None and frames.shape[1:] != before.shape[1:]:
        raise MediaError(
            f"the network {network} needs frames of the same size; they change from {before.shape[2]} x {before.shape[1]} "
            f"to {frames.shape[2]} x {frames.shape[1]} pixels."
        )
