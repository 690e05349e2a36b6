"""MimicMotion's networks: Stable Video Diffusion's U-Net, autoencoder and picture encoder as diffusers and transformers have them.

Source: Tencent/MimicMotion. Its U-Net is diffusers' with one change: PoseNet's features are added to the output of the first
convolution. A hook does the same, so names and shapes of the weights stay those of diffusers.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from signbench.errors import InputError
from signbench.generators.mimicmotion.config import MimicMotionConfig
from signbench.generators.mimicmotion.picture_embedding import encoder_pictures
from signbench.generators.mimicmotion.pose_net import PoseNet


class MimicMotion(nn.Module):
    """The four networks.

    Attributes:
        config: their sizes.
        unet: predicts v from noisy latents and those of the source picture.
        pose_net: the features of pose pictures.
        vae: pictures to latents of an eighth of the size, and back.
        image_encoder: a picture as one embedding.
    """

    def __init__(self, config: MimicMotionConfig) -> None:
        """Builds them with random weights.

        Args:
            config: their sizes.

        Raises:
            InputError: diffusers or transformers is not installed.
        """
        super().__init__()
        self.config = config
        parts = _classes()
        self.unet = parts["unet"](**config.unet())
        self.pose_net = PoseNet(config.widths[0])
        self.vae = parts["vae"](**config.autoencoder())
        self.image_encoder = parts["encoder"](parts["encoder_config"](**config.encoder()))
        # diffusers has no argument for it in these two classes
        for part in (*self.unet.modules(), *self.vae.modules()):
            if isinstance(part, nn.GroupNorm):
                part.num_groups = config.groups

    def predicted(
        self, noisy: Tensor, source: Tensor, noise_level: Tensor, embedding: Tensor, ids: Tensor, pose: Tensor | None
    ) -> Tensor:
        """v, as the U-Net predicts it.

        Args:
            noisy: noisy latents, divided by the square root of 1 + sigma squared, ``(B, F, C, h, w)``.
            source: latents of the source picture, not scaled, ``(B, F, C, h, w)``.
            noise_level: a quarter of the logarithm of sigma, ``()`` or ``(B,)``.
            embedding: of the source picture, ``(B, 1, E)``.
            ids: rate - 1, motion and noise, in this order, ``(B, 3)``.
            pose: PoseNet's features, ``(B * F, width, h, w)``; None: none are added.

        Returns:
            ``(B, F, C, h, w)``.
        """
        joined = torch.cat([noisy, source], dim=2)
        if pose is None:
            return self._predicted(joined, noise_level, embedding, ids)
        added = pose
        hook = self.unet.conv_in.register_forward_hook(lambda _layer, _given, made: made + added)
        try:
            return self._predicted(joined, noise_level, embedding, ids)
        finally:
            hook.remove()

    def _predicted(self, joined: Tensor, noise_level: Tensor, embedding: Tensor, ids: Tensor) -> Tensor:
        made: Tensor = self.unet(joined, noise_level, encoder_hidden_states=embedding, added_time_ids=ids, return_dict=False)[0]
        return made

    def ids(self, batch: int, like: Tensor, noise: float | None = None) -> Tensor:
        """Rate - 1, motion and noise as the U-Net reads them, ``(batch, 3)``; the noise is the configuration's by default."""
        config = self.config
        # Stable Video Diffusion was trained on the rate minus 1
        values = (config.rate - 1, config.motion, config.noise if noise is None else noise)
        # filled on the device: copies from the processor's memory cannot be recorded
        return torch.cat([like.new_full((batch, 1), value) for value in values], dim=1)

    def embedded(self, pictures: Tensor) -> Tensor:
        """Embeddings of pictures.

        Args:
            pictures: ``(B, 3, H, W)`` on [-1, 1].

        Returns:
            ``(B, 1, E)``.
        """
        made: Tensor = self.image_encoder(encoder_pictures(pictures, self.config.encoder_size)).image_embeds
        return made[:, None]

    def source_latents(self, pictures: Tensor) -> Tensor:
        """Latents that a U-Net is shown of source pictures: the mode of their distribution, not scaled.

        Args:
            pictures: ``(B, 3, H, W)`` on [-1, 1].

        Returns:
            ``(B, C, H / 8, W / 8)``.
        """
        made: Tensor = self.vae.encode(pictures).latent_dist.mode()
        return made

    def decoded(self, latents: Tensor) -> Tensor:
        """Pictures from scaled latents, some frames at a time.

        Args:
            latents: ``(F, C, h, w)``.

        Returns:
            ``(F, 3, 8 h, 8 w)``, about on [-1, 1].
        """
        parts = torch.split(latents / self.config.latent_scale, self.config.chunk)
        return torch.cat([self.vae.decode(part, num_frames=len(part)).sample for part in parts])


def scheduler(steps: int) -> Any:
    """Stable Video Diffusion's Euler scheduler, with its steps set.

    Args:
        steps: number of denoising steps.

    Raises:
        InputError: diffusers is not installed.
    """
    found = _classes()["scheduler"](
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        interpolation_type="linear",
        use_karras_sigmas=True,
        sigma_min=0.002,
        sigma_max=700.0,
        timestep_spacing="leading",
        timestep_type="continuous",
        steps_offset=1,
    )
    found.set_timesteps(steps)
    return found


def _classes() -> dict[str, Any]:
    """The classes that the networks are made of."""
    try:
        from diffusers import AutoencoderKLTemporalDecoder, EulerDiscreteScheduler, UNetSpatioTemporalConditionModel
        from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection
    except ImportError as error:
        raise InputError("MimicMotion needs diffusers and transformers; install signbench[models].") from error
    return {
        "unet": UNetSpatioTemporalConditionModel,
        "vae": AutoencoderKLTemporalDecoder,
        "scheduler": EulerDiscreteScheduler,
        "encoder": CLIPVisionModelWithProjection,
        "encoder_config": CLIPVisionConfig,
    }
