"""The interface of an extractor: a frozen network that turns the frames of one clip into rows of features."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError

Precision = Literal["float32", "tf32", "bf16"]
"""The precision of networks. TF32 is off everywhere unless requested."""

Rows = NDArray[np.float32]
"""``(n, D)``, a row for each frame, or one for the whole clip."""


def settled_device(device: str) -> str:
    """Checks that a device is available. ``cuda`` gives each process that torchrun started its own GPU.

    Args:
        device: ``cpu``, ``cuda``, or ``cuda:N``.

    Returns:
        The device.

    Raises:
        InputError: it is not available, or not a device.
    """
    if device == "cpu":
        return device
    import torch

    local = os.environ.get("LOCAL_RANK", "")
    if device == "cuda" and local.isdecimal() and torch.cuda.device_count():
        return f"cuda:{int(local) % torch.cuda.device_count()}"
    try:
        kind = torch.device(device)
        gpus = torch.cuda.device_count() if kind.type == "cuda" else 0
        there = kind.type == "cpu" or (kind.index or 0) < gpus
    except RuntimeError:
        there = False
    if not there:
        raise InputError(
            f"there is no device {device!r} on this machine; use `device='cpu'`, or cuda:N on a machine with such a GPU."
        )
    return device


class Elsewhere(Protocol):
    """The process that owns the device, as its workers see it."""

    def rows(self, extractor: Extractor, batch: NDArray[Any]) -> Rows:
        """What :meth:`Extractor.compute` gives there.

        Raises:
            SignbenchError: what it raised there.
        """


_elsewhere: list[Elsewhere] = []


def compute_elsewhere(owner: Elsewhere | None) -> None:
    """Lets another process run the networks of this one from now on; None: this one does it itself."""
    _elsewhere[:] = [] if owner is None else [owner]


def owner_of_device() -> Elsewhere | None:
    """The process that runs the networks of this one, or None: it does it itself."""
    return _elsewhere[0] if _elsewhere else None


class Observer(Protocol):
    """Collects the frames of one side of one clip, chunk by chunk, and yields rows as soon as they are computed."""

    def update(self, frames: NDArray[np.uint8]) -> Iterator[Rows]:
        """Takes the next frames, uint8 ``(n, H, W, 3)`` RGB, and yields the rows that became ready, in order.

        The rows do not depend on how the frames are split into chunks.
        """

    def finish(self) -> Iterator[Rows]:
        """Yields the remaining rows, after the last frame."""


@dataclass(frozen=True)
class Extractor(ABC):
    """A frozen network with every setting that its rows depend on.

    Instances are immutable, and compare and are pickled by value; the network itself is loaded with the first frame, once per
    process. The frames of one clip are processed in batches of a fixed size, the last one padded, so that a row depends on its clip
    alone.

    Attributes:
        weights: ``official``, the weights that the registry names; or ``random``, seeded ones, only for trial runs.
        precision: the precision of the network.
        device: the device that it runs on, such as ``cpu`` or ``cuda:0``; not part of the signature.
    """

    name: ClassVar[str]
    revision: ClassVar[int] = 1
    by_frame: ClassVar[bool] = True
    """Whether row t belongs to frame t; otherwise there is one row for the whole clip."""
    kept_for: ClassVar[Literal["both", "references"]] = "both"
    """The sides whose observations are cached."""

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
        """The minimum number of frames; a shorter clip is not processed, and has no row."""
        return 1

    def signature(self) -> str:
        """Architecture and its revision, digest of the weights, preprocessing and precision, as written in signatures.

        Raises:
            InputError: required weights are not present.
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
        """A new observer for one side of one clip.

        Raises:
            InputError: required weights are not present, or are not the registered ones.
        """

    def compute(self, batch: NDArray[Any]) -> Rows:
        """Passes prepared input through the network, on its device; for those whose observer asks :func:`owner_of_device`.

        Args:
            batch: of whole clips or frames, along the first axis; of several clips where a GPU serves several workers.

        Returns:
            A row for each, in order.

        Raises:
            InputError: weights that it needs are not present, or are not what they should be.
        """
        raise NotImplementedError(f"{self.name} runs its network where its observer is")

    def check_frames(self, height: int, width: int, frames: int) -> None:
        """Refuses clips that the network cannot process, based on their headers.

        Raises:
            MediaError: the message says what the network requires.
        """
