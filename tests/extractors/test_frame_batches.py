"""Frames in batches: rows come in order, and depend neither on how the frames are cut nor on what else is in the batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import ClassVar

import numpy as np
import pytest

from signbench.errors import MediaError
from signbench.extractors.base import Rows
from signbench.extractors.frame_batches import FrameExtractor, Frames

SEEN: list[int] = []


@dataclass(frozen=True)
class Corner(FrameExtractor):
    """The corner of each frame."""

    name: ClassVar[str] = "corner"

    @property
    def needs(self) -> tuple[str, ...]:
        return ()

    @property
    def preprocessing(self) -> str:
        return "none"

    @property
    def batch(self) -> int:
        return 4

    def load(self) -> Callable[[Frames], Rows]:
        def rows(frames: Frames) -> Rows:
            SEEN.append(len(frames))
            return frames[:, 0, 0].astype(np.float32)

        return rows


def clip(count, height=3, width=2):
    frames = np.zeros((count, height, width, 3), np.uint8)
    frames[:, 0, 0] = np.arange(count)[:, None]
    return frames


def chunks(frames, size):
    return [frames[at : at + size] for at in range(0, len(frames), size)]


@pytest.mark.parametrize("count", [1, 3, 4, 5, 8, 11])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 20])
def test_every_frame_has_its_row_in_order_however_the_clip_is_cut(count, size):
    SEEN.clear()
    observer = Corner().observer()
    found = [rows for chunk in chunks(clip(count), size) for rows in observer.update(chunk)] + list(observer.finish())
    np.testing.assert_array_equal(np.concatenate(found), clip(count)[:, 0, 0])
    assert [4] * -(-count // 4) == SEEN


def test_rows_come_as_soon_as_a_batch_is_full():
    observer = Corner().observer()
    assert [len(rows) for rows in observer.update(clip(3))] == []
    assert [len(rows) for rows in observer.update(clip(6))] == [4, 4]
    assert [len(rows) for rows in observer.finish()] == [1]


def test_rows_stay_as_they_were_when_the_next_batch_comes():
    observer = Corner().observer()
    (first,) = observer.update(clip(4))
    before = first.copy()
    list(observer.update(clip(8)[4:]))
    np.testing.assert_array_equal(first, before)


def test_memory_that_is_filled_again_after_update_does_not_matter():
    memory = clip(2)
    observer = Corner().observer()
    list(observer.update(memory))
    memory[:] = 77
    np.testing.assert_array_equal(next(observer.finish())[:, 0], [0, 1])


@pytest.mark.parametrize(
    ("updates", "message"),
    [
        ([], "needs at least one frame"),
        ([clip(2).astype(np.float32)], "uint8 .T, H, W, 3.; these are float32"),
        ([clip(2)[..., :2]], "these are uint8 .2, 3, 2, 2."),
        ([clip(2)[0]], "these are uint8 .3, 2, 3."),
        ([clip(1), clip(1, 5, 4)], "change from 2 x 3 to 4 x 5 pixels"),
    ],
)
def test_what_cannot_be_seen_is_refused_in_words(updates, message):
    observer = Corner().observer()
    with pytest.raises(MediaError, match=message):
        list(chain(*(observer.update(frames) for frames in updates), observer.finish()))
