"""From noise to latents: Euler steps over the whole clip, each predicted tile by tile with and without the condition.

Source: Tencent/MimicMotion, ``mimicmotion/pipelines/pipeline_mimicmotion.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from signbench.generators.mimicmotion.network import MimicMotion, scheduler
from signbench.generators.mimicmotion.tiles import tile_weights, tiles
from signbench.progress import Progress, silent

MOST_KEPT_BYTES = 1 << 30
"""How large the features of all pose pictures of a clip may be to be kept."""


@dataclass(frozen=True, eq=False)
class Condition:
    """What a clip is generated from.

    Attributes:
        source: latents of the source picture, not scaled, ``(1, C, h, w)``.
        embedding: of the source picture, ``(1, 1, E)``.
        pose: pose pictures, uint8 ``(F, 3, H, W)``; frame 0 is that of the source picture.
    """

    source: Tensor
    embedding: Tensor
    pose: Tensor

    def __len__(self) -> int:
        """The number of frames F, with frame 0."""
        return len(self.pose)


def first_noise(frames: int, tile: int, shape: tuple[int, int, int], seed: int) -> Tensor:
    """The noise of a clip: that of one tile, repeated, so that neighbouring tiles begin alike.

    Args:
        frames: number of frames.
        tile: frames of a tile.
        shape: channels, height and width of the latents.
        seed: of the clip.

    Returns:
        float32 ``(1, frames, *shape)`` on the CPU, so that it is the same on every device.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn((1, min(tile, frames), *shape), generator=generator)
    return drawn.repeat(1, -(-frames // drawn.shape[1]), 1, 1, 1)[:, :frames]


def denoised(model: MimicMotion, condition: Condition, seed: int, progress: Progress = silent) -> Tensor:
    """The latents of a clip.

    With guidance 1 the pass without condition is left out, since it has no weight.

    Args:
        model: the networks.
        condition: what the clip is generated from.
        seed: of the clip.
        progress: called after each tile of each step; what it raises ends the work.

    Returns:
        Scaled latents ``(F, C, h, w)``; frame 0 is the source picture's, which the production leaves out.
    """
    config, frames = model.config, len(condition)
    sampler = scheduler(config.steps)
    channels, height, width = condition.source.shape[1:]
    noise = first_noise(frames, config.tile, (channels, height, width), seed)
    latents: Tensor = noise.to(condition.source) * sampler.init_noise_sigma.to(condition.source)
    parts = tiles(frames, config.tile, config.overlap)
    weights = torch.from_numpy(tile_weights(len(parts[0]))).to(latents)[:, None, None, None]
    features = _Features(model, condition.pose, latents)
    source = condition.source[:, None]
    ids = model.ids(1, latents)
    for number, step in enumerate(sampler.timesteps):
        scaled = sampler.scale_model_input(latents, step)
        total, weight = torch.zeros_like(latents), latents.new_zeros((frames, 1, 1, 1))
        for part, indices in enumerate(parts, start=1):
            given, shown = scaled[:, indices], source.expand(-1, len(indices), -1, -1, -1)
            posed = features.of(indices)
            made = model.predicted(given, shown, step.to(latents), condition.embedding, ids, posed)
            if config.guidance != 1:
                nothing = torch.zeros_like(condition.embedding)
                without = model.predicted(given, torch.zeros_like(shown), step.to(latents), nothing, ids, None)
                made = without + config.guidance * (made - without)
            total[:, indices] += made * weights
            weight[indices] += weights
            progress("denoising", number * len(parts) + part, config.steps * len(parts))
        latents = sampler.step(total / weight, step, latents, return_dict=False)[0]
    return latents[0]


class _Features:
    """PoseNet's features of the frames of a clip: kept, or for a long clip of large pictures computed for each tile and step.

    There they would fill the memory, and take little time compared with the U-Net.
    """

    def __init__(self, model: MimicMotion, pose: Tensor, like: Tensor) -> None:
        self._model, self._pose, self._like = model, pose, like
        width, height, columns = model.config.widths[0], like.shape[-2], like.shape[-1]
        few = len(pose) * width * height * columns * like.element_size() <= MOST_KEPT_BYTES
        pieces = torch.split(pose, model.config.tile)
        self._kept = torch.cat([self._computed(piece) for piece in pieces]) if few else None

    def of(self, indices: list[int]) -> Tensor:
        """The features of some frames, ``(len(indices), width, h, w)``."""
        return self._computed(self._pose[indices]) if self._kept is None else self._kept[indices]

    def _computed(self, pose: Tensor) -> Tensor:
        made: Tensor = self._model.pose_net(pose.to(self._like) / 127.5 - 1)
        return made
