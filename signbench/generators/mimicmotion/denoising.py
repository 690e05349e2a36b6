"""From noise to latents: Euler steps over the whole clip, each predicted tile by tile with and without the condition.

Source: Tencent/MimicMotion, ``mimicmotion/pipelines/pipeline_mimicmotion.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from signbench.generators.mimicmotion.network import MimicMotion, scheduler
from signbench.generators.mimicmotion.tiles import tile_weights, tiles


@dataclass(frozen=True, eq=False)
class Condition:
    """What a clip is generated from.

    Attributes:
        source: latents of the source picture, not scaled, ``(1, 4, h, w)``.
        embedding: of the source picture, ``(1, 1, E)``.
        pose: pose pictures, float32 ``(F, 3, H, W)`` on [-1, 1]; frame 0 is that of the source picture.
    """

    source: Tensor
    embedding: Tensor
    pose: Tensor

    def __len__(self) -> int:
        """The number of frames F, with frame 0."""
        return len(self.pose)


def first_noise(frames: int, tile: int, shape: tuple[int, int], seed: int) -> Tensor:
    """The noise of a clip: that of one tile, repeated, so that neighbouring tiles begin alike.

    Args:
        frames: number of frames.
        tile: frames of a tile.
        shape: height and width of the latents.
        seed: of the clip.

    Returns:
        float32 ``(1, frames, 4, *shape)`` on the CPU, so that it is the same on every device.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn((1, min(tile, frames), 4, *shape), generator=generator)
    return drawn.repeat(1, -(-frames // drawn.shape[1]), 1, 1, 1)[:, :frames]


def denoised(model: MimicMotion, condition: Condition, seed: int) -> Tensor:
    """The latents of a clip.

    With guidance 1 the pass without condition is left out, since it has no weight.

    Args:
        model: the networks.
        condition: what the clip is generated from.
        seed: of the clip.

    Returns:
        Scaled latents ``(F, 4, h, w)``; frame 0 is the source picture's, which the production leaves out.
    """
    config, frames = model.config, len(condition)
    sampler = scheduler(config.steps)
    noise = first_noise(frames, config.tile, (condition.source.shape[-2], condition.source.shape[-1]), seed)
    latents: Tensor = noise.to(condition.source) * sampler.init_noise_sigma.to(condition.source)
    parts = tiles(frames, config.tile, config.overlap)
    weights = torch.from_numpy(tile_weights(len(parts[0]))).to(latents)[:, None, None, None]
    features = torch.cat([model.pose_net(piece) for piece in torch.split(condition.pose.to(latents), config.tile)])
    source = condition.source[:, None]
    ids = model.ids(1, latents)
    for step in sampler.timesteps:
        scaled = sampler.scale_model_input(latents, step)
        total, weight = torch.zeros_like(latents), latents.new_zeros((frames, 1, 1, 1))
        for indices in parts:
            given, shown = scaled[:, indices], source.expand(-1, len(indices), -1, -1, -1)
            made = model.predicted(given, shown, step.to(latents), condition.embedding, ids, features[indices])
            if config.guidance != 1:
                nothing = torch.zeros_like(condition.embedding)
                without = model.predicted(given, torch.zeros_like(shown), step.to(latents), nothing, ids, None)
                made = without + config.guidance * (made - without)
            total[:, indices] += made * weights
            weight[indices] += weights
        latents = sampler.step(total / weight, step, latents, return_dict=False)[0]
    return latents[0]
