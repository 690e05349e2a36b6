"""Sizes of a trunk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signbench.judges.frame_trunk.network import FrameTrunk


@dataclass(frozen=True)
class FrameTrunkConfig:
    """A trunk's architecture.

    Attributes:
        widths: widths of the four stages of the ResNet.
        hidden: width of the layer between the features and the key points.
        points: number of key points.
        size: height and width of the pictures that it was trained on, in pixels.
    """

    widths: tuple[int, int, int, int]
    hidden: int
    points: int
    size: int

    @classmethod
    def paper(cls, points: int) -> FrameTrunkConfig:
        """A ResNet-18 of full width."""
        return cls((64, 128, 256, 512), 1024, points, 224)

    @classmethod
    def small(cls, points: int) -> FrameTrunkConfig:
        """A quarter of the width, which trains on two cores."""
        return cls((16, 32, 64, 128), 256, points, 96)

    def build(self) -> FrameTrunk:
        """Builds the network with random weights."""
        from signbench.judges.frame_trunk.network import FrameTrunk

        return FrameTrunk(self.widths, self.hidden, self.points)
