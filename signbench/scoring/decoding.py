"""Decodes frames in a background thread, ahead of their consumer."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


@contextmanager
def decoded_ahead(items: Iterator[Item], ahead: int = 2) -> Iterator[Iterator[Item]]:
    """Runs an iterator in a background thread, a few items ahead of its consumer.

    Decoding releases the interpreter's lock, so it continues while metrics compute.

    Args:
        items: the iterator to run ahead; closed when the context ends, also early.
        ahead: the largest number of items that wait.
    """
    waiting: queue.Queue[Item | BaseException | None] = queue.Queue(maxsize=ahead)
    stopped = threading.Event()

    def fill() -> None:
        last: BaseException | None = None
        try:
            for item in items:
                while not stopped.is_set():
                    try:
                        waiting.put(item, timeout=0.1)
                        break
                    except queue.Full:
                        continue
                if stopped.is_set():
                    break
        except BaseException as error:  # noqa: BLE001 - passed to the consumer, which raises it
            last = error
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()
            while not stopped.is_set():
                try:
                    waiting.put(last, timeout=0.1)
                    break
                except queue.Full:
                    continue

    def drain() -> Iterator[Item]:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    thread = threading.Thread(target=fill, name="decoding", daemon=True)
    thread.start()
    try:
        yield drain()
    finally:
        stopped.set()
        thread.join()
