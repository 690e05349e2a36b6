"""The training of MimicMotion, with the loss on hands of its authors or with RuSignBot's weights by confidence.

Stable Video Diffusion's autoencoder and picture encoder are trained, too, where there are no published ones: for small pictures.
Then they stay as they are, and the U-Net and PoseNet learn to remove noise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, nearest
from signbench.generators.latents import measured_scale, pictures
from signbench.generators.mimicmotion import losses as terms
from signbench.generators.mimicmotion.clip_points import ClipPoints, PosePictures, frames_and_points
from signbench.generators.mimicmotion.config import MimicMotionConfig
from signbench.generators.mimicmotion.estimators import FIELD
from signbench.generators.mimicmotion.pose_pictures import SURE, PosePoints, drawn
from signbench.training.base import Answer, Batch, Report, TrainingData, changed, chosen, settings_of
from signbench.training.clip_arrays import ClipArrays
from signbench.training.order import seed_of
from signbench.training.ranges import COUNT, NOT_NEGATIVE, POSITIVE, SHARE, Range, check_ranges

if TYPE_CHECKING:
    from torch import Tensor, nn

    from signbench.generators.mimicmotion.network import MimicMotion

AUTOENCODER, ENCODER, DENOISING = "autoencoder", "encoder", "denoising"
"""The names of the phases."""

_RANGES = {
    "frames": Range(2),
    "autoencoded": COUNT,
    "dropout": SHARE,
    "noise": NOT_NEGATIVE,
    "hand_scale": POSITIVE,
    "threshold": SHARE,
    "margin": NOT_NEGATIVE,
    "divergence": NOT_NEGATIVE,
    "hands": POSITIVE,
    "temperature": POSITIVE,
    "dev_frames": COUNT,
}
_OPEN = ("weights", "hand_scale", "threshold", "margin", "normalised", "dropout", "noise")
"""Settings that the papers leave open."""

_PARTS = {AUTOENCODER: ("vae.",), ENCODER: ("image_encoder.",), DENOISING: ("unet.", "pose_net.")}


@dataclass(frozen=True)
class Settings:
    """Settings of the data and the losses.

    Attributes:
        estimator: the pose estimator whose key points and confidences the network is shown; empty: the corpus's own.
        published: a name in the registry of weights, or a file, that the training begins with; empty: random weights.
        pose_net: the file of PoseNet, for a published file that has only the U-Net.
        frames: frames of a train clip, with the source picture.
        autoencoded: most frames of a train clip of the autoencoder; each batch has a random number of them, because a clip's last
            piece is decoded with fewer frames than the others.
        dropout: share p of :func:`signbench.generators.mimicmotion.losses.dropped`.
        weights: ``hands``, MimicMotion's loss on hands; ``confidence``, RuSignBot's weights of regions; ``even``, neither.
        hand_scale: their factor for hands.
        threshold: confidence above which a hand's points are sure; neither paper states it.
        normalised: RuSignBot's weights are divided by their mean over a clip; the paper does not say so.
        noise: standard deviation of the noise on the source picture, also an input of the U-Net; absent: the configuration's.
        recompute: activations of the U-Net are computed again for the gradients instead of being kept, which takes less memory and
            more time.
        margin: by which RuSignBot's boxes are enlarged on each side, as a share of them; the paper does not state it.
        divergence: weight of the autoencoder's Kullback-Leibler divergence, averaged over the numbers of a latent.
        hands: factor for hands of the autoencoder's loss.
        temperature: of the picture encoder's loss.
        dev_frames: frames of a dev clip, from its middle.
    """

    estimator: str = "pose-estimator"
    published: str = ""
    pose_net: str = ""
    frames: int = 8
    autoencoded: int = 8
    dropout: float = 0.1
    weights: Literal["hands", "confidence", "even"] = "confidence"
    hand_scale: float = 10.0
    threshold: float = SURE
    margin: float = 0.05
    normalised: bool = True
    noise: float | None = None
    recompute: bool = False
    divergence: float = 1e-4
    hands: float = 4.0
    temperature: float = 0.1
    dev_frames: int = 15


class MimicMotionTraining(TrainingData):
    """Clips of some frames with a source picture from anywhere in the same video, drawn again in each epoch."""

    kind = "generator"

    def prepare(self, report: Report) -> None:
        self.settings: Settings = settings_of(Settings, self.recipe.data, "data")
        given = self.settings
        check_ranges(given, _RANGES)
        for phase in self.recipe.phases:
            if phase.name not in _PARTS:
                raise InputError(f"the recipe has a phase {phase.name}. {nearest(phase.name, _PARTS)}")
        self._check_beginning()
        config = self.config()
        made = [self._read(split, config, report) for split in self.recipe.train]
        self.frames: list[ClipArrays[np.uint8]] = [frames for frames, _ in made]
        self.points: list[ClipPoints] = [points for _, points in made]
        self.poses = [self._poses(*each).drawn_ahead(report, self.workers) for each in made]
        self.clips = [(part, clip) for part, frames in enumerate(self.frames) for clip in range(len(frames)) if len(frames[clip])]
        self.dev = self._read(self.recipe.dev, config, report)
        self._scale = config.latent_scale

    def _read(self, split: str, config: MimicMotionConfig, report: Report) -> tuple[ClipArrays[np.uint8], ClipPoints]:
        return frames_and_points(self.corpus, split, config, self.settings.estimator, report, self.workers, self.device)

    def _check_beginning(self) -> None:
        """Refuses a training whose frozen parts would be random, or whose published file is missing, before frames are read."""
        name = self.settings.published
        if not name and self.recipe.begin is None and not self._trains_autoencoder:
            raise InputError(
                "the recipe's data: without published, which names a file of MimicMotion, the autoencoder and the picture encoder "
                "would be random; name it, or add a phase autoencoder."
            )
        if name and not self._published.is_file():
            raise InputError(f"the recipe's data: the file {name} does not exist; name a registered file of weights, or a file.")

    @property
    def _published(self) -> Path:
        from signbench.weights.store import path_of

        name = self.settings.published
        return Path(name) if "/" in name else path_of(name)

    def config(self) -> MimicMotionConfig:
        made = MimicMotionConfig.small() if self.recipe.configuration == "small" else MimicMotionConfig.paper()
        given = dict(self.recipe.network)
        if self.recipe.begin is not None and not self._trains_autoencoder:
            from signbench.weights.reference_models import find_model

            given.setdefault("latent_scale", find_model(self.recipe.begin).config()["latent_scale"])
        return changed(made, given, "network")

    @property
    def _trains_autoencoder(self) -> bool:
        return any(phase.name == AUTOENCODER for phase in self.recipe.phases)

    def saved_config(self) -> Mapping[str, Any]:
        return {**super().saved_config(), "latent_scale": self._scale, FIELD: self.settings.estimator}

    def choices(self) -> Mapping[str, str | int | float | bool]:
        given: Settings = settings_of(Settings, self.recipe.data, "data")
        noise = self.config().noise if given.noise is None else given.noise
        return chosen(None, (), replace(given, noise=noise), _OPEN)

    def tensors(self, network: nn.Module) -> Mapping[str, Tensor]:
        # the published files have 16 bits, too
        return {name: tensor.half() for name, tensor in network.state_dict().items()}

    def build(self) -> nn.Module:
        from signbench.generators.mimicmotion.network import MimicMotion

        network = MimicMotion(self.config())
        if self.settings.published:
            self._give_published(network)
        if self.settings.recompute:
            network.unet.enable_gradient_checkpointing()
        return network

    def _give_published(self, network: MimicMotion) -> None:
        from signbench.generators.mimicmotion.checkpoints import read_official

        name, pose_net = self.settings.published, self.settings.pose_net
        published = read_official(self._published, Path(pose_net) if pose_net else None)
        own = {part: tensor.shape for part, tensor in network.state_dict().items()}
        theirs = {part: tensor.shape for part, tensor in published.weights.items()}
        differing = sorted(part for part in own.keys() | theirs.keys() if own.get(part) != theirs.get(part))
        if differing:
            raise InputError(f"the recipe begins with {name}, whose {differing[0]} does not fit the configuration's networks.")
        network.load_state_dict(published.weights)

    def trained(self, network: nn.Module, phase: str) -> Iterable[tuple[str, nn.Parameter]]:
        return [(name, value) for name, value in network.named_parameters() if name.startswith(_PARTS[phase])]

    def capturable(self, phase: str) -> bool:
        return not self.settings.recompute

    def examples(self, phase: str) -> int:
        return len(self.clips)

    def begin(self, phase: str, network: nn.Module, report: Report) -> None:
        model = cast("MimicMotion", network)
        if phase == DENOISING and self._trains_autoencoder:
            self._scale = measured_scale(model.vae, len(self.clips), self._frames_of, next(model.parameters()).device)
        model.config = replace(model.config, latent_scale=self._scale)

    def _frames_of(self, index: int) -> NDArray[np.uint8]:
        part, clip = self.clips[index]
        return self.frames[part][clip]

    def batch(self, phase: str, indices: NDArray[np.int64], random: np.random.Generator) -> Batch:
        import torch

        if phase == ENCODER:
            wanted = 2
        elif phase == AUTOENCODER:
            wanted = int(random.integers(1, self.settings.autoencoded + 1))
        else:
            wanted = self.settings.frames
        chosen = [self._drawn_clip(index, phase, wanted, random) for index in indices.tolist()]
        frames = [np.array(self.frames[part][clip][rows]) for part, clip, rows in chosen]
        batch: dict[str, Any] = {"frames": torch.from_numpy(np.stack(frames))}
        if phase == ENCODER:
            return {**batch, "persons": torch.tensor([self._person(part, clip) for part, clip, _ in chosen])}
        size = (frames[0].shape[1], frames[0].shape[2])
        seen = [self.points[part].rows(clip, rows) for part, clip, rows in chosen]
        if phase == AUTOENCODER:
            maps = np.stack([self._weights("hands", points, size, self.settings.hands, 1) for points in seen])
        else:
            cells = (size[0] // 8, size[1] // 8)
            maps = np.stack([self._weights(self.settings.weights, points, cells, self.settings.hand_scale) for points in seen])
            batch["pose"] = torch.from_numpy(np.stack([self.poses[part].of(clip, rows) for part, clip, rows in chosen]))
            batch["draws"] = torch.from_numpy(random.random(len(chosen)).astype(np.float32))
        return {**batch, "weights": torch.from_numpy(maps[:, :, None])}

    def _drawn_clip(self, index: int, phase: str, wanted: int, random: np.random.Generator) -> tuple[int, int, NDArray[np.int64]]:
        """A clip, and which of its frames: any; or successive ones, for denoising after any one as the source picture.

        A clip that is too short ends with its last frame several times.
        """
        part, clip = self.clips[index]
        length = len(self.frames[part][clip])
        if phase == ENCODER:
            return part, clip, random.integers(0, length, wanted)
        successive = wanted if phase == AUTOENCODER else wanted - 1
        start = int(random.integers(0, max(1, length - successive + 1)))
        rows = np.minimum(np.arange(start, start + successive), length - 1)
        return part, clip, rows if phase == AUTOENCODER else np.concatenate([random.integers(0, length, 1), rows])

    @cached_property
    def _persons(self) -> Mapping[str, int]:
        names = {self._signer(name) for frames in self.frames for name in frames.ids}
        return {name: number for number, name in enumerate(sorted(names))}

    def _signer(self, clip: str) -> str:
        """Who is shown in a clip; without that knowledge each clip shows another person."""
        return self.corpus.clip(clip).signer or f"clip {clip}"

    def _person(self, part: int, clip: int) -> int:
        return self._persons[self._signer(self.frames[part].ids[clip])]

    def _weights(
        self, kind: str, points: PosePoints, size: tuple[int, int], scale: float, pixels: int = terms.PIXELS
    ) -> NDArray[np.float32]:
        given = self.settings
        if kind == "hands":
            return terms.hand_weights(points, size, scale=scale, threshold=given.threshold, pixels=pixels)
        if kind == "confidence":
            return terms.confidence_weights(
                points, size, scale=scale, threshold=given.threshold, margin=given.margin, normalised=given.normalised
            )
        return np.ones((len(points), *size), np.float32)

    def _poses(self, frames: ClipArrays[np.uint8], points: ClipPoints) -> PosePictures:
        # key points may be in pixels of another shape, that of the estimator's pictures
        return PosePictures(points, drawn, (frames.rows.shape[1], frames.rows.shape[2]), self.config().canvas)

    def losses(self, network: nn.Module, batch: Batch, phase: str) -> Mapping[str, Tensor]:
        model = cast("MimicMotion", network)
        if phase == AUTOENCODER:
            return self._of_autoencoder(model, batch)
        if phase == ENCODER:
            return self._of_encoder(model, batch)
        return self._of_denoising(model, batch)

    def _of_autoencoder(self, model: MimicMotion, batch: Batch) -> Mapping[str, Tensor]:
        given = pictures(batch["frames"].flatten(0, 1))
        found = model.vae.encode(given).latent_dist
        latents = found.sample()
        made = model.vae.decode(latents, num_frames=batch["frames"].shape[1]).sample
        weights = batch["weights"].flatten(0, 1)
        return {
            "reconstruction": (weights * (made - given).abs()).mean(),
            "divergence": self.settings.divergence * found.kl().mean() / latents[0].numel(),
        }

    def _of_encoder(self, model: MimicMotion, batch: Batch) -> Mapping[str, Tensor]:
        from torch.nn.functional import normalize

        shown = pictures(batch["frames"].flatten(0, 1))
        embeddings = normalize(model.embedded(shown)[:, 0], dim=1)
        persons = batch["persons"].repeat_interleave(batch["frames"].shape[1])
        return {"persons": same_person(embeddings @ embeddings.T / self.settings.temperature, persons)}

    def _of_denoising(self, model: MimicMotion, batch: Batch) -> Mapping[str, Tensor]:
        import torch

        clips, frames = batch["frames"].shape[:2]
        with torch.no_grad():
            shown = pictures(batch["frames"].flatten(0, 1))
            drawn_latents = model.vae.encode(shown).latent_dist.sample()
            latents = drawn_latents.reshape(clips, frames, *drawn_latents.shape[1:]) * model.config.latent_scale
            still = shown.reshape(clips, frames, *shown.shape[1:])[:, 0]
            strength = model.config.noise if self.settings.noise is None else self.settings.noise
            noisy = still + strength * torch.randn_like(still) if strength else still
            source = model.source_latents(noisy)
            embedding = model.embedded(still)
        no_embedding, no_source, no_pose = (~left_out for left_out in terms.dropped(batch["draws"], self.settings.dropout))
        embedding = embedding * no_embedding[:, None, None]
        source = (source * no_source[:, None, None, None])[:, None].expand(-1, frames, -1, -1, -1)
        features = model.pose_net(pictures(batch["pose"].flatten(0, 1), last=False))
        features = features * no_pose.repeat_interleave(frames)[:, None, None, None]
        noise, deviates = torch.randn_like(latents), torch.randn(clips, device=latents.device)
        made = terms.noised(latents, noise, deviates)
        ids = model.ids(clips, latents, strength)
        predicted = model.predicted(made.given, source, made.level, embedding, ids, features)
        return {"noise": terms.weighted_error(predicted, made.target, batch["weights"])}

    def answers(self, network: nn.Module) -> Iterator[Answer]:
        model = cast("MimicMotion", network)
        frames, _ = self.dev
        for name in self.dev_ids():
            clip = frames.ids.index(name)
            length = len(frames[clip])
            start = max(0, (length - self.settings.dev_frames) // 2)
            rows = np.arange(start, min(length, start + self.settings.dev_frames))
            yield Answer(name, {"video": self._made(model, name, clip, rows)}, {"video": np.array(frames[clip][rows])})

    def _made(self, model: MimicMotion, name: str, clip: int, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Some frames of a dev clip, made from its first frame and their key points."""
        import torch

        from signbench.generators.mimicmotion.denoising import Condition, denoised

        frames, points = self.dev
        device = next(model.parameters()).device
        still = np.array(frames[clip][:1])
        poses = torch.from_numpy(self._poses(frames, points).of(clip, np.concatenate([[0], rows])))
        source = pictures(torch.from_numpy(still).to(device))
        condition = Condition(model.source_latents(source), model.embedded(source), poses)
        latents = denoised(model, condition, seed_of(self.recipe.seed, "validation", name))
        made = model.decoded(latents)[1:]
        return ((made + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()


def same_person(similarities: Tensor, persons: Tensor) -> Tensor:
    """The loss of embeddings that are to be similar if, and only if, they show the same person.

    The mean of the negative logarithm of the softmax over all other pictures, at those of the same person (Khosla et al. 2020,
    *Supervised Contrastive Learning*, eq. 2).

    Args:
        similarities: cosines divided by a temperature, ``(N, N)``.
        persons: int64 ``(N,)``; each is there at least twice.

    Returns:
        A scalar.
    """
    import torch

    itself = torch.eye(len(persons), dtype=torch.bool, device=persons.device)
    shares = torch.log_softmax(similarities.masked_fill(itself, float("-inf")), dim=1)
    same = (persons[:, None] == persons[None]) & ~itself
    return -(shares.masked_fill(~same, 0).sum(dim=1) / same.sum(dim=1)).mean()
