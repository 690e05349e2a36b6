"""The training of ST-GCN on isolated signs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.judges.network_judge import padded
from signbench.judges.stgcn import rows
from signbench.judges.stgcn.config import STGCNConfig
from signbench.judges.stgcn.judge import SIGNS, ranked
from signbench.training.base import Answer, Batch, Report, TrainingData, changed, settings_of, vocabulary_file
from signbench.training.clip_arrays import ClipArrays
from signbench.training.key_points import prepared
from signbench.training.pose_degradations import PoseDegradations, resampled, turned

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Settings:
    """Settings of the data.

    Attributes:
        reads: rotations (``motion``) or key points (``pose``).
        takes: performances of each train clip; 0 is the reference.
        noise: of rotations: the largest standard deviation of the noise on each joint, radians, drawn evenly below it.
        noisy: share of clips with noise.
        warp: largest change of speed, in half of the clips.
        cut: most frames that are cut off at each end, in half of the clips.
        label_smoothing: probability that the target gives to the other signs.
        held_out: every clip with this number in its order validates and is not trained on, if the recipe's dev split is its train
            split, because the corpus has no dev split of signs.
    """

    reads: Literal["motion", "pose"] = "motion"
    takes: int = 3
    noise: float = 0.06
    noisy: float = 0.6
    warp: float = 0.25
    cut: int = 2
    label_smoothing: float = 0.1
    held_out: int = 12


class STGCNTraining(TrainingData):
    """Cross-entropy over signs, on noisy and resampled motion of several performances."""

    def prepare(self, report: Report) -> None:
        self.settings: Settings = settings_of(Settings, self.recipe.data, "data")
        (split,) = self.recipe.train if len(self.recipe.train) == 1 else (None,)
        if split is None:
            raise InputError("a recogniser of signs is trained on one split of isolated signs; the recipe names several.")
        ids = self.corpus.ids(split)
        words = [self.corpus.clip(name).text or "" for name in ids]
        if not all(words):
            raise InputError(f"the split {split} of {self.corpus.name} has clips without a word; name a split of isolated signs.")
        self.signs = tuple(sorted(set(words)))
        self.takes: list[ClipArrays[np.float32]] = [
            prepared(self.corpus, split, self.settings.reads, rate=rows.RATE, take=take, report=report)
            for take in range(self.settings.takes)
        ]
        labels = np.array([self.signs.index(word) for word in words])
        held = np.zeros(len(ids), np.bool_)
        if self.recipe.dev == split:
            held[:: self.settings.held_out] = True
        self.chosen = np.flatnonzero(~held)
        self.labels = labels
        self.words = words
        if self.recipe.dev == split:
            self.dev: list[tuple[str, NDArray[np.float32], str]] = [
                (ids[index], self.takes[0][index], words[index]) for index in np.flatnonzero(held).tolist()
            ]
        else:
            clips = prepared(self.corpus, self.recipe.dev, self.settings.reads, rate=rows.RATE, report=report)
            wanted = set(self.dev_ids())
            self.dev = [
                (name, clips[index], self.corpus.clip(name).text or "") for index, name in enumerate(clips.ids) if name in wanted
            ]

    def dev_ids(self) -> list[str]:
        return [name for name, _, _ in self.dev] if hasattr(self, "dev") else super().dev_ids()

    def config(self) -> STGCNConfig:
        skeleton, channels = ("smplx-53", 6) if self.settings.reads == "motion" else ("coco-wholebody-133", 3)
        make = STGCNConfig.small if self.recipe.configuration == "small" else STGCNConfig.paper
        made = make(skeleton, channels, len(self.signs))
        return changed(made, self.recipe.network, "network")

    def examples(self, phase: str) -> int:
        return len(self.chosen) * len(self.takes)

    def lengths(self, phase: str) -> NDArray[np.int64]:
        return np.concatenate([take.lengths()[self.chosen] for take in self.takes])

    def batch(self, phase: str, indices: NDArray[np.int64], random: np.random.Generator) -> Batch:
        import torch

        made, labels = [], []
        for index in indices.tolist():
            take, number = divmod(index, len(self.chosen))
            clip = self.chosen[number]
            made.append(self._degraded(self.takes[take][clip], random))
            labels.append(self.labels[clip])
        batch, mask = padded(made, "cpu")
        return {"motion": batch, "mask": mask, "labels": torch.tensor(labels)}

    def _degraded(self, values: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
        settings = self.settings
        if random.random() < 0.5:
            first, last = random.integers(0, settings.cut + 1, 2).tolist()
            values = values[first : len(values) - last] if len(values) > first + last + 8 else values
        if settings.reads == "pose":
            return rows.point_rows(PoseDegradations(warp=settings.warp, noisy=settings.noisy).apply(values, random))
        if random.random() < 0.5:
            values = resampled(values, random.uniform(1 - settings.warp, 1 + settings.warp))
        if random.random() < settings.noisy:
            values = turned(values, random.uniform(0, settings.noise), random)
        return rows.rotation_rows(values)

    def losses(self, network: nn.Module, batch: Batch, phase: str) -> Mapping[str, Tensor]:
        import torch

        logits, _ = network(batch["motion"], batch["mask"])
        smoothing = self.settings.label_smoothing
        return {"entropy": torch.nn.functional.cross_entropy(logits, batch["labels"], label_smoothing=smoothing)}

    def answers(self, network: nn.Module) -> Iterator[Answer]:
        device = next(network.parameters()).device
        read = rows.rotation_rows if self.settings.reads == "motion" else rows.point_rows
        for name, values, word in self.dev:
            batch, mask = padded([read(values)], device)
            logits, _ = network(batch, mask)
            yield Answer(name, {"label": ranked(logits[0].cpu().numpy(), self.signs)}, {"label": word})

    def files(self) -> Mapping[str, bytes]:
        return {SIGNS: vocabulary_file(self.signs)}

    def saved_config(self) -> Mapping[str, Any]:
        return {**super().saved_config(), "reads": self.settings.reads}
