"""The contract of an extractor: a frozen network that turns the frames of one clip into rows of numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError

Precision = Literal["float32", "tf32", "bf16"]
"""What networks count in. TF32 is off everywhere unless it is asked for."""

Rows = NDArray[np.float32]
"""``(n, D)``, a row for each frame, or one for the whole clip."""


def settled_device(device: str) -> str:
    """A device that is there.

    Raises:
        InputError: it is not, or is no device.
    """
    if device == "cpu":
        return device
    import torch

    try:
        kind = torch.device(device)
        gpus = torch.cuda.device_count() if kind.type == "cuda" else 0
        there = kind.type == "cpu" or (kind.index or 0) < gpus
    except RuntimeError:
        there = False
    if not there:
        raise InputError(f"there is no device {device!r} here; give --device cpu, or cuda:N on a machine with such a GPU.")
    return device


class Observer(Protocol):
    """Collects the frames of one side of one clip, chunk by chunk, and yields rows as soon as they are made."""

    def update(self, frames: NDArray[np.uint8]) -> Iterator[Rows]:
        """Takes the next frames, uint8 ``(n, H, W, 3)`` RGB, and yields the rows that became ready, in order.

        How the frames are cut into chunks does not change the rows.
        """

    def finish(self) -> Iterator[Rows]:
        """Yields the remaining rows, after the last frame."""


@dataclass(frozen=True)
class Extractor(ABC):
    """A frozen network with everything settled that its rows depend on.

    Instances are immutable, and compare and are pickled by value; the network itself is loaded when the first frame comes, once in
    a process. The frames of one clip pass in batches of a size that the extractor fixes, the last one padded, so that a row depends
    on its clip alone.

    Attributes:
        weights: ``official``, the weights that the registry names; or ``random``, seeded ones, for tests of the machinery only.
        precision: what the network counts in.
        device: where it counts, such as ``cpu`` or ``cuda:0``; no part of the signature.
    """

    name: ClassVar[str]
    revision: ClassVar[int] = 1
    by_frame: ClassVar[bool] = True
    """Whether row t is of frame t; otherwise the clip as a whole gives one row."""
    kept_for: ClassVar[Literal["both", "references"]] = "both"
    """Whose observations the cache keeps."""

    weights: Literal["official", "random"] = "official"
    precision: Precision = "float32"
    device: str = "cpu"

    @property
    @abstractmethod
    def needs(self) -> tuple[str, ...]:
        """Names in the registry of weights that must be present; empty for ``weights=random``."""

    @property
    @abstractmethod
    def preprocessing(self) -> str:
        """How frames become the network's input, in a few words without ``|``, ``:`` or ``,``: ``bilinear-299-tf1``."""

    @property
    def fewest_frames(self) -> int:
        """Frames that a clip must have; a shorter one is not looked at, and gives no row."""
        return 1

    def signature(self) -> str:
        """Architecture and its revision, digest of the weights, preprocessing and precision, as it stands in signatures.

        Raises:
            InputError: weights that it needs are not present.
        """
        from signbench.weights.store import signed_digest

        return self._signed(["random"] if self.weights == "random" else [signed_digest(name) for name in self.needs])

    def registered_signature(self) -> str:
        """The signature with the digests that the registry names, whether the weights are present or not.

        A file without a registered digest is ``unverified`` in it, where :meth:`signature` has its digest too.
        """
        from signbench.weights.store import registered_digest

        return self._signed(["random"] if self.weights == "random" else [registered_digest(name) for name in self.needs])

    def _signed(self, digests: list[str]) -> str:
        return f"{self.name}/{self.revision}+{'+'.join(digests)}+{self.preprocessing}+{self.precision}"

    @abstractmethod
    def observer(self) -> Observer:
        """A fresh observer of one side of one clip.

        Raises:
            InputError: weights that it needs are not present, or are not what they should be.
        """

    def check_frames(self, height: int, width: int, frames: int) -> None:
        """Refuses clips that the network cannot see, from their headers.

        Raises:
            MediaError: says what the network needs.
        """
