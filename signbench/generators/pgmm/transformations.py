"""Thin-plate splines: from five key points of each group, and random ones.

Source: Zhao and Zhang 2022, equations 1 and 2; yoyo-nb/Thin-Plate-Spline-Motion-Model, ``modules/util.py`` (TPS). A spline maps a
point p to A p + t + sum_i w_i U(|p - c_i|) with U(r) = r^2 log(r^2 + 1e-9).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from signbench.generators.pgmm.layers import grid

GROUP = 5
"""Key points of one transformation."""

_RIDGE = 0.01


@dataclass(frozen=True, eq=False)
class ThinPlates:
    """Thin-plate splines.

    Attributes:
        affine: A and t, ``(N, K, 2, 3)``.
        centres: ``(N, K, P, 2)``.
        weights: of each centre for x and y, ``(N, K, P, 2)``.
    """

    affine: Tensor
    centres: Tensor
    weights: Tensor

    def moved(self, points: Tensor) -> Tensor:
        """Where the splines map points.

        Args:
            points: ``(N, L, 2)``, or ``(1, L, 2)`` for all.

        Returns:
            ``(N, K, L, 2)``.
        """
        straight = torch.einsum("nkxy,nly->nklx", self.affine[..., :2], points.expand(len(self.affine), -1, -1))
        distances = ((points[:, None, :, None] - self.centres[:, :, None]) ** 2).sum(dim=4)
        return straight + self.affine[:, :, None, :, 2] + radial(distances) @ self.weights

    def grids(self, height: int, width: int) -> Tensor:
        """Where the splines map the pixels of a picture, ``(N, K, height, width, 2)``."""
        pixels = grid(height, width, self.affine).view(1, -1, 2)
        moved = self.moved(pixels)
        return moved.view(*moved.shape[:2], height, width, 2)


def radial(squared: Tensor) -> Tensor:
    """U of squared distances."""
    return squared * torch.log(squared + 1e-9)


def between(source: Tensor, driving: Tensor) -> ThinPlates:
    """The splines that map driving key points to the source's, one for each group of five.

    0.01 is added to the whole diagonal of the system, also where it has zeros, so that the splines map the points only nearly.

    Args:
        source: ``(N, 5 K, 2)``.
        driving: ``(N, 5 K, 2)``.
    """
    given, wanted = (points.view(len(points), -1, GROUP, 2) for points in (driving, source))
    distances = ((given[:, :, :, None] - given[:, :, None]) ** 2).sum(dim=4)
    ones = torch.cat([given, torch.ones_like(given[..., :1])], dim=3)
    system = given.new_zeros(*given.shape[:2], GROUP + 3, GROUP + 3)
    system[..., :GROUP, :GROUP] = radial(distances)
    system[..., :GROUP, GROUP:] = ones
    system[..., GROUP:, :GROUP] = ones.transpose(2, 3)
    system = system + _RIDGE * torch.eye(GROUP + 3, dtype=given.dtype, device=given.device)
    targets = torch.cat([wanted, wanted.new_zeros(*wanted.shape[:2], 3, 2)], dim=2)
    solved = torch.linalg.inv(system) @ targets
    return ThinPlates(solved[..., GROUP:, :].transpose(2, 3), given, solved[..., :GROUP, :])


def random_plates(count: int, affine: float, bending: float, side: int, like: Tensor) -> ThinPlates:
    """Random splines near the identity, one a picture, for the equivariance of key points.

    A centre moves a point by the same length in x and y, as in TPSMM.

    Args:
        count: N.
        affine: standard deviation of the noise on A and t.
        bending: standard deviation of the weights.
        side: centres lie on a grid of side x side.
        like: device and type.
    """
    identity = torch.eye(2, 3, dtype=like.dtype, device=like.device)
    noise = affine * torch.randn(count, 1, 2, 3, dtype=like.dtype, device=like.device)
    weights = bending * torch.randn(count, 1, side**2, 1, dtype=like.dtype, device=like.device)
    centres = grid(side, side, like).view(1, 1, -1, 2).expand(count, 1, -1, 2)
    return ThinPlates(identity + noise, centres, weights.expand(-1, -1, -1, 2))
