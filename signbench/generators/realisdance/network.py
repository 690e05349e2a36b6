"""RealisDance's networks: two U-Nets of Stable Diffusion 1.5, one with motion modules, and what they are shown.

Source: damo-cv/RealisDance, branch RealisDance-SD, ``src/models/rd_unet.py``, ``hack_unet3d.py``. The networks are those of
diffusers and transformers. Hooks add the pose guider's features where the original's ``sample +=`` does: after the first
convolution, and to what each down block returns. Both are skips as well, so the skips carry the pose.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from signbench.errors import InputError
from signbench.generators.mimicmotion.picture_embedding import standardised
from signbench.generators.realisdance.config import RealisDanceConfig
from signbench.generators.realisdance.frame_norms import AcrossFrames, EachFrame, replace_norms
from signbench.generators.realisdance.pose_guider import PoseGuider
from signbench.generators.realisdance.reference import check_pairs, processors_of

_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)


class ClipProjector(nn.Module):
    """The source picture's tokens as the U-Nets read them; the output layer begins at zero.

    Attributes:
        identity: the residual path.
        ff: the gated perceptron.
        post_norm: normalises their sum.
        post_proj: the output layer.
    """

    def __init__(self, given: int, made: int) -> None:
        """Draws random weights.

        Args:
            given: width of the tokens.
            made: width of the output.
        """
        from diffusers.models.attention import FeedForward

        super().__init__()
        self.identity = nn.Linear(given, made)
        self.ff = FeedForward(given, made, mult=2, activation_fn="geglu")
        self.post_norm = nn.LayerNorm(made)
        self.post_proj = nn.Linear(made, made)
        nn.init.zeros_(self.post_proj.weight)
        nn.init.zeros_(self.post_proj.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """``(B, N, made)`` from ``(B, N, given)``."""
        made: Tensor = self.post_proj(self.post_norm(self.identity(tokens) + self.ff(tokens)))
        return made


@dataclass(frozen=True, eq=False)
class Reference:
    """What the main U-Net is shown of source pictures.

    Attributes:
        tokens: projected tokens, ``(B, N, W)``.
        bank: features of the reference U-Net, one for each pair of blocks, ``(B, L, D)``; None: it is dropped.
        shown: bool ``(B,)``: the clips that see the bank; None: all.
    """

    tokens: Tensor
    bank: Sequence[Tensor] | None
    shown: Tensor | None = None


class RealisDance(nn.Module):
    """The six networks.

    Attributes:
        config: their sizes.
        unet_ref: reads the latents of the source picture.
        unet_main: predicts v from noisy latents of a window.
        pose_guider: features of the three conditions.
        clip_projector: the source picture's tokens for both U-Nets.
        vae: pictures to latents of an eighth of the size, and back.
        image_encoder: the source picture as tokens, DINOv2.
    """

    def __init__(self, config: RealisDanceConfig) -> None:
        """Builds them with random weights.

        Args:
            config: their sizes.

        Raises:
            InputError: diffusers or transformers is not installed.
        """
        super().__init__()
        self.config = config
        parts = _classes()
        self.unet_ref = parts["reference"](**config.reference_unet())
        self.unet_main = parts["main"](**config.main_unet())
        self._joint = replace_norms(self.unet_main, AcrossFrames, (".norm1", ".norm2", "conv_norm_out"))
        motion = [part for name, part in self.unet_main.named_modules() if name.endswith("motion_modules")]
        for modules in motion:
            replace_norms(modules, EachFrame, (".norm",))
            for module in modules.children():
                nn.init.zeros_(module.proj_out.weight)
                nn.init.zeros_(module.proj_out.bias)
        self._writing = processors_of(self.unet_ref, keeping=True)
        self._reading = processors_of(self.unet_main, keeping=False)
        check_pairs(self._writing, self._reading)
        self.pose_guider = PoseGuider(config)
        self.clip_projector = ClipProjector(config.encoder_width, config.text_width)
        self.vae = parts["vae"](**config.autoencoder())
        self.image_encoder = parts["encoder"](parts["encoder_config"](**config.encoder()))
        self.image_encoder.register_state_dict_post_hook(_with_published_names)
        self.image_encoder.register_load_state_dict_pre_hook(_with_own_names)

    def tokens(self, pictures: Tensor) -> Tensor:
        """The source pictures' tokens, not projected.

        Args:
            pictures: ``(B, 3, H, W)`` on [-1, 1].

        Returns:
            ``(B, N, D)``: DINOv2's last hidden states, that of the picture as a whole first.
        """
        share = self.config.encoder_share
        size = (round(pictures.shape[-2] * share), round(pictures.shape[-1] * share))
        levels = (pictures + 1) / 2
        if size != tuple(pictures.shape[-2:]):
            levels = functional.interpolate(levels, size, mode="bilinear", antialias=True)
        made: Tensor = self.image_encoder(standardised(levels, _MEAN, _DEVIATION)).last_hidden_state
        return made

    def reference(self, latents: Tensor | None, tokens: Tensor, shown: Tensor | None = None) -> Reference:
        """What the main U-Net is shown of source pictures.

        Args:
            latents: scaled latents of the source pictures, ``(B, C, h, w)``; None: without reference, see :meth:`nothing`.
            tokens: from :meth:`tokens`.
            shown: bool ``(B,)``: the clips that see the source picture's features; None: all.
        """
        projected = self.clip_projector(tokens)
        if latents is None:
            return Reference(projected, None)
        # the reference is never noisy, so its step is always 0
        step = torch.zeros(len(latents), dtype=torch.long, device=latents.device)
        self.unet_ref(latents, step, encoder_hidden_states=projected)
        bank = []
        for processor in self._writing:
            if processor.given is None:
                raise AssertionError("a block of the reference U-Net was not run")
            bank.append(processor.given)
            processor.given = None
        return Reference(projected, bank, shown)

    def nothing(self, tokens: Tensor) -> Reference:
        """The pass without reference: tokens of 0, which the projector does not make 0, and no bank. The pose stays.

        Args:
            tokens: any of the wanted shape.
        """
        return self.reference(None, torch.zeros_like(tokens))

    def predicted(self, noisy: Tensor, steps: Tensor, reference: Reference, levels: Sequence[Tensor] | None) -> Tensor:
        """v, as the main U-Net predicts it.

        Args:
            noisy: noisy latents of a window, ``(B, F, C, h, w)``.
            steps: of the noise, int64 ``(B,)`` or ``()``.
            reference: of the source pictures.
            levels: the pose guider's features, ``(B * F, width, h, w)`` each; None: none are added.

        Returns:
            ``(B, F, C, h, w)``.
        """
        frames = noisy.shape[1]
        for norm in self._joint:
            norm.frames = frames
        tokens = reference.tokens.repeat_interleave(frames, dim=0)
        with self._shown(reference), _added(self.unet_main, levels):
            made: Tensor = self.unet_main(noisy.transpose(1, 2), steps, encoder_hidden_states=tokens, return_dict=False)[0]
        return made.transpose(1, 2)

    @contextmanager
    def _shown(self, reference: Reference) -> Iterator[None]:
        bank = [None] * len(self._reading) if reference.bank is None else reference.bank
        for processor, read in zip(self._reading, bank, strict=True):
            processor.read, processor.shown = read, reference.shown
        try:
            yield
        finally:
            for processor in self._reading:
                processor.read, processor.shown = None, None

    def latents(self, pictures: Tensor, *, sampled: bool) -> Tensor:
        """Scaled latents of pictures.

        Args:
            pictures: ``(N, 3, H, W)`` on [-1, 1].
            sampled: whether they are drawn from their distribution, as in training, or its mode.

        Returns:
            ``(N, C, H / 8, W / 8)``.
        """
        found = self.vae.encode(pictures).latent_dist
        made: Tensor = found.sample() if sampled else found.mode()
        return made * self.config.latent_scale

    def decoded(self, latents: Tensor) -> Tensor:
        """Pictures ``(N, 3, 8 h, 8 w)``, about on [-1, 1], from scaled latents ``(N, C, h, w)``."""
        made: Tensor = self.vae.decode(latents / self.config.latent_scale, return_dict=False)[0]
        return made


_OF_ENCODER = (
    *((f".attention.{name[0]}_proj.", f".attention.attention.{name}.") for name in ("query", "key", "value")),
    (".attention.o_proj.", ".attention.output.dense."),
)
"""What some versions of transformers call parts of DINOv2, and what its published file and all other versions do."""


def _with_published_names(_encoder: nn.Module, tensors: dict[str, Tensor], prefix: str, _metadata: object) -> None:
    for own, published in _OF_ENCODER:
        for name in [name for name in tensors if name.startswith(prefix) and own in name]:
            tensors[name.replace(own, published)] = tensors.pop(name)


def _with_own_names(encoder: nn.Module, tensors: dict[str, Tensor], prefix: str, *_arguments: object) -> None:
    known = {name for name, _ in encoder.named_parameters()}
    for own, published in _OF_ENCODER:
        for name in [name for name in tensors if name.startswith(prefix) and published in name]:
            renamed = name.replace(published, own)
            if renamed.removeprefix(prefix) in known:
                tensors[renamed] = tensors.pop(name)


@contextmanager
def _added(unet: Any, levels: Sequence[Tensor] | None) -> Iterator[None]:
    """While it lasts, a U-Net adds features after its first convolution and after each of its down blocks."""
    if levels is None:
        yield
        return
    blocks = list(unet.down_blocks)
    if len(levels) != len(blocks) + 1:
        raise AssertionError(f"{len(levels)} levels of features for {len(blocks)} down blocks")

    def after_block(added: Tensor) -> Any:
        def hook(_block: Any, _given: Any, made: tuple[Tensor, tuple[Tensor, ...]]) -> tuple[Tensor, tuple[Tensor, ...]]:
            sample, skips = made
            # the block's last skip is what it returns
            moved = sample + added
            return moved, (*skips[:-1], moved)

        return hook

    hooks = [unet.conv_in.register_forward_hook(lambda _layer, _given, made: made + levels[0])]
    hooks += [block.register_forward_hook(after_block(added)) for block, added in zip(blocks, levels[1:], strict=True)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def scheduler(steps: int | None = None) -> Any:
    """The noise: DDIM whose last step has no signal, which predicts v.

    Args:
        steps: number of denoising steps, evenly spaced with both ends; None: of training.

    Raises:
        InputError: diffusers is not installed.
    """
    found = _classes()["scheduler"](
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        timestep_spacing="linspace",
        rescale_betas_zero_snr=True,
        set_alpha_to_one=False,
        clip_sample=False,
        steps_offset=1,
    )
    if steps is not None:
        found.set_timesteps(steps)
    return found


def _classes() -> dict[str, Any]:
    """The classes that the networks are made of."""
    try:
        from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel, UNetMotionModel
        from transformers import Dinov2Config, Dinov2Model
    except ImportError as error:
        raise InputError("RealisDance needs diffusers and transformers; install signbench[models].") from error
    return {
        "reference": UNet2DConditionModel,
        "main": UNetMotionModel,
        "vae": AutoencoderKL,
        "scheduler": DDIMScheduler,
        "encoder": Dinov2Model,
        "encoder_config": Dinov2Config,
    }
