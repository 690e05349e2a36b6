"""The training of SignAvatar on isolated signs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.generators.signavatar.config import SignAvatarConfig
from signbench.generators.signavatar.joints import between_frames, motion_of_six, six_of
from signbench.generators.signavatar.model import kept_tensors
from signbench.generators.signavatar.words import word_parts
from signbench.judges.base import JudgedClip
from signbench.judges.network_judge import padded
from signbench.judges.stgcn.judge import STGCNJudge
from signbench.media.rates import positions_at_rate
from signbench.training.base import Answer, Batch, Report, TrainingData, changed, chosen, settings_of
from signbench.training.clip_arrays import ClipArrays
from signbench.training.frames import FrameSource
from signbench.training.key_points import prepared
from signbench.training.order import seed_of
from signbench.training.ranges import COUNT, NOT_NEGATIVE, SHARE, Range, check_ranges

if TYPE_CHECKING:
    from torch import Tensor, nn

    from signbench.generators.signavatar.clip import Clip
    from signbench.generators.signavatar.network import SignAvatar

_PICTURE_RATE = 2.5
_ANSWERED_AT_ONCE = 32
_MEAN_OF = 8
"""One of so many clips counts for the mean pose."""
_SMALL = 0.1
_RANGES = {
    "takes": COUNT,
    **dict.fromkeys(("divergence", "pictures"), NOT_NEGATIVE),
    **dict.fromkeys(("warmup", "pictured"), SHARE),
    "held_out": Range(2),
}

_OPEN = ("width", "latent", "heads", "feed_forward", "encoder_layers", "decoder_layers", "embedding", "hidden")
_OPEN_IN_LEARNING = ("divergence", "warmup", "takes")
"""Fields that the paper leaves open, for a model's card."""


@dataclass(frozen=True)
class Settings:
    """Settings of the data and the losses.

    Attributes:
        takes: performances of each train clip; 0 is the reference.
        curriculum: whether frames are masked more and more, see :func:`signbench.generators.signavatar.curriculum.mask_ratio`.
        divergence: weight of the Kullback-Leibler divergence of a clip, summed over the latent vector's dimensions, next to a
            reconstruction loss that is summed over a pose's numbers and averaged over frames (eq. 1 and 2 of the paper).
        warmup: share of the epochs in which that weight rises linearly from 0.
        pictures: weight of the picture encoder's loss.
        pictured: share of the clips of a batch whose pictures are shown.
        judge: the ST-GCN that validates.
        held_out: every clip with this number in its order validates and is not trained on, if the recipe's dev split is its train
            split, because the corpus has no dev split of signs.
    """

    takes: int = 3
    curriculum: bool = True
    divergence: float = 0.01
    warmup: float = 0.1
    pictures: float = 0.1
    pictured: float = 0.25
    judge: str = "stgcn"
    held_out: int = 12


