"""Sizes of RealisDance's networks, and how it generates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signbench.errors import InputError

_HALVINGS = 3
CONDITIONS = ("pose", "hands", "body")
"""What each frame is drawn as, in the order of the pose guider's channels."""


@dataclass(frozen=True)
class RealisDanceConfig:
    """The architecture, and the choices of generation that belong to a training.

    Attributes:
        size: shorter side of the network's pictures in pixels, a multiple of 8.
        multiple: what the longer side is a multiple of; a multiple of 8, by which the autoencoder reduces pictures.
        canvas: shorter side of the canvas of pose pictures in pixels.
        groups: groups of the normalisations of both U-Nets.
        widths: channels of the four stages of both U-Nets; multiples of ``groups``.
        heads: attention heads of each stage.
        blocks: residual blocks of a stage.
        motion_heads: attention heads of the motion modules.
        longest: most frames that a motion module knows positions for.
        guider_widths: channels of one condition in the backbone of the pose guider.
        text_width: width of the projected tokens of the source picture.
        latent_channels: channels of the latents.
        latent_groups: groups of the autoencoder's normalisations.
        latent_widths: channels of the four stages of the autoencoder; multiples of ``latent_groups``.
        latent_blocks: residual blocks of a stage of the autoencoder.
        latent_scale: latents are multiplied by this, so that their standard deviation is 1.
        encoder_share: size of the pictures that the picture encoder reads, as a share of the network's pictures.
        encoder_size: height and width of the pictures that its positions are for; for others they are interpolated.
        encoder_patch: height and width of its patches.
        encoder_width: width of its layers.
        encoder_layers: number of its layers.
        encoder_heads: their attention heads.
        window: frames that are denoised together.
        overlap: frames that neighbouring windows share.
        steps: denoising steps.
        guidance: how much the reference is amplified; 1: there is no pass without it.
        restore_colours: whether a clip gets mean and deviation of the source picture's channels, which changes SSIM and PSNR.
        rate: frames per second.
    """

    size: int
    multiple: int
    canvas: int
    groups: int
    widths: tuple[int, ...]
    heads: int
    blocks: int
    motion_heads: int
    longest: int
    guider_widths: tuple[int, ...]
    text_width: int
    latent_channels: int
    latent_groups: int
    latent_widths: tuple[int, ...]
    latent_blocks: int
    latent_scale: float
    encoder_share: float
    encoder_size: int
    encoder_patch: int
    encoder_width: int
    encoder_layers: int
    encoder_heads: int
    window: int
    overlap: int
    steps: int
    guidance: float
    restore_colours: bool
    rate: float

    def __post_init__(self) -> None:
        if any(len(widths) != 4 for widths in (self.widths, self.latent_widths, self.guider_widths)):
            raise InputError("the configuration of RealisDance: widths, latent_widths and guider_widths have four numbers each.")
        if any(width % self.groups for width in self.widths) or any(width % self.latent_groups for width in self.latent_widths):
            raise InputError("the configuration of RealisDance: widths are multiples of groups, latent_widths of latent_groups.")
        if any(width % heads for width in self.widths for heads in (self.heads, self.motion_heads)):
            raise InputError("the configuration of RealisDance: each of widths is a multiple of heads and of motion_heads.")
        if self.multiple % 2**_HALVINGS or self.size % 2**_HALVINGS or min(self.size, self.multiple) < 1:
            raise InputError("the configuration of RealisDance: size and multiple are multiples of 8.")
        # a single step would be that of the least noise
        if self.steps < 2 or not min(self.rate, self.latent_scale) > 0:
            raise InputError("the configuration of RealisDance: steps is at least 2, and rate and latent_scale are above 0.")
        if not 0 <= self.overlap < self.window or self.window > self.longest:
            raise InputError("the configuration of RealisDance: 0 <= overlap < window <= longest.")

    @classmethod
    def paper(cls) -> RealisDanceConfig:
        """RealisDance on Stable Diffusion 1.5, as ``configs/stage2_hamer.yaml`` of its branch RealisDance-SD has it."""
        return cls(
            size=576,
            multiple=64,
            canvas=576,
            groups=32,
            widths=(320, 640, 1280, 1280),
            heads=8,
            blocks=2,
            motion_heads=8,
            longest=32,
            guider_widths=(16, 32, 96, 256),
            text_width=768,
            latent_channels=4,
            latent_groups=32,
            latent_widths=(128, 256, 512, 512),
            latent_blocks=2,
            latent_scale=0.18215,
            # 768 x 576 are read as 320 x 240
            encoder_share=5 / 12,
            encoder_size=518,
            encoder_patch=14,
            encoder_width=1024,
            encoder_layers=24,
            encoder_heads=16,
            window=16,
            overlap=4,
            steps=50,
            guidance=2.0,
            restore_colours=True,
            # every fourth frame of 25 a second
            rate=6.25,
        )

    @classmethod
    def small(cls) -> RealisDanceConfig:
        """The same networks with few channels, for pictures of 64 pixels."""
        return cls(
            size=64,
            multiple=8,
            canvas=256,
            # a stage of one cell needs several channels in a group
            groups=8,
            widths=(48, 32, 32, 32),
            heads=4,
            blocks=1,
            motion_heads=4,
            longest=32,
            guider_widths=(8, 16, 24, 32),
            text_width=48,
            # 4 channels of 8 x 8 cells do not hold the fingers of 64 pixels
            latent_channels=16,
            latent_groups=16,
            latent_widths=(32, 32, 64, 64),
            latent_blocks=1,
            latent_scale=1.0,
            encoder_share=1.0,
            encoder_size=64,
            encoder_patch=8,
            encoder_width=32,
            encoder_layers=2,
            encoder_heads=4,
            window=16,
            overlap=4,
            steps=20,
            guidance=1.0,
            restore_colours=False,
            rate=12.5,
        )

    def picture_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of the network's pictures for pictures of a shape.

        The shorter side has ``size`` pixels, the longer one the nearest multiple of ``multiple`` to the same shape. 4 to 3 gives
        768 x 576 as in the original, which crops all pictures to that shape.
        """
        shorter = min(height, width)
        longer = max(self.size, round(self.size * max(height, width) / shorter / self.multiple) * self.multiple)
        return (longer, self.size) if height > width else (self.size, longer)

    def reference_unet(self) -> Mapping[str, Any]:
        """Arguments of diffusers' ``UNet2DConditionModel``."""
        return {
            "sample_size": self.size // 2**_HALVINGS,
            "in_channels": self.latent_channels,
            "out_channels": self.latent_channels,
            "block_out_channels": self.widths,
            "layers_per_block": self.blocks,
            "cross_attention_dim": self.text_width,
            # the number of heads, by its old name
            "attention_head_dim": self.heads,
            "norm_num_groups": self.groups,
        }

    def main_unet(self) -> Mapping[str, Any]:
        """Arguments of diffusers' ``UNetMotionModel``."""
        return {
            "sample_size": self.size // 2**_HALVINGS,
            "in_channels": self.latent_channels,
            "out_channels": self.latent_channels,
            "block_out_channels": self.widths,
            "layers_per_block": self.blocks,
            "cross_attention_dim": self.text_width,
            "num_attention_heads": self.heads,
            "norm_num_groups": self.groups,
            "motion_num_attention_heads": self.motion_heads,
            "motion_max_seq_length": self.longest,
            # true by default
            "use_motion_mid_block": False,
        }

    def autoencoder(self) -> Mapping[str, Any]:
        """Arguments of diffusers' ``AutoencoderKL``."""
        return {
            "down_block_types": ("DownEncoderBlock2D",) * 4,
            "up_block_types": ("UpDecoderBlock2D",) * 4,
            "block_out_channels": self.latent_widths,
            "layers_per_block": self.latent_blocks,
            "latent_channels": self.latent_channels,
            "norm_num_groups": self.latent_groups,
            "sample_size": self.size,
            "scaling_factor": self.latent_scale,
        }

    def encoder(self) -> Mapping[str, Any]:
        """Arguments of transformers' ``Dinov2Config``."""
        return {
            "hidden_size": self.encoder_width,
            "num_hidden_layers": self.encoder_layers,
            "num_attention_heads": self.encoder_heads,
            "image_size": self.encoder_size,
            "patch_size": self.encoder_patch,
        }
