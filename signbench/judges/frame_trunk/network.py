"""The network: a ResNet-18, and two layers from its features to key points."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from signbench.networks.resnet import ResNet18


class FrameTrunk(nn.Module):
    """Maps single frames to the positions of key points, by features that are averaged over the picture."""

    def __init__(self, widths: Sequence[int], hidden: int, points: int) -> None:
        """Builds the network.

        Args:
            widths: widths of the four stages of the ResNet.
            hidden: width of the layer between the features and the key points.
            points: number of key points.
        """
        super().__init__()
        self.resnet = ResNet18(widths)
        self.head = nn.Sequential(nn.Linear(widths[-1], hidden), nn.ReLU(), nn.Linear(hidden, 2 * points))

    def forward(self, frames: Tensor) -> Tensor:
        """Positions of key points in frames.

        Args:
            frames: ``(N, 3, H, W)`` on [-1, 1].

        Returns:
            ``(N, points, 2)``: x and y as shares of the picture, from -0.5 to 0.5.
        """
        found: Tensor = self.head(self.resnet(frames))
        return found.view(len(frames), -1, 2)
