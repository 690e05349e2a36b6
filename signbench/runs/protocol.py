"""The protocol: how the two sides of a clip are aligned before any metric sees them."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any, get_args

from signbench.errors import InputError, nearest
from signbench.extractors.base import Precision
from signbench.media.rates import LARGEST_RATE, is_rate
from signbench.media.timelines import FramesRule


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """The rules of one run; all of them can change a number, so all of them are in the signature.

    Attributes:
        frames: ``equal`` refuses clips whose two sides differ in length; ``truncate`` keeps the common prefix; ``resample``
            stretches the prediction onto the reference's time stamps, first frame to first and last to last (key points linearly,
            images by the nearest frame, the earlier one on a tie).
        size: ``(height, width)`` to which both sides' images are resized, or None: unchanged.
        fps: frame rate to which both sides are converted, or None: unchanged.
        source_fps: frame rate that is declared for all files, or None: that of each file.
        layout: name of the key points' layout, for formats without one; or None: inferred from the number of points.
        id_column: column with the clips' ids in a table of texts, or None: found by its name.
        text_column: column with the texts, or None: found by its name.
        precision: precision of networks.
    """

    frames: FramesRule = "equal"
    size: tuple[int, int] | None = None
    fps: float | None = None
    source_fps: float | None = None
    layout: str | None = None
    id_column: str | None = None
    text_column: str | None = None
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        if self.frames not in get_args(FramesRule):
            raise InputError(f"`frames` cannot be {self.frames!r}. {nearest(str(self.frames), get_args(FramesRule))}")
        if self.precision not in get_args(Precision):
            raise InputError(f"`precision` cannot be {self.precision!r}. {nearest(str(self.precision), get_args(Precision))}")
        for parameter, rate in (("fps", self.fps), ("source_fps", self.source_fps)):
            if rate is not None and not is_rate(rate):
                raise InputError(f"`{parameter}` must be a frame rate above 0 and at most {LARGEST_RATE:g}, not {rate:g}.")
        if self.size is not None and not all(1 <= side <= 16384 for side in self.size):
            raise InputError(f"`size` must be width x height from 1 to 16384, not {self.size[1]}x{self.size[0]}.")

    def as_json(self) -> dict[str, Any]:
        """The rules as plain values, for ``run.json`` and ``result.json``."""
        return {**asdict(self), "size": list(self.size) if self.size else None}


def parse_size(text: str) -> tuple[int, int]:
    """Reads ``256`` or ``WIDTHxHEIGHT`` as ``(height, width)``.

    Raises:
        InputError: it is neither.
    """
    matched = re.fullmatch(r"(\d{1,6})(?:[x×](\d{1,6}))?", text.strip())
    if matched is None:
        raise InputError(f"`size` must be one number or WIDTHxHEIGHT, such as 256 or 210x260, not {text!r}.")
    width = int(matched[1])
    return (int(matched[2]) if matched[2] else width, width)
