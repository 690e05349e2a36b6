"""The training of RealisDance in its two stages: pairs of pictures, then clips, in which motion modules learn.

Stable Diffusion's autoencoder and DINOv2 are trained, too, where there are no published ones: for small pictures.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, nearest
from signbench.generators.latents import measured_scale, pictures
from signbench.generators.mimicmotion.losses import PIXELS, hand_weights
from signbench.generators.mimicmotion.pose_pictures import SURE
from signbench.generators.realisdance import losses as terms
from signbench.generators.realisdance.clips import clips_of
from signbench.generators.realisdance.config import CONDITIONS, RealisDanceConfig
from signbench.training.base import Answer, Batch, Report, TrainingData, changed, chosen, settings_of
from signbench.training.order import seed_of
from signbench.training.ranges import NOT_NEGATIVE, POSITIVE, SHARE, check_ranges

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from signbench.generators.realisdance.network import RealisDance

AUTOENCODER, PICTURES, MOTION = "autoencoder", "pictures", "motion"
"""The names of the phases."""

PERSON = "person-{}.png"
"""The file of a signer's picture."""

_RANGES = {
    **dict.fromkeys(("dropout", "shuffled"), SHARE),
    **dict.fromkeys(("gamma", "adversarial", "divergence"), NOT_NEGATIVE),
    **dict.fromkeys(("hands", "hand_scale"), POSITIVE),
}
_DENOISING = ("unet_ref.", "unet_main.", "pose_guider.", "clip_projector.")
_MOTION_MODULES = ".motion_modules."
_COMPUTED = ".pe"
_DISCRIMINATOR = "discriminator"

_OPEN_IN_LEARNING = ("moving", "encoder", "gamma", "dropout", "shuffled", "adversarial", "hand_scale")
"""Fields that the paper leaves open, for a model's card."""


@dataclass(frozen=True)
class Settings:
    """Settings of the data and the losses.

    Attributes:
        published: the file of published weights that the training begins with; empty: random weights.
        frames: frames of a train clip in the phase ``motion``.
        moving: what that phase trains: ``motion``, the motion modules, or ``all``.
        encoder: whether the picture encoder is ``trained`` with the U-Nets or ``frozen``.
        gamma: largest signal-to-noise ratio in the loss's weight; 0: all weights are 1.
        dropout: share of the clips without reference; the published weights were trained with 0.
        shuffled: share of the conditions of which one frame is replaced by another of the clip.
        adversarial: weight of the adversarial loss on decoded frames; 0: there is none.
        divergence: weight of the autoencoder's Kullback-Leibler divergence, averaged over the numbers of a latent.
        hands: factor for hands of the autoencoder's loss.
        hand_scale: factor for hands of the other phases' loss.
        dev_frames: frames of a dev clip, from its middle.
    """

    published: str = ""
    frames: int = 16
    moving: Literal["motion", "all"] = "motion"
    encoder: Literal["trained", "frozen"] = "frozen"
    gamma: float = 5.0
    dropout: float = 0.0
    shuffled: float = 0.05
    adversarial: float = 0.0
    divergence: float = 1e-4
    hands: float = 4.0
    hand_scale: float = 1.0
    dev_frames: int = 15


