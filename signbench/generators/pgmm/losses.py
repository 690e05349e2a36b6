"""The losses of TPSMM and PGMM, without their weights.

Sources: yoyo-nb/Thin-Plate-Spline-Motion-Model, ``modules/model.py`` (perceptual, equivariance, warp and background loss); PGMM,
equations 8 to 11 (pose distance and feature alignment).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from signbench.generators.pgmm.dense_motion import Motion
from signbench.generators.pgmm.layers import Reduction
from signbench.generators.pgmm.transformations import ThinPlates

SCALES = (1.0, 0.5, 0.25, 0.125)
"""Sizes at which pictures are compared."""

SHARPNESS = 25.0
"""Of the soft-arg-max: with a map that is divided by its maximum, it is within 0.6 cells of the peak also for low peaks."""

_SEEN = 0.2


class Pyramid(nn.Module):
    """Pictures at several sizes, reduced by Gaussians."""

    def __init__(self, scales: Sequence[float] = SCALES) -> None:
        super().__init__()
        self.steps = nn.ModuleList(Reduction(3, scale) for scale in scales)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Pictures ``(N, 3, H, W)`` at each size."""
        return [step(pictures) for step in self.steps]


class PyramidDistance(nn.Module):
    """The mean absolute difference of pictures, summed over sizes: a perceptual loss that needs no network."""

    def __init__(self) -> None:
        super().__init__()
        self.pyramid = Pyramid()

    def forward(self, made: Tensor, true: Tensor) -> Tensor:
        """The distance of pictures ``(N, 3, H, W)`` on [0, 1]."""
        pairs = zip(self.pyramid(made), self.pyramid(true), strict=True)
        return torch.stack([(one - other).abs().mean() for one, other in pairs]).sum()


class FeatureDistance(nn.Module):
    """The mean absolute difference of a frozen network's features, summed over its stages and over sizes of the pictures.

    The true picture's features are constants. Pictures that the network's stages would reduce to nothing are left out.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        stages: Sequence[nn.Module],
        mean: Sequence[float],
        deviation: Sequence[float],
        *,
        scales: Sequence[float] = SCALES,
        pictures: bool = False,
    ) -> None:
        """Makes the distance.

        Args:
            stages: parts of the network, each with the previous one's output as input.
            mean: of red, green and blue, which is subtracted.
            deviation: of red, green and blue, by which the difference is divided.
            scales: sizes at which features are compared.
            pictures: whether the pictures themselves are compared too, at all sizes; for networks that reduce them at once.
        """
        super().__init__()
        self.pyramid = Pyramid(scales)
        self.pixels = PyramidDistance() if pictures else None
        self.stages = nn.ModuleList(stages).eval().requires_grad_(False)
        self.register_buffer("mean", torch.tensor(list(mean))[:, None, None])
        self.register_buffer("deviation", torch.tensor(list(deviation))[:, None, None])

    def train(self, mode: bool = True) -> FeatureDistance:
        """Does nothing: the network is frozen."""
        return self

    def forward(self, made: Tensor, true: Tensor) -> Tensor:
        """The distance of pictures ``(N, 3, H, W)`` on [0, 1]."""
        distances = [] if self.pixels is None else [self.pixels(made, true)]
        with torch.no_grad():
            wanted = [self._features(pictures) for pictures in self.pyramid(true)]
        for pictures, features in zip(self.pyramid(made), wanted, strict=True):
            distances += [(one - other).abs().mean() for one, other in zip(self._features(pictures), features, strict=True)]
        return torch.stack(distances).sum()

    def _features(self, pictures: Tensor) -> list[Tensor]:
        x, found = (pictures - self.mean) / self.deviation, []
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        return found


def equivariance(points: Tensor, of_moved: Tensor, plates: ThinPlates) -> Tensor:
    """The mean absolute difference of key points from those of the randomly moved picture, moved back.

    Args:
        points: of the pictures, ``(N, P, 2)``.
        of_moved: of the moved pictures.
        plates: the movement.
    """
    return (points - plates.moved(of_moved)[:, 0]).abs().mean()


def background_cycle(there: Tensor, back: Tensor) -> Tensor:
    """The mean absolute difference of the product of two matrices ``(N, 3, 3)`` from the identity."""
    return (torch.eye(3, dtype=there.dtype, device=there.device) - there @ back).abs().mean()


def warp_distance(visible: Sequence[Tensor], driving: Sequence[Tensor], motion: Motion) -> Tensor:
    """The mean absolute difference of warped source features from the driving pictures', where they are visible, summed over sets.

    Only the flow receives a gradient.

    Args:
        visible: the source's features, warped and masked, from the deepest.
        driving: the driving pictures' features, from the deepest.
        motion: with the masks.
    """
    parts = [
        (features.detach() * mask.detach() - seen).abs().mean()
        for seen, features, mask in zip(visible, driving, motion.masks, strict=True)
    ]
    return torch.stack(parts).sum()


def peaks(maps: Tensor, sharpness: float = SHARPNESS) -> Tensor:
    """The soft-arg-max of heat maps in cells: a softmax over each map, divided by its own maximum, weighs the coordinates.

    Args:
        maps: ``(N, P, h, w)``.
        sharpness: factor before the softmax.

    Returns:
        ``(N, P, 2)``: x and y.
    """
    highest = maps.detach().amax(dim=(2, 3), keepdim=True).clamp(min=1e-6)
    weights = torch.softmax((sharpness * maps / highest).flatten(2), dim=2).view(maps.shape)
    across, down = (torch.arange(side, dtype=maps.dtype, device=maps.device) for side in (maps.shape[3], maps.shape[2]))
    return torch.stack([weights.sum(dim=2) @ across, weights.sum(dim=3) @ down], dim=2)


def pose_distance(made: Tensor, true: Tensor, sharpness: float = SHARPNESS, least: float = _SEEN) -> Tensor:
    """PGMM's Pose Distance Loss (equation 8): how far peaks of heat maps are apart, |dx| + |dy| in cells, averaged over points.

    Args:
        made: heat maps of the made pictures, ``(N, P, h, w)``.
        true: heat maps of the driving pictures.
        sharpness: as for :func:`peaks`.
        least: a point whose true peak is lower is left out.
    """
    seen = (true.amax(dim=(2, 3)) >= least).to(made.dtype)
    distance = (peaks(made, sharpness) - peaks(true, sharpness).detach()).abs().sum(dim=2)
    return (distance * seen).sum() / seen.sum().clamp(min=1)


def alignment(source: Sequence[Tensor], driving: Sequence[Tensor], *, summed: bool = True, stopped: bool = False) -> Tensor:
    """PGMM's Feature Alignment Loss (equations 9 to 11): the mean absolute difference of the convolution modules' outputs.

    Args:
        source: outputs of the convolution modules from the source picture's features, moved.
        driving: the same from the driving picture's own features.
        summed: whether modules are summed; otherwise averaged.
        stopped: whether the driving side is a constant.
    """
    pairs = zip(source, driving, strict=True)
    each = torch.stack([(one - (other.detach() if stopped else other)).abs().mean() for one, other in pairs])
    return each.sum() if summed else each.mean()


def moved_pictures(pictures: Tensor, plates: ThinPlates) -> Tensor:
    """Pictures ``(N, 3, H, W)`` moved by a spline each; beyond the border they are reflected."""
    grids = plates.grids(*pictures.shape[2:])[:, 0]
    return functional.grid_sample(pictures, grids, padding_mode="reflection", align_corners=True)
