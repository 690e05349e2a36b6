"""Values that worker processes compute while earlier ones are used."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from torch.utils.data import Dataset

Value = TypeVar("Value")

_EACH = 4
"""Values that each worker process has ready."""


def computed_ahead(function: Callable[[int], Value], numbers: Sequence[int], workers: int) -> Generator[Value, None, None]:
    """The values of a function, in order.

    Args:
        function: must not use a GPU, and its values must not depend on what it was called with before.
        numbers: its arguments.
        workers: processes that compute values ahead, until the iterator is closed; 0: each value is computed here when it is asked
            for.
    """
    if not workers:
        yield from map(function, numbers)
        return
    import torch
    from torch.utils.data import DataLoader

    # a generator of its own, so that torch's random state stays as it is
    yield from DataLoader(
        cast("Dataset[Value]", _Values(function, numbers)),
        batch_size=None,
        num_workers=min(workers, max(1, len(numbers))),
        prefetch_factor=_EACH,
        collate_fn=_same,
        worker_init_fn=_one_thread,
        # memory-mapped arrays are shared, not copied
        multiprocessing_context="fork",
        generator=torch.Generator(),
    )


class _Values(Sequence[Any]):
    """The values of a function, computed on access."""

    def __init__(self, function: Callable[[int], Any], numbers: Sequence[int]) -> None:
        self.function, self.numbers = function, numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: Any) -> Any:
        return self.function(self.numbers[index])


def _same(value: Any) -> Any:
    return value


def _one_thread(worker: int) -> None:
    import cv2

    # OpenCV's threads do not exist in a forked process
    cv2.setNumThreads(0)
