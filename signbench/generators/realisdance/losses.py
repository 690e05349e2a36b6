"""The losses of RealisDance, and the adversarial one that SignAligner adds to it.

Source: damo-cv/RealisDance, branch RealisDance-SD: the error of v, weighted by min(SNR, 5) / (SNR + 1). SignAligner's eq. 11 adds
a discriminator without saying which; here a patch discriminator with hinge losses (Isola et al. 2017; Lim and Ye 2017).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional


@dataclass(frozen=True, eq=False)
class Noised:
    """Noisy latents and what is to be predicted from them.

    Attributes:
        noisy: ``(B, F, C, h, w)``.
        target: v, of the same shape.
        signal: square root of the signal's share of the variance, ``(B, 1, 1, 1, 1)``.
        weights: of each clip's loss, ``(B,)``.
    """

    noisy: Tensor
    target: Tensor
    signal: Tensor
    weights: Tensor

    def clean(self, predicted: Tensor) -> Tensor:
        """The latents without noise that a predicted v stands for."""
        return self.signal * self.noisy - (1 - self.signal**2).sqrt() * predicted


def noised(latents: Tensor, noise: Tensor, steps: Tensor, shares: Tensor, gamma: float) -> Noised:
    """Adds noise.

    Args:
        latents: scaled, ``(B, F, C, h, w)``.
        noise: standard normal, of the same shape.
        steps: of each clip, int64 ``(B,)``.
        shares: the signal's share of the variance at each step, ``(1000,)``; the last one may be 0.
        gamma: largest signal-to-noise ratio in the weight min(SNR, gamma) / (SNR + 1), with which the last step has weight 0; 0:
            all weights are 1.
    """
    share = shares.to(latents)[steps]
    signal = share.sqrt()[:, None, None, None, None]
    spread = (1 - share).sqrt()[:, None, None, None, None]
    # min(SNR, gamma) / (SNR + 1), without a division by 0 at either end
    weights = torch.minimum(share, gamma * (1 - share)) if gamma else torch.ones_like(share)
    return Noised(signal * latents + spread * noise, signal * noise - spread * latents, signal, weights)


def weighted_error(predicted: Tensor, made: Noised, cells: Tensor) -> Tensor:
    """The mean squared error of v.

    Args:
        predicted: ``(B, F, C, h, w)``.
        made: with the target and the weights of clips.
        cells: weights of the latents' cells, ``(B, F, 1, h, w)``; each clip's are divided by their mean.
    """
    even = cells / cells.mean(dim=(1, 2, 3, 4), keepdim=True)
    errors = (even * (predicted - made.target) ** 2).mean(dim=(1, 2, 3, 4))
    return (made.weights * errors).mean()


class Discriminator(nn.Sequential):
    """Whether patches of a picture are real: four convolutions with stride 2 and a last one."""

    def __init__(self, width: int) -> None:
        """Draws random weights.

        Args:
            width: channels after the first convolution; each further one doubles them.
        """
        layers: list[nn.Module] = []
        given = 3
        for depth in range(4):
            made = width * 2**depth
            layers += [nn.Conv2d(given, made, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
            given = made
        super().__init__(*layers, nn.Conv2d(given, 1, 3, padding=1))


def adversarial(discriminator: nn.Module, made: Tensor, real: Tensor) -> Mapping[str, Tensor]:
    """Hinge losses whose gradients reach either the discriminator or the generator, never both.

    Args:
        discriminator: of pictures.
        made: generated pictures, ``(N, 3, H, W)``.
        real: real ones.

    Returns:
        ``discriminator`` and ``adversarial``.
    """
    frozen: dict[str, Any] = {name: value.detach() for name, value in discriminator.named_parameters()}
    fooled = -functional_call(discriminator, frozen, (made,)).mean()
    told_real = functional.relu(1 - discriminator(real)).mean()
    told_made = functional.relu(1 + discriminator(made.detach())).mean()
    return {"discriminator": (told_real + told_made) / 2, "adversarial": fooled}
