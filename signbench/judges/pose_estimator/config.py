"""Sizes of a pose estimator, and how it reads pictures and heat maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from signbench.errors import InputError

if TYPE_CHECKING:
    from torch import nn

    from signbench.judges.pose_estimator.heat_maps import Grid


@dataclass(frozen=True)
class PoseEstimatorConfig:
    """A pose estimator's architecture, what it is shown, and how its heat maps are read.

    Attributes:
        network: ``hrnet``, or ``unet``, which also returns confidences.
        joints: number of heat maps.
        widths: of ``unet``: channels at a half, a quarter, an eighth ... of the picture; of ``hrnet``: those of the finest branch.
        modules: of ``hrnet``: numbers of exchange modules of the second, third and fourth stage; of ``unet`` empty.
        size: height and width of the pictures in pixels.
        fitted: how a video of another shape is brought to that size: ``stretched``, or ``padded`` with black so that its aspect
            ratio stays.
        mean: of red, green and blue, which is subtracted; levels are 0 to 1.
        deviation: of red, green and blue, by which the difference is divided.
        centred: whether a cell's coordinates are its centre in the picture, see :class:`~.heat_maps.Grid`.
        decoding: ``local-mean`` (of logits) or ``dark`` (of maps that are Gaussians).
        threshold: a point with a lower confidence is not seen.
        rate: frames per second that videos are converted to.
        layout: layout of the key points.
    """

    network: Literal["hrnet", "unet"]
    joints: int
    widths: tuple[int, ...]
    modules: tuple[int, ...]
    size: tuple[int, int]
    fitted: Literal["stretched", "padded"]
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    centred: bool
    decoding: Literal["local-mean", "dark"]
    threshold: float
    rate: float
    layout: str

    @classmethod
    def paper(cls, joints: int = 133) -> PoseEstimatorConfig:
        """HRNet-W32 on pictures of 256 x 192: MMPose's of 133 key points, which PGMM uses, or 17 of COCO."""
        return cls(
            network="hrnet",
            joints=joints,
            widths=(32,),
            modules=(1, 4, 3),
            size=(256, 192),
            fitted="padded",
            mean=(0.485, 0.456, 0.406),
            deviation=(0.229, 0.224, 0.225),
            centred=False,
            decoding="dark",
            threshold=0.2,
            rate=25.0,
            layout="coco-wholebody-133",
        )

    @classmethod
    def small(cls) -> PoseEstimatorConfig:
        """A U-net on pictures of 128 x 128 that trains on one core."""
        return cls(
            network="unet",
            joints=133,
            widths=(16, 32, 64, 128),
            modules=(),
            size=(128, 128),
            fitted="stretched",
            mean=(0.5, 0.5, 0.5),
            deviation=(0.5, 0.5, 0.5),
            centred=True,
            decoding="local-mean",
            threshold=0.1,
            rate=25.0,
            layout="coco-wholebody-133",
        )

    @property
    def grid(self) -> Grid:
        """The cells of the heat maps in the picture."""
        from signbench.judges.pose_estimator.heat_maps import Grid

        return Grid(4, self.centred)

    def build(self) -> nn.Module:
        """Builds the network with random weights.

        Raises:
            InputError: the numbers do not fit the network.
        """
        import torch

        if self.network == "hrnet":
            from signbench.judges.pose_estimator.hrnet import HRNet

            if len(self.widths) != 1 or len(self.modules) != 3:
                raise InputError("an HRNet has one width, of its finest branch, and three numbers of modules.")
            return HRNet(self.joints, self.widths[0], self.modules)
        from signbench.judges.pose_estimator.unet import UNet

        if self.network != "unet":
            raise InputError(f"a pose estimator's network is hrnet or unet, not {self.network}.")
        if len(self.widths) < 2 or self.size[0] % 2 ** len(self.widths) or self.size[1] % 2 ** len(self.widths):
            raise InputError(
                f"a U-net of {len(self.widths)} widths needs at least 2 of them, and pictures whose sides are multiples of "
                f"{2 ** len(self.widths)}, not {self.size[1]} x {self.size[0]}."
            )
        built: nn.Module = UNet(self.joints, self.widths).to(memory_format=torch.channels_last)
        return built
