"""Sizes of MimicMotion's networks, and how it generates."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signbench.errors import InputError
from signbench.generators.mimicmotion.pose_pictures import CANVAS

_GROUPS = 32
_HALVINGS = 3
_COUNTS = (
    *("canvas", "blocks", "time_width", "embedding", "latent_blocks", "encoder_size", "encoder_patch", "encoder_width"),
    *("encoder_inner", "encoder_layers", "encoder_heads", "steps", "chunk"),
)


@dataclass(frozen=True)
class MimicMotionConfig:
    """The architecture, and the choices of generation that belong to a training.

    Attributes:
        size: shorter side of the network's pictures in pixels, a multiple of 8.
        multiple: what the longer side is a multiple of; a multiple of 8, by which the autoencoder reduces pictures.
        canvas: shorter side of the canvas of pose pictures in pixels.
        widths: channels of the four stages of the U-Net; multiples of 32.
        heads: attention heads of its stages.
        blocks: residual blocks of a stage.
        time_width: numbers that stand for each of rate, motion and noise.
        embedding: numbers of the picture's embedding.
        groups: groups of all normalisations of the U-Net and the autoencoder; a divisor of 32.
        latent_channels: channels of the latents.
        latent_widths: channels of the four stages of the autoencoder; multiples of 32.
        latent_blocks: residual blocks of a stage of the autoencoder.
        latent_scale: latents are multiplied by this, so that their standard deviation is 1.
        encoder_size: height and width of the pictures that the picture encoder reads.
        encoder_patch: height and width of its patches.
        encoder_width: width of its layers.
        encoder_inner: width of their perceptrons.
        encoder_layers: number of its layers.
        encoder_heads: their attention heads.
        tile: frames that are denoised together, with frame 0.
        overlap: frames that neighbouring tiles share, with frame 0.
        steps: denoising steps.
        guidance: how much the conditional pass is amplified; 1: it is the only one.
        rate: frames per second that the U-Net is shown, as conditioning.
        motion: amount of motion that it is shown.
        noise: standard deviation of the noise on the source picture.
        chunk: frames that are decoded together.
        step_rate: frames per second that a driving video is thinned to.
    """

    size: int
    multiple: int
    canvas: int
    widths: tuple[int, ...]
    heads: tuple[int, ...]
    blocks: int
    time_width: int
    embedding: int
    groups: int
    latent_channels: int
    latent_widths: tuple[int, ...]
    latent_blocks: int
    latent_scale: float
    encoder_size: int
    encoder_patch: int
    encoder_width: int
    encoder_inner: int
    encoder_layers: int
    encoder_heads: int
    tile: int
    overlap: int
    steps: int
    guidance: float
    rate: int
    motion: int
    noise: float
    chunk: int
    step_rate: float

    def __post_init__(self) -> None:
        if len(self.widths) != 4 or len(self.heads) != 4 or len(self.latent_widths) != 4:
            raise InputError("the configuration of MimicMotion: widths, heads and latent_widths have four numbers each.")
        if any(width % _GROUPS for width in (*self.widths, *self.latent_widths)):
            raise InputError("the configuration of MimicMotion: widths and latent_widths are multiples of 32.")
        if self.groups < 1 or _GROUPS % self.groups or self.latent_channels < 1:
            raise InputError("the configuration of MimicMotion: groups divides 32; latent_channels is above 0.")
        if min(self.heads) < 1 or any(width % heads for width, heads in zip(self.widths, self.heads, strict=True)):
            raise InputError("the configuration of MimicMotion: each of widths is a multiple of the number of its heads.")
        if self.multiple % 2**_HALVINGS or self.size % 2**_HALVINGS or min(self.size, self.multiple) < 1:
            raise InputError("the configuration of MimicMotion: size and multiple are multiples of 8.")
        self._check_numbers()
        if self.tile < 2 or not 1 <= self.overlap < self.tile:
            raise InputError(
                f"the configuration of MimicMotion: tile is {self.tile} and overlap {self.overlap}; 1 <= overlap < tile is needed."
            )

    def _check_numbers(self) -> None:
        """Refuses numbers with which nothing could be computed."""
        for name in (*_COUNTS, "latent_scale", "step_rate", "rate"):
            if not (0 < getattr(self, name) < math.inf):
                raise InputError(f"the configuration of MimicMotion: {name} is {getattr(self, name):g}, but should be above 0.")
        for name in ("guidance", "noise", "motion"):
            if not (0 <= getattr(self, name) < math.inf):
                raise InputError(f"the configuration of MimicMotion: {name} is {getattr(self, name):g}, but should be at least 0.")

    @classmethod
    def paper(cls) -> MimicMotionConfig:
        """MimicMotion 1.1 on Stable Video Diffusion 1.1, as its published checkpoint and its ``configs/test.yaml`` have it."""
        return cls(
            size=576,
            multiple=64,
            canvas=CANVAS,
            widths=(320, 640, 1280, 1280),
            heads=(5, 10, 20, 20),
            blocks=2,
            time_width=256,
            embedding=1024,
            groups=32,
            latent_channels=4,
            latent_widths=(128, 256, 512, 512),
            latent_blocks=2,
            latent_scale=0.18215,
            encoder_size=224,
            encoder_patch=14,
            encoder_width=1280,
            encoder_inner=5120,
            encoder_layers=32,
            encoder_heads=16,
            tile=72,
            overlap=6,
            steps=25,
            guidance=2.0,
            rate=7,
            motion=127,
            noise=0.0,
            chunk=8,
            step_rate=15.0,
        )

    @classmethod
    def small(cls) -> MimicMotionConfig:
        """The same networks with few channels, for pictures of 64 pixels."""
        return cls(
            size=64,
            multiple=8,
            # 2160 is 3.75 times 576; at 64 pixels, fingers need thinner strokes
            canvas=360,
            # most of a small picture is decided by the stage that sees every cell of its latents
            widths=(64, 32, 32, 32),
            heads=(4, 2, 2, 2),
            blocks=1,
            time_width=32,
            embedding=64,
            # with 32 groups, the stage that has one cell would normalise single numbers to 0
            groups=8,
            # 4 channels of 8 x 8 cells do not hold the fingers of 64 pixels
            latent_channels=16,
            latent_widths=(32, 32, 64, 64),
            latent_blocks=1,
            latent_scale=1.0,
            encoder_size=64,
            encoder_patch=8,
            encoder_width=48,
            encoder_inner=96,
            encoder_layers=2,
            encoder_heads=4,
            tile=8,
            overlap=3,
            steps=25,
            guidance=2.0,
            rate=7,
            motion=127,
            noise=0.0,
            chunk=8,
            step_rate=12.5,
        )

    def picture_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of the network's pictures for pictures of a shape.

        The shorter side has ``size`` pixels, the longer one the nearest multiple of ``multiple`` to the same shape: 16 to 9 gives
        1024 x 576 as in the original, which crops all pictures to that shape.
        """
        shorter = min(height, width)
        longer = max(self.size, round(self.size * max(height, width) / shorter / self.multiple) * self.multiple)
        return (longer, self.size) if height > width else (self.size, longer)

    def unet(self) -> Mapping[str, Any]:
        """Arguments of diffusers' ``UNetSpatioTemporalConditionModel``."""
        return {
            "sample_size": self.size // 2**_HALVINGS,
            "in_channels": 2 * self.latent_channels,
            "out_channels": self.latent_channels,
            "down_block_types": (*("CrossAttnDownBlockSpatioTemporal",) * 3, "DownBlockSpatioTemporal"),
            "up_block_types": ("UpBlockSpatioTemporal", *("CrossAttnUpBlockSpatioTemporal",) * 3),
            "block_out_channels": self.widths,
            "addition_time_embed_dim": self.time_width,
            "projection_class_embeddings_input_dim": 3 * self.time_width,
            "layers_per_block": self.blocks,
            "cross_attention_dim": self.embedding,
            "transformer_layers_per_block": 1,
            "num_attention_heads": self.heads,
            "num_frames": 25,
        }

    def autoencoder(self) -> Mapping[str, Any]:
        """Arguments of diffusers' ``AutoencoderKLTemporalDecoder``."""
        return {
            "in_channels": 3,
            "out_channels": 3,
            "down_block_types": ("DownEncoderBlock2D",) * 4,
            "block_out_channels": self.latent_widths,
            "layers_per_block": self.latent_blocks,
            "latent_channels": self.latent_channels,
            "sample_size": self.size,
            "scaling_factor": self.latent_scale,
        }

    def encoder(self) -> Mapping[str, Any]:
        """Arguments of transformers' ``CLIPVisionConfig``."""
        return {
            "hidden_size": self.encoder_width,
            "intermediate_size": self.encoder_inner,
            "projection_dim": self.embedding,
            "num_hidden_layers": self.encoder_layers,
            "num_attention_heads": self.encoder_heads,
            "image_size": self.encoder_size,
            "patch_size": self.encoder_patch,
            "hidden_act": "gelu",
        }
