"""A model of tests: a line through noisy points, with two phases, dropout and random degradations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from signbench.training.base import Answer, Batch, Report, TrainingData
from signbench.training.recipe import Recipe


@dataclass(frozen=True)
class LineConfig:
    """Sizes of the network."""

    width: int = 8

    def build(self) -> nn.Module:
        """The network."""
        return nn.Sequential(
            nn.Linear(2, self.width), nn.Dropout(0.2), nn.ReLU(), nn.BatchNorm1d(self.width), nn.Linear(self.width, 2)
        )


class Lines(TrainingData):
    """Points on two sides of a line."""

    def prepare(self, report: Report) -> None:
        random = np.random.default_rng(0)
        self.points = random.normal(size=(100, 2)).astype(np.float32)
        self.labels = (self.points.sum(axis=1) > 0).astype(np.int64)
        report("reading", 100, 100)

    def config(self) -> LineConfig:
        return LineConfig()

    def examples(self, phase: str) -> int:
        return len(self.points)

    def lengths(self, phase: str) -> Any:
        return np.arange(100) if phase == "first" else None

    def batch(self, phase: str, indices: Any, random: np.random.Generator) -> Batch:
        noise = random.normal(0, 0.1, (len(indices), 2)).astype(np.float32)
        return {"points": torch.from_numpy(self.points[indices] + noise), "labels": torch.from_numpy(self.labels[indices])}

    def losses(self, network: nn.Module, batch: Batch, phase: str) -> Mapping[str, Tensor]:
        logits = network(batch["points"])
        scale = float(self.recipe.data.get("scale", 1.0))
        return {"entropy": scale * nn.functional.cross_entropy(logits, batch["labels"]), "size": 1e-3 * logits.square().mean()}

    def trained(self, network: nn.Module, phase: str) -> list[tuple[str, nn.Parameter]]:
        named = list(network.named_parameters())
        return named[-2:] if phase == "head" else named

    def dev_ids(self) -> list[str]:
        return [str(index) for index in range(100)]

    def answers(self, network: nn.Module) -> Iterator[Answer]:
        for index, logits in enumerate(network(torch.from_numpy(self.points))):
            order = tuple(("no", "yes")[one] for one in logits.argsort(descending=True).tolist())
            yield Answer(str(index), {"label": order}, {"label": ("no", "yes")[self.labels[index]]})

    def files(self) -> Mapping[str, bytes]:
        return {"labels.txt": b"no\nyes\n"}


RECIPE: dict[str, Any] = {
    "model": "line",
    "summary": "divides points by a line",
    "configuration": "small",
    "corpus": "synthsign",
    "train": ["train"],
    "dev": "dev",
    "phases": [
        {
            "name": "first",
            "epochs": 3,
            "batch": 10,
            "optimiser": {"name": "adamw", "rate": 0.02, "weight_decay": 0.01},
            "schedule": {"name": "cosine", "warmup": 5},
            "ema": 0.9,
        },
        {
            "name": "head",
            "epochs": 2,
            "batch": 20,
            "optimiser": {"name": "sgd", "rate": 0.01},
            "schedule": {"name": "plateau", "patience": 0},
        },
    ],
    "select": {"metric": "accuracy", "gives": "label", "direction": "higher"},
}


def lines(**changes: Any) -> Lines:
    """The model's training with changes of the recipe."""
    from signbench.corpora.registry import corpus

    return Lines(Recipe.model_validate({**RECIPE, **changes}), corpus("synthsign"))
