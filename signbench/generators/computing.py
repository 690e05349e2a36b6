"""How generators run their networks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def computing(device: str) -> Iterator[None]:
    """Without gradients, in float32, and in one thread, so that a clip's bytes do not depend on the number of threads.

    Args:
        device: the device of the network, such as ``cpu`` or ``cuda:0``.
    """
    import torch

    from signbench.extractors.precision import counting_in

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with counting_in("float32", torch.device(device)):
            yield
    finally:
        torch.set_num_threads(before)
