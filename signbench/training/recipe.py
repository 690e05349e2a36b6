"""Recipes: how a model is trained. Settings of a training are nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from signbench.documents import read_yaml, yaml_text
from signbench.documents.models import Document
from signbench.documents.wording import first_fault
from signbench.errors import InputError


class Optimiser(Document):
    """The optimiser of a phase."""

    name: Literal["adam", "adamw", "sgd"]
    """adam, adamw or sgd, with PyTorch's meaning."""
    rate: Annotated[float, Field(gt=0)]
    """The highest learning rate."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    """Weight decay; of adam and sgd an L2 penalty."""
    betas: tuple[float, float] = (0.9, 0.999)
    """Of adam and adamw."""
    momentum: float = 0.9
    """Of sgd, Nesterov's."""


class Schedule(Document):
    """How the learning rate changes in a phase."""

    name: Literal["constant", "cosine", "steps", "plateau"] = "constant"
    """constant; cosine to `lowest`; times `factor` at each epoch of `at`; times `factor` if the dev metric does not improve."""
    warmup: Annotated[int, Field(ge=0)] = 0
    """Steps in which the rate rises linearly from 0."""
    lowest: Annotated[float, Field(ge=0)] = 0.0
    """The lowest rate, as a share of the highest one."""
    at: tuple[int, ...] = ()
    """Of steps: numbers of finished epochs."""
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Of steps and plateau."""
    patience: Annotated[int, Field(ge=0)] = 8
    """Of plateau: validations without improvement before the rate falls."""
    epochs: Annotated[int, Field(ge=1)] | None = None
    """Of cosine: epochs in which the lowest rate would be reached, if the phase ends earlier; absent: those of the phase."""


class Phase(Document):
    """One phase of a training; the next one begins with its weights."""

    name: str
    """Its name in the curve; a model may train different parts in different phases."""
    epochs: Annotated[int, Field(ge=1)]
    """Passes over the data."""
    batch: Annotated[int, Field(ge=1)]
    """Examples of a step, over all processes."""
    at_once: Annotated[int, Field(ge=1)] | None = None
    """Examples of which a process computes gradients together, to save memory; absent: all that it has of a step."""
    optimiser: Optimiser
    """Its optimiser."""
    schedule: Schedule = Schedule()
    """Its learning rate over time."""
    clip: Annotated[float, Field(gt=0)] | None = 1.0
    """Largest norm of the gradient; absent: no limit."""
    ema: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Decay of the moving average of the weights, which is then what is validated and kept; absent: none."""
    validate_every: Annotated[int, Field(ge=0)] = 1
    """Epochs between validations on the dev split; 0: none in this phase. The last epoch of the last phase is always validated."""

    @model_validator(mode="after")
    def _schedule_is_long_enough(self) -> Self:
        if self.schedule.epochs is not None and self.schedule.epochs < self.epochs:
            raise ValueError(f"the schedule ends after {self.schedule.epochs} epochs, before the phase with {self.epochs}")
        return self


class Selection(Document):
    """The choice of the weights that are kept."""

    metric: str
    """A metric, as on the command line, such as wer or bleu:order=4."""
    gives: str
    """The answer that it is computed from, such as gloss."""
    direction: Literal["higher", "lower"]
    """Whether higher or lower values are better."""


class Recipe(Document):
    """A training from beginning to end."""

    model: str
    """A judge or generator, such as slt."""
    summary: str
    """One sentence about the result, for its card."""
    configuration: Literal["small", "paper"]
    """The configuration of the network."""
    network: Annotated[dict[str, Any], Field(default_factory=dict)]
    """Fields of the configuration with other values."""
    begin: str | None = None
    """A reference model of the same kind with whose weights the training begins, as far as they fit; absent: random ones."""
    corpus: str
    """Name of the corpus."""
    train: tuple[str, ...]
    """Train splits."""
    dev: str
    """The split for validation."""
    dev_clips: Annotated[int, Field(ge=1)] | None = None
    """Only this many of its clips, evenly spaced; absent: all."""
    seed: int = 1
    """Seed of all random choices."""
    data: Annotated[dict[str, Any], Field(default_factory=dict)]
    """Settings of the model's data: performances, rates, degradations."""
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    """The phases, in order."""
    select: Selection
    """The choice of the weights."""
    also: tuple[Selection, ...] = ()
    """Further metrics that are computed at each validation."""
    precision: Literal["no", "bf16", "fp16"] = "no"
    """Mixed precision, on a GPU."""
    threads: Annotated[int, Field(ge=1)] = 1
    """Threads of a process on the CPU; the result depends on it in the last bits."""


def read_recipe(path: Path) -> Recipe:
    """The recipe in a YAML file.

    Raises:
        InputError: it cannot be read, or a field is missing, unknown or invalid.
    """
    content = read_yaml(path, "a recipe")
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{path}: {first_fault(error)}.") from error


def recipe_bytes(recipe: Recipe) -> bytes:
    """The content of a recipe's file, with every field; equal recipes give equal bytes."""
    return yaml_text(recipe.as_json()).encode()