class SignAvatarTraining(TrainingData):
    """Reconstruction and divergence of isolated signs; motion generated for held-out clips is validated through ST-GCN."""

    kind: ClassVar[Literal["judge", "generator", "trunk"]] = "generator"

    def prepare(self, report: Report) -> None:
        self.settings: Settings = settings_of(Settings, self.recipe.data, "data")
        check_ranges(self.settings, _RANGES)
        if len(self.recipe.train) != 1:
            raise InputError("a generator of signs is trained on one split of isolated signs; the recipe names several.")
        (split,) = self.recipe.train
        ids = self.corpus.ids(split)
        words = [self.corpus.clip(name).text or "" for name in ids]
        if not all(words):
            raise InputError(f"the split {split} of {self.corpus.name} has clips without a word; name a split of isolated signs.")
        rate = self.config().rate
        self.takes: list[ClipArrays[np.float32]] = [
            prepared(self.corpus, split, "motion", rate=rate, take=take, report=report) for take in range(self.settings.takes)
        ]
        held = np.zeros(len(ids), np.bool_)
        if self.recipe.dev == split:
            held[:: self.settings.held_out] = True
        self.chosen = np.flatnonzero(~held)
        self.words = words
        dev_split = self.recipe.dev
        dev: list[int] = np.flatnonzero(held).tolist()
        if dev_split != split:
            wanted = set(super().dev_ids())
            dev = [index for index, name in enumerate(self.corpus.ids(dev_split)) if name in wanted]
        names = self.corpus.ids(dev_split)
        seen = prepared(self.corpus, dev_split, "motion", rate=rate, report=report)
        self.dev = [_DevClip(names[index], self.corpus.clip(names[index]).text or "", six_of(seen[index])) for index in dev]
        self._embedded: dict[str, Tensor] = {}
        if self.config().condition == "clip":
            self._frozen(sorted({*words, *(clip.word for clip in self.dev)}))
        self.judge = STGCNJudge(model=self.settings.judge)
        shown = prepared(self.corpus, dev_split, "motion", rate=self.judge.rate or rate, report=report)
        self.judged = {names[index]: shown[index] for index in dev}
        side = self.config().picture
        self.pictures: ClipArrays[np.uint8] | None = None
        if side and self.config().condition == "own":
            source = FrameSource(self.corpus, split, (side, side), _PICTURE_RATE)
            self.pictures = source.frames(progress=report, workers=self.workers)

    def dev_ids(self) -> list[str]:
        return [clip.id for clip in self.dev] if hasattr(self, "dev") else super().dev_ids()

    def choices(self) -> Mapping[str, str | int | float | bool]:
        return chosen(self.config(), _OPEN, settings_of(Settings, self.recipe.data, "data"), _OPEN_IN_LEARNING)

    def config(self) -> SignAvatarConfig:
        made = SignAvatarConfig.small() if self.recipe.configuration == "small" else SignAvatarConfig.paper()
        return changed(made, self.recipe.network, "network")

    def build(self) -> nn.Module:
        import torch

        network = self.config().build()
        # the decoder begins with the mean pose
        mean = np.mean([six_of(self.takes[0][index]).mean(axis=0) for index in self.chosen[::_MEAN_OF].tolist()], axis=0)
        with torch.no_grad():
            network.decoder.finallayer.bias.copy_(torch.from_numpy(mean.reshape(-1)))
            network.decoder.finallayer.weight.mul_(_SMALL)
        return network

    def tensors(self, network: nn.Module) -> Mapping[str, Tensor]:
        return kept_tensors(network.state_dict())

    def examples(self, phase: str) -> int:
        return len(self.chosen) * len(self.takes)

    def lengths(self, phase: str) -> NDArray[np.int64]:
        return np.concatenate([take.lengths()[self.chosen] for take in self.takes])

    def batch(self, phase: str, indices: NDArray[np.int64], random: np.random.Generator) -> Batch:
        import torch

        made: list[NDArray[np.float32]] = []
        words: list[str] = []
        pictures: list[NDArray[np.uint8]] = []
        shown = math.ceil(self.settings.pictured * len(indices))
        for index in indices.tolist():
            take, number = divmod(index, len(self.chosen))
            clip = int(self.chosen[number])
            made.append(six_of(self.takes[take][clip]))
            words.append(self.words[clip])
            if self.pictures is not None and len(pictures) < shown:
                frames = self.pictures[clip]
                # the first frame is at rest
                pictures.append(frames[int(random.integers(min(1, len(frames) - 1), len(frames)))])
        motion, mask = padded(made, "cpu")
        batch = {"motion": motion, "mask": mask, **self._condition(words)}
        if pictures:
            batch["pictures"] = torch.from_numpy(np.stack(pictures)).float()
        return batch

    def _condition(self, words: Sequence[str]) -> Mapping[str, Tensor]:
        """What the words' embeddings are made of: the parts of words, or CLIP's embeddings themselves."""
        config = self.config()
        if config.condition == "clip":
            return {"embedding": self._frozen(words)}
        parts, filled = word_parts(words, config.buckets, "cpu")
        return {"parts": parts, "filled": filled}

    def _frozen(self, words: Sequence[str]) -> Tensor:
        """CLIP's embeddings of words, each computed once."""
        import torch

        if lacking := sorted(set(words) - self._embedded.keys()):
            with torch.no_grad():
                self._embedded |= dict(zip(lacking, self._clip.words(lacking), strict=True))
        return torch.stack([self._embedded[word] for word in words])

    @cached_property
    def _clip(self) -> Clip:
        from signbench.generators.signavatar.clip import Clip

        return Clip("cpu")

    @staticmethod
    def _embedding(model: SignAvatar, batch: Batch) -> Tensor:
        found: Tensor = batch["embedding"] if model.words is None else model.words(batch["parts"], batch["filled"])
        return found

    def losses(self, network: nn.Module, batch: Batch, phase: str) -> Mapping[str, Tensor]:
        from signbench.generators.signavatar.curriculum import hidden_frames, mask_ratio, reconstruction

        model = cast("SignAvatar", network)
        motion, mask, settings = batch["motion"], batch["mask"], self.settings
        embedding = self._embedding(model, batch)
        done = self.epoch / next(one.epochs for one in self.recipe.phases if one.name == phase)
        hidden = hidden_frames(mask, mask_ratio(done)) if settings.curriculum else None
        posterior = model.encode(motion, mask, embedding, hidden)
        made = model.decode(posterior.sample(), mask, embedding)
        weight = settings.divergence * min(1.0, done / settings.warmup if settings.warmup else 1.0)
        found = {
            "reconstruction": reconstruction(made, motion, mask),
            "divergence": weight * posterior.divergence().sum(dim=1).mean(),
        }
        if "pictures" in batch and model.pictures is not None:
            seen = model.pictures(batch["pictures"])
            found["pictures"] = settings.pictures * (seen - embedding[: len(seen)].detach()).square().mean()
        return found

    def answers(self, network: nn.Module) -> Iterator[Answer]:
        import torch

        model = cast("SignAvatar", network)
        device = next(network.parameters()).device
        for start in range(0, len(self.dev), _ANSWERED_AT_ONCE):
            clips = self.dev[start : start + _ANSWERED_AT_ONCE]
            motion, mask = padded([clip.six for clip in clips], device)
            condition = {name: value.to(device) for name, value in self._condition([clip.word for clip in clips]).items()}
            embedding = self._embedding(model, condition)
            posterior = model.encode(motion, mask, embedding)
            latent = torch.stack([self._drawn(clip.id, posterior.mean.shape[1]) for clip in clips]).to(device)
            sides = {
                "reconstructed": self._observed(model.decode(posterior.mean, mask, embedding), clips),
                "generated": self._observed(model.decode(latent, mask, embedding), clips),
            }
            for index, clip in enumerate(clips):
                said: dict[str, Any] = {}
                expected: dict[str, Any] = {}
                for side, observed in sides.items():
                    said |= {f"{kind}.{side}": observed[index][kind] for kind in ("label", "rows")}
                    expected |= {f"label.{side}": clip.word, f"rows.{side}": self._reference_rows[clip.id]}
                yield Answer(clip.id, said, expected)

    def _drawn(self, clip: str, width: int) -> Tensor:
        """A clip's latent vector for generation, the same at every validation."""
        import torch

        random = np.random.Generator(np.random.PCG64(seed_of(self.recipe.seed, "validation", clip)))
        return torch.from_numpy(random.standard_normal(width).astype(np.float32))

    def _observed(self, made: Tensor, clips: Sequence[_DevClip]) -> Sequence[Mapping[Any, Any]]:
        rate = self.config().rate
        shown_at = self.judge.rate or rate
        shown = []
        for six, clip in zip(made.cpu().numpy(), clips, strict=True):
            positions = positions_at_rate(len(clip.six), rate, shown_at)
            motion = motion_of_six(between_frames(six[: len(clip.six)], positions), shown_at)
            shown.append(JudgedClip(clip.id, motion=motion))
        return list(self.judge.observe(shown, ("label", "rows")))

    @cached_property
    def _reference_rows(self) -> Mapping[str, Any]:
        """The judge's rows of the dev clips themselves."""
        from signbench.media.motion import Motion

        rows = {}
        for clip in self.dev:
            rotations = self.judged[clip.id]
            motion = Motion(rotations, np.zeros((len(rotations), 3), np.float32), self.judge.rate)
            rows[clip.id] = self.judge.observe([JudgedClip(clip.id, motion=motion)], ["rows"])[0]["rows"]
        return rows


@dataclass(frozen=True, eq=False)
class _DevClip:
    id: str
    word: str
    six: NDArray[np.float32]