class RealisDanceTraining(TrainingData):
    """Pictures and clips with a source picture from anywhere in the same video, drawn again in each epoch."""

    kind = "generator"

    def prepare(self, report: Report) -> None:
        self.settings: Settings = settings_of(Settings, self.recipe.data, "data")
        check_ranges(self.settings, _RANGES)
        self._check()
        config = self.config()
        self._blocks = config.blocks
        found = [clips_of(self.corpus, split, config, report, self.workers) for split in self.recipe.train]
        self.parts = [replace(clips, poses=clips.poses.drawn_ahead(report, self.workers)) for clips in found]
        self.clips = [
            (part, clip) for part, clips in enumerate(self.parts) for clip in range(len(clips)) if len(clips.frames[clip])
        ]
        self.dev = clips_of(self.corpus, self.recipe.dev, config, report, self.workers)
        self._scale = config.latent_scale
        self._shares: Tensor | None = None

    def _check(self) -> None:
        given = self.settings
        if given.frames < 1 or given.dev_frames < 1:
            raise InputError("the recipe's data: frames and dev_frames are at least 1.")
        if given.frames > self.config().longest:
            raise InputError(f"the recipe's data: frames is at most {self.config().longest}, the longest clip of the networks.")
        for phase in self.recipe.phases:
            if phase.name not in (AUTOENCODER, PICTURES, MOTION):
                raise InputError(f"the recipe has a phase {phase.name}. {nearest(phase.name, (AUTOENCODER, PICTURES, MOTION))}")
        if not given.published and self.recipe.begin is None and not self._trains_autoencoder:
            raise InputError(
                "the recipe's data: without published, which names a file of RealisDance, the autoencoder and the picture encoder "
                "would be random; name it, or add a phase autoencoder."
            )
        if given.published and not Path(given.published).is_file():
            raise InputError(f"the recipe's data: the file {given.published} does not exist; name a published file of RealisDance.")

    def choices(self) -> Mapping[str, str | int | float | bool]:
        return chosen(None, (), settings_of(Settings, self.recipe.data, "data"), _OPEN_IN_LEARNING)

    def config(self) -> RealisDanceConfig:
        made = RealisDanceConfig.small() if self.recipe.configuration == "small" else RealisDanceConfig.paper()
        given = dict(self.recipe.network)
        if self.recipe.begin is not None and not self._trains_autoencoder:
            from signbench.weights.reference_models import find_model

            given.setdefault("latent_scale", find_model(self.recipe.begin).config()["latent_scale"])
        return changed(made, given, "network")

    @property
    def _trains_autoencoder(self) -> bool:
        return any(phase.name == AUTOENCODER for phase in self.recipe.phases)

    def saved_config(self) -> Mapping[str, Any]:
        return {**super().saved_config(), "latent_scale": self._scale}

    def tensors(self, network: nn.Module) -> Mapping[str, Tensor]:
        return kept_tensors(network.state_dict())

    def files(self) -> Mapping[str, bytes]:
        """A picture of each signer of the train splits: the first frame of the first clip."""
        found: dict[str, bytes] = {}
        for part, clip in self.clips:
            frames = self.parts[part].frames
            signer = self.corpus.clip(frames.ids[clip]).signer
            if signer is not None and PERSON.format(signer) not in found:
                found[PERSON.format(signer)] = _png(np.array(frames[clip][0]))
        return found

    def build(self) -> nn.Module:
        from signbench.generators.realisdance.network import RealisDance

        network = RealisDance(self.config())
        if self.settings.published:
            self._give_published(network)
        if self.settings.adversarial:
            network.add_module(_DISCRIMINATOR, terms.Discriminator(network.config.widths[0]))
        return network

    def _give_published(self, network: RealisDance) -> None:
        from signbench.generators.realisdance.checkpoints import read_official

        path = Path(self.settings.published)
        _, weights = read_official(path)
        own = network.state_dict()
        differing = sorted(name for name, tensor in weights.items() if name not in own or own[name].shape != tensor.shape)
        if differing:
            raise InputError(f"the recipe begins with {path}, whose {differing[0]} does not fit the configuration's networks.")
        network.load_state_dict({**own, **weights})

    def kept(self, network: nn.Module) -> nn.Module:
        """The networks without the discriminator."""
        made = copy.copy(network)
        made.__dict__["_modules"] = {name: part for name, part in network.named_children() if name != _DISCRIMINATOR}
        return made

    def trained(self, network: nn.Module, phase: str) -> Iterable[tuple[str, nn.Parameter]]:
        return [(name, value) for name, value in network.named_parameters() if self._is_trained(name, phase)]

    def _is_trained(self, name: str, phase: str) -> bool:
        if phase == AUTOENCODER:
            return name.startswith("vae.")
        if name.startswith(f"{_DISCRIMINATOR}."):
            return True
        if phase == MOTION and self.settings.moving == "motion":
            return _MOTION_MODULES in name
        if name.startswith("image_encoder."):
            # the token of masked patches is not used
            return self.settings.encoder == "trained" and not name.endswith("mask_token")
        moves = _MOTION_MODULES in name
        return name.startswith(_DENOISING) and not (moves and phase == PICTURES) and not _is_unused(name, self._blocks)

    def capturable(self, phase: str) -> bool:
        return True

    def examples(self, phase: str) -> int:
        return len(self.clips)

    def begin(self, phase: str, network: nn.Module, report: Report) -> None:
        model = cast("RealisDance", network)
        if phase != AUTOENCODER and self._trains_autoencoder:
            self._scale = measured_scale(model.vae, len(self.clips), self._frames_of, next(model.parameters()).device)
        model.config = replace(model.config, latent_scale=self._scale)

    def _frames_of(self, index: int) -> NDArray[np.uint8]:
        part, clip = self.clips[index]
        return self.parts[part].frames[clip]

    def batch(self, phase: str, indices: NDArray[np.int64], random: np.random.Generator) -> Batch:
        import torch

        chosen = [self._drawn_clip(index, phase, random) for index in indices.tolist()]
        frames = [np.array(self.parts[part].frames[clip][rows]) for part, clip, rows in chosen]
        size = (frames[0].shape[1], frames[0].shape[2])
        # an autoencoder's picture has no source picture before it
        seen = [(part, clip, rows if phase == AUTOENCODER else rows[1:]) for part, clip, rows in chosen]
        cells, scale, pixels = (size[0] // PIXELS, size[1] // PIXELS), self.settings.hand_scale, PIXELS
        if phase == AUTOENCODER:
            cells, scale, pixels = size, self.settings.hands, 1
        points = [self.parts[part].points.rows(clip, rows) for part, clip, rows in seen]
        maps = [hand_weights(each, cells, scale=scale, threshold=SURE, pixels=pixels) for each in points]
        batch: dict[str, Any] = {
            "frames": torch.from_numpy(np.stack(frames)),
            "weights": torch.from_numpy(np.stack(maps)[:, :, None]),
        }
        if phase != AUTOENCODER:
            conditions = np.stack([self.parts[part].conditions(clip, rows) for part, clip, rows in seen])
            batch["conditions"] = torch.from_numpy(shuffled(conditions, self.settings.shuffled, random))
            batch["shown"] = torch.from_numpy(random.random(len(chosen)) >= self.settings.dropout)
        return batch

    def _drawn_clip(self, index: int, phase: str, random: np.random.Generator) -> tuple[int, int, NDArray[np.int64]]:
        """A clip, and which of its frames: any one as the source picture, then successive ones.

        From a clip that is too short, frames are drawn evenly, some of them several times.
        """
        part, clip = self.clips[index]
        length = len(self.parts[part].frames[clip])
        if phase == AUTOENCODER:
            return part, clip, random.integers(0, length, 1)
        wanted = self.settings.frames if phase == MOTION else 1
        source = random.integers(0, length, 1)
        if length < wanted:
            rows = np.linspace(0, length - 1, wanted).astype(np.int64)
        else:
            rows = int(random.integers(0, length - wanted + 1)) + np.arange(wanted)
        return part, clip, np.concatenate([source, rows])

    def losses(self, network: nn.Module, batch: Batch, phase: str) -> Mapping[str, Tensor]:
        model = cast("RealisDance", network)
        return self._of_autoencoder(model, batch) if phase == AUTOENCODER else self._of_denoising(model, batch)

    def _of_autoencoder(self, model: RealisDance, batch: Batch) -> Mapping[str, Tensor]:
        given = pictures(batch["frames"].flatten(0, 1))
        found = model.vae.encode(given).latent_dist
        latents = found.sample()
        made = model.vae.decode(latents).sample
        return {
            "reconstruction": (batch["weights"].flatten(0, 1) * (made - given).abs()).mean(),
            "divergence": self.settings.divergence * found.kl().mean() / latents[0].numel(),
        }

    def _of_denoising(self, model: RealisDance, batch: Batch) -> Mapping[str, Tensor]:
        import torch

        from signbench.generators.realisdance.pose_guider import pictures_of

        clips, frames = batch["conditions"].shape[:2]
        shown = pictures(batch["frames"].flatten(0, 1))
        with torch.no_grad():
            drawn = model.latents(shown, sampled=True)
            drawn = drawn.reshape(clips, frames + 1, *drawn.shape[1:])
        source, latents = drawn[:, 0], drawn[:, 1:]
        real = shown.reshape(clips, frames + 1, *shown.shape[1:])
        tokens = model.tokens(real[:, 0])
        seen = batch["shown"]
        reference = model.reference(source, tokens * seen[:, None, None], seen)
        levels = model.pose_guider.levels(model.pose_guider.gated(pictures_of(batch["conditions"].flatten(0, 1))), frames)
        shares = self._shares_on(latents.device)
        steps = torch.randint(0, len(shares), (clips,), device=latents.device)
        made = terms.noised(latents, torch.randn_like(latents), steps, shares, self.settings.gamma)
        predicted = model.predicted(made.noisy, steps, reference, levels)
        found = {"noise": terms.weighted_error(predicted, made, batch["weights"])}
        if self.settings.adversarial:
            decoded = model.decoded(made.clean(predicted).flatten(0, 1))
            hinge = terms.adversarial(cast("nn.Module", model.discriminator), decoded, real[:, 1:].flatten(0, 1))
            found.update(hinge, adversarial=self.settings.adversarial * hinge["adversarial"])
        return found

    def _shares_on(self, device: torch.device) -> Tensor:
        """The signal's share of the variance at each step of training, float32 ``(1000,)``, brought to a device once."""
        if self._shares is None or self._shares.device != device:
            from signbench.generators.realisdance.network import scheduler

            self._shares = cast("Tensor", scheduler().alphas_cumprod.to(device))
        return self._shares

    def answers(self, network: nn.Module) -> Iterator[Answer]:
        model = cast("RealisDance", network)
        frames = self.dev.frames
        for name in self.dev_ids():
            clip = frames.ids.index(name)
            length = len(frames[clip])
            start = max(0, (length - self.settings.dev_frames) // 2)
            rows = np.arange(start, min(length, start + self.settings.dev_frames))
            yield Answer(name, {"video": self._made(model, name, clip, rows)}, {"video": np.array(frames[clip][rows])})

    def _made(self, model: RealisDance, name: str, clip: int, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Some frames of a dev clip, made from its first frame and their conditions."""
        import torch

        from signbench.generators.realisdance.denoising import Condition, frames_of

        device = next(model.parameters()).device
        source = pictures(torch.from_numpy(np.array(self.dev.frames[clip][:1])).to(device))
        condition = Condition(source, torch.from_numpy(self.dev.conditions(clip, rows)))
        return frames_of(model, condition, seed_of(self.recipe.seed, "validation", name)).numpy()


def shuffled(conditions: NDArray[np.uint8], share: float, random: np.random.Generator) -> NDArray[np.uint8]:
    """Replaces one frame of some conditions by another of the clip, each of the three kinds for itself.

    Args:
        conditions: uint8 ``(B, F, 9, H, W)``.
        share: probability for each kind and clip.
        random: the source of all choices.
    """
    frames = conditions.shape[1]
    if frames < 2:
        return conditions
    made = conditions.copy()
    for clip in range(len(made)):
        for kind in range(len(CONDITIONS)):
            if random.random() < share:
                where, other = random.choice(frames, 2, replace=False)
                made[clip, where, 3 * kind : 3 * kind + 3] = conditions[clip, other, 3 * kind : 3 * kind + 3]
    return made


def _png(picture: NDArray[np.uint8]) -> bytes:
    from io import BytesIO

    from PIL import Image

    stream = BytesIO()
    Image.fromarray(picture).save(stream, format="PNG")
    return stream.getvalue()


def kept_tensors(state: Mapping[str, Any]) -> dict[str, Any]:
    """The tensors that a model's file holds, in 16 bits: all but positions, which are computed, and the discriminator."""
    return {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in state.items()
        if not name.endswith(_COMPUTED) and not name.startswith(f"{_DISCRIMINATOR}.")
    }


def _is_unused(name: str, last: int) -> bool:
    """Whether a parameter of the reference U-Net comes after the last feature that is kept.

    Args:
        name: of the parameter.
        last: number of the last attention of the last up block.
    """
    end = f"unet_ref.up_blocks.3.attentions.{last}."
    block = f"{end}transformer_blocks.0."
    after = [f"{block}{part}." for part in ("attn1", "norm2", "attn2", "norm3", "ff")]
    return name.startswith(("unet_ref.conv_norm_out.", "unet_ref.conv_out.", f"{end}proj_out.", *after))
