"""From noise to frames: DDIM over the whole clip, each step predicted window by window, with and without the reference.

Source: damo-cv/RealisDance, branch RealisDance-SD, ``src/pipelines/pipeline.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from signbench.generators.realisdance.network import RealisDance, Reference, scheduler
from signbench.generators.realisdance.pose_guider import pictures_of
from signbench.generators.realisdance.windows import windows

_PIECE = 16


@dataclass(frozen=True, eq=False)
class Condition:
    """What a clip is generated from.

    Attributes:
        source: the source picture, ``(1, 3, H, W)`` on [-1, 1].
        conditions: pose, hands and body of each frame, uint8 ``(F, 9, H, W)``.
    """

    source: Tensor
    conditions: Tensor

    def __len__(self) -> int:
        """The number of frames F."""
        return len(self.conditions)


def denoised(model: RealisDance, condition: Condition, seed: int) -> Tensor:
    """The latents of a clip.

    Args:
        model: the networks.
        condition: what it is generated from.
        seed: of the noise, which is drawn on the CPU.

    Returns:
        Scaled latents ``(F, C, h, w)``.
    """
    config, frames, source = model.config, len(condition), condition.source
    sampler = scheduler(config.steps)
    generator = torch.Generator().manual_seed(seed)
    shape = (1, frames, config.latent_channels, source.shape[-2] // 8, source.shape[-1] // 8)
    latents = torch.randn(shape, generator=generator).to(source)
    tokens = model.tokens(source)
    shown = model.reference(model.latents(source, sampled=False), tokens)
    hidden = model.nothing(tokens) if config.guidance != 1 else None
    # these are the same at every step; what attends to other frames changes with the windows
    gated = torch.cat(
        [
            model.pose_guider.gated(pictures_of(piece.to(source.device)).to(source))
            for piece in torch.split(condition.conditions, _PIECE)
        ]
    )
    for number, step in enumerate(sampler.timesteps):
        total, count = torch.zeros_like(latents), latents.new_zeros((frames, 1, 1, 1))
        for indices in windows(frames, config.window, config.overlap, number):
            total[:, indices] += _guided(model, latents[:, indices], step, (shown, hidden), gated[indices])
            count[indices] += 1
        latents = sampler.step(total / count, step, latents, return_dict=False)[0]
    return latents[0]


def _guided(
    model: RealisDance, noisy: Tensor, step: Tensor, references: tuple[Reference, Reference | None], gated: Tensor
) -> Tensor:
    """v of a window, ``(1, F, C, h, w)``; without guidance, the pass without reference is left out."""
    shown, hidden = references
    step = step.to(noisy.device)
    levels = model.pose_guider.levels(gated, len(gated))
    made = model.predicted(noisy, step, shown, levels)
    if hidden is None:
        return made
    without = model.predicted(noisy, step, hidden, levels)
    return without + model.config.guidance * (made - without)


def frames_of(model: RealisDance, condition: Condition, seed: int) -> Tensor:
    """The frames of a clip, uint8 ``(F, H, W, 3)`` on the CPU; arguments as of :func:`denoised`."""
    latents = denoised(model, condition, seed)
    pictures = torch.cat([model.decoded(piece) for piece in torch.split(latents, _PIECE)])
    if model.config.restore_colours:
        pictures = colours_restored(pictures, condition.source)
    levels = ((pictures + 1) * 127.5).round().clamp(0, 255).byte()
    return levels.permute(0, 2, 3, 1).contiguous().cpu()


def colours_restored(pictures: Tensor, source: Tensor) -> Tensor:
    """Gives each channel of a clip the mean and the standard deviation of the source picture's.

    Args:
        pictures: ``(F, 3, H, W)``; mean and deviation go over all frames.
        source: ``(1, 3, H, W)``.
    """
    mean, wanted = pictures.mean(dim=(0, 2, 3), keepdim=True), source.mean(dim=(0, 2, 3), keepdim=True)
    spread, deviation = pictures.std(dim=(0, 2, 3), keepdim=True), source.std(dim=(0, 2, 3), keepdim=True)
    return (pictures - mean) / spread.clamp_min(1e-6) * deviation + wanted
