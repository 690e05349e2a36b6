"""What MimicMotion is trained to predict, and how regions of a frame are weighted.

Sources: Karras et al. 2022, *Elucidating the Design Space of Diffusion-Based Generative Models*, with Stable Video Diffusion's
noise (Blattmann et al. 2023: the logarithm of sigma is normal with mean 0.7 and standard deviation 1.6; the standard deviation of
the data is 1); Zhang et al. 2024 for the loss on hands; Bondarenko et al. (RuSignBot) for weights by confidence. What both papers
leave open is a named argument here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from signbench.generators.mimicmotion.pose_pictures import BODY, SURE, PosePoints

NOISE_MEAN, NOISE_DEVIATION = 0.7, 1.6
"""Of the natural logarithm of sigma in training."""

PIXELS = 8
"""Height and width of a cell of latents in pixels."""

_WRISTS = tuple(row for row, joint in enumerate(BODY) if joint.endswith("wrist"))


@dataclass(frozen=True, eq=False)
class Noised:
    """Latents with noise, and what a network is to make of them.

    Attributes:
        given: what the network is shown, ``(x + sigma * noise) / sqrt(sigma ** 2 + 1)``.
        level: the network's time, a quarter of the logarithm of sigma, ``(B,)``.
        target: v, ``(noise - sigma * x) / sqrt(sigma ** 2 + 1)``.
        sigma: standard deviation of the noise, ``(B,)``.
    """

    given: Tensor
    level: Tensor
    target: Tensor
    sigma: Tensor


def noised(latents: Tensor, noise: Tensor, deviates: Tensor) -> Noised:
    """Adds noise to latents.

    Args:
        latents: scaled, ``(B, F, C, h, w)``.
        noise: standard normal, of the same shape.
        deviates: standard normal, ``(B,)``, from which sigma follows.
    """
    sigma = torch.exp(NOISE_DEVIATION * deviates + NOISE_MEAN)
    wide = sigma.reshape(-1, *(1,) * (latents.ndim - 1))
    norm = torch.sqrt(wide**2 + 1)
    return Noised((latents + wide * noise) / norm, torch.log(sigma) / 4, (noise - wide * latents) / norm, sigma)


def cleaned(given: Tensor, predicted: Tensor, sigma: Tensor) -> Tensor:
    """The latents that a prediction of v amounts to.

    Args:
        given: what the network was shown, ``(B, F, C, h, w)``.
        predicted: its v, of the same shape.
        sigma: standard deviation of the noise, ``(B,)``.
    """
    norm = torch.sqrt(sigma.reshape(-1, *(1,) * (given.ndim - 1)) ** 2 + 1)
    # c_skip times the noisy latents is given / norm, and c_out is -sigma / norm
    return given / norm - torch.sqrt(norm**2 - 1) / norm * predicted


def weighted_error(predicted: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """The mean squared error of v, weighted by region.

    It equals the squared error of the latents with the weight ``(sigma ** 2 + 1) / sigma ** 2``.

    Args:
        predicted: ``(B, F, C, h, w)``.
        target: of the same shape.
        weights: ``(B, F, 1, h, w)``.

    Returns:
        A scalar.
    """
    return (weights * (predicted.float() - target.float()) ** 2).mean()


def dropped(draws: Tensor, share: float) -> tuple[Tensor, Tensor, Tensor]:
    """Which parts of the condition a training step leaves out.

    With the draw r: the embedding if r < 2 p, the source picture if p <= r < 3 p. So both are left out if p <= r < 2 p; the pose is
    then left out, too, because the pass without condition has none.

    Args:
        draws: uniform on [0, 1), ``(B,)``.
        share: p.

    Returns:
        bool ``(B,)`` for the embedding, the source picture and the pose.
    """
    embedding, source = draws < 2 * share, (draws >= share) & (draws < 3 * share)
    return embedding, source, embedding & source


def hand_weights(
    points: PosePoints, size: tuple[int, int], *, scale: float = 10.0, threshold: float = SURE, pixels: int = PIXELS
) -> NDArray[np.float32]:
    """MimicMotion's weights: ``scale`` inside the box of a hand whose points are all surer than the threshold, else 1.

    Args:
        points: as shares of the picture.
        size: height and width of the latents.
        scale: the paper's is 10.
        threshold: the paper does not state it.
        pixels: height and width of a cell in pixels.

    Returns:
        float32 ``(T, h, w)``. A cell has the mean weight of its pixels.
    """
    fine = (size[0] * pixels, size[1] * pixels)
    weights = np.ones((len(points), *fine), np.float32)
    for hand, sure in points.hands:
        certain = (sure > threshold).all(axis=1, keepdims=True)
        inside = _coverage(hand, np.broadcast_to(certain, sure.shape), fine, 0.0)
        np.maximum(weights, 1 + (scale - 1) * inside, out=weights)
    return _of_cells(weights, pixels)


def confidence_weights(
    points: PosePoints,
    size: tuple[int, int],
    *,
    scale: float = 10.0,
    threshold: float = SURE,
    margin: float = 0.05,
    pixels: int = PIXELS,
    normalised: bool = True,
) -> NDArray[np.float32]:
    """RuSignBot's weights: 1 plus the mean confidence of a region inside its box, times ``scale`` for a sure hand.

    The regions are the body without hands, the face and each hand; the largest weight counts where they overlap.

    Args:
        points: as shares of the picture.
        size: height and width of the latents.
        scale: of a hand whose points are all surer than the threshold; the paper does not state it, MimicMotion's is 10.
        threshold: the paper does not state it.
        margin: by which boxes are enlarged on each side, as a share of them.
        pixels: height and width of a cell in pixels.
        normalised: weights are divided by their mean over the clip, so that a learning rate keeps its meaning; the paper does not
            say so.

    Returns:
        float32 ``(T, h, w)``. A cell has the mean weight of its pixels.
    """
    fine = (size[0] * pixels, size[1] * pixels)
    body, sure = points.body
    arms = [row for row in range(len(BODY)) if row not in _WRISTS]
    regions = [(body[:, arms], sure[:, arms], 1.0), (*points.face, 1.0), *((*hand, scale) for hand in points.hands)]
    weights = np.ones((len(points), *fine), np.float32)
    for where, certainty, factor in regions:
        inside = _coverage(where, certainty > 0, fine, margin)
        value = (1 + certainty.mean(axis=1)) * np.where((certainty > threshold).all(axis=1), factor, 1.0)
        np.maximum(weights, 1 + (value[:, None, None] - 1) * inside, out=weights, casting="same_kind")
    weights = _of_cells(weights, pixels)
    if not normalised:
        return weights
    scaled: NDArray[np.float32] = weights / weights.mean(dtype=np.float64).astype(np.float32)
    return scaled


def _of_cells(weights: NDArray[np.float32], pixels: int) -> NDArray[np.float32]:
    """The mean weight of the pixels of each cell."""
    frames, height, width = weights.shape
    parts = weights.reshape(frames, height // pixels, pixels, width // pixels, pixels)
    cells: NDArray[np.float32] = parts.mean(axis=(2, 4), dtype=np.float32)
    return cells


def _coverage(points: NDArray[np.float64], seen: NDArray[np.bool_], size: tuple[int, int], margin: float) -> NDArray[np.float32]:
    """The share of each pixel that is in the box of a frame's seen points, float32 ``(T, *size)``; 0 where none is seen."""
    low = np.where(seen[..., None], points, np.inf).min(axis=1)
    high = np.where(seen[..., None], points, -np.inf).max(axis=1)
    edge = margin * np.where(seen.any(axis=1, keepdims=True), high - low, 0)
    shares = []
    for axis, cells in ((1, size[0]), (0, size[1])):
        start, end = ((low - edge)[:, axis, None] * cells, (high + edge)[:, axis, None] * cells)
        left = np.arange(cells)
        shares.append(np.clip(np.minimum(end, left + 1) - np.maximum(start, left), 0, 1))
    covered: NDArray[np.float32] = (shares[0][:, :, None] * shares[1][:, None]).astype(np.float32)
    return covered
