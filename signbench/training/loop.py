"""The one training loop: phases, epochs and steps, validation, checkpoints, and the folder that a training leaves.

On the CPU an interrupted and resumed training gives the same bytes as one that ran through: the order of the examples and the seed
of each step follow from the recipe's seed and the step's number, and a checkpoint holds everything else. Devices, mixed precision
and several GPUs come from accelerate.
"""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, SignbenchError
from signbench.progress import Progress, silent
from signbench.training.ahead import computed_ahead
from signbench.training.base import Answer, Batch, TrainingData
from signbench.training.beginning import begin_with
from signbench.training.captured import CapturedStep
from signbench.training.checkpoints import Checkpoints, State
from signbench.training.folder import begin_folder, check_recipe
from signbench.training.logs import Log, write_curve
from signbench.training.order import batches, seed_of
from signbench.training.pieces import Pieces, check_processes, divided, in_one_piece
from signbench.training.recipe import Phase, Recipe, Selection
from signbench.training.samples import keep_samples
from signbench.training.schedules import learning_rate, optimiser_of, resume_optimiser
from signbench.weights.reference_models import CARD, ReferenceModel, read_model, write_model_files

if TYPE_CHECKING:
    from torch import Tensor, nn

Measure = Callable[[Selection, Sequence[Answer]], float]
"""Computes a metric from answers."""

CURVE = "curve.csv"
SAVE_SECONDS = 300.0
"""Time between two checkpoints within an epoch."""
SAMPLES = 2
"""Number of dev clips whose answers are kept at each validation."""
_LOGGED_EVERY = 20
_COPIES = 6
"""A checkpoint has the weights, two moments and an average; there are two of them for a moment, and the best weights."""


class TrainingError(SignbenchError):
    """A training cannot continue."""

    exit_code = 4


@dataclass(frozen=True)
class Settings:
    """How a training runs; nothing here affects the weights on the CPU.

    Attributes:
        out: the folder that becomes the model's.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        licence: licence of the weights, for the card.
        progress: called with the current step.
        workers: processes that prepare data and make batches while the network computes; 0: none.
        save_seconds: time between two checkpoints within an epoch.
        samples: number of dev clips whose answers each validation leaves in the folder ``samples``; 0: none.
    """

    out: Path
    device: str = "cpu"
    licence: str = "Apache-2.0"
    progress: Progress = silent
    workers: int = 0
    save_seconds: float = SAVE_SECONDS
    samples: int = SAMPLES


def train(data: TrainingData, measure: Measure, settings: Settings) -> ReferenceModel:
    """Trains a model; a repeated call resumes from the last checkpoint.

    Args:
        data: the model's contribution, with the recipe.
        measure: computes a metric of the dev answers.
        settings: the folder, seed and device.

    Returns:
        The trained model.

    Raises:
        InputError: the folder holds another training, or the disk or the data is too small.
        TrainingError: a loss is not a number.
    """
    out, recipe = settings.out, data.recipe
    if (out / CARD).is_file():
        check_recipe(out, recipe)
        return read_model(out)
    for phase in recipe.phases:
        check_processes(phase, int(os.environ.get("WORLD_SIZE", "1")))
    begin_folder(out, recipe)
    data.workers, data.device = settings.workers, settings.device
    data.prepare(settings.progress)
    return _Trainer(data, measure, settings).run()


class _Trainer:
    """A training at work."""

    def __init__(self, data: TrainingData, measure: Measure, settings: Settings) -> None:
        import torch

        self.data = data
        self.recipe = data.recipe
        self.measure = measure
        self.settings = settings
        self.checkpoints = Checkpoints(settings.out / "checkpoints")
        self.accelerator = _accelerator(settings.device, self.recipe)
        self.device = self.accelerator.device
        self.main = self.accelerator.is_main_process
        torch.manual_seed(seed_of(self.recipe.seed, "weights") % 2**63)
        network = data.build()
        self.begun = None if self.recipe.begin is None else begin_with(network, self.recipe)
        self.network = network.to(self.device)
        self._check_disk()
        self.average: dict[str, Tensor] | None = None
        self._averaged: list[tuple[Tensor, Tensor]] = []
        self.state = State()

    def run(self) -> ReferenceModel:
        loaded = self.checkpoints.load()
        if loaded is not None:
            self.state, tensors = loaded
            self.network.load_state_dict(tensors["network"])
        else:
            tensors = {}
        self.log = Log(self.settings.out / "logs", self.state.steps) if self.main else None
        for index in range(self.state.phase, len(self.recipe.phases)):
            self._phase(index, tensors if index == self.state.phase else {})
            tensors = {}
        return self._finish()

    def _clock(self) -> float:
        """Seconds of the processor; on a GPU those that pass, since the processor waits."""
        return time.process_time() if self.device.type == "cpu" else time.monotonic()

    def _phase(self, index: int, tensors: Mapping[str, Any]) -> None:
        phase = self.recipe.phases[index]
        examples = self.data.examples(phase.name)
        if examples < phase.batch:
            raise InputError(
                f"the phase {phase.name} has {examples} examples, fewer than a batch of {phase.batch}; use more data or "
                "a smaller batch."
            )
        if not tensors and index > 0 and not self._resumes(index):
            self.state = replace(self.state, phase=index, epoch=0, step=0, sums={}, stale=(0, 0))
        self.data.begin(phase.name, self.network, self.settings.progress)
        wanted = dict(self.data.trained(self.network, phase.name))
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(name in wanted)
        step = _step_module(self.data, self.network, phase.name)
        optimiser = optimiser_of(phase, list(wanted.values()))
        if tensors.get("optimiser"):
            resume_optimiser(optimiser, tensors["optimiser"])
        self.average, self._averaged = None, []
        if phase.ema is not None:
            source = tensors.get("average") or self.network.state_dict()
            self.average = {name: value.detach().clone().to(self.device) for name, value in source.items()}
        prepared, optimiser = self.accelerator.prepare(step, optimiser)
        if self._captures(phase):
            prepared = in_one_piece(CapturedStep(step, list(wanted.values())))
        else:
            prepared = partial(self._with_gradients, prepared, optimiser)
        self.network.train()
        with closing(self._batches(phase)) as made:
            while self.state.epoch < phase.epochs:
                self._epoch(phase, prepared, optimiser, made)
                self._validate(index, phase)
                self._save(optimiser)
        self.accelerator.free_memory()

    def _captures(self, phase: Phase) -> bool:
        alone = self.accelerator.num_processes == 1 and self.recipe.precision == "no"
        whole = phase.at_once is None or phase.at_once >= phase.batch
        return alone and whole and self.device.type == "cuda" and self.data.capturable(phase.name)

    def _with_gradients(self, step: Any, optimiser: Any, pieces: Pieces) -> Mapping[str, Tensor]:
        """The losses of a step, after the gradients of their sum are computed: the mean over its pieces, by their examples."""
        import torch

        optimiser.zero_grad(set_to_none=True)
        examples = sum(count for count, _ in pieces)
        means: dict[str, Tensor] = {}
        for number, (count, batch) in enumerate(pieces, start=1):
            # several processes exchange gradients once, with the last piece
            with nullcontext() if number == len(pieces) else self.accelerator.no_sync(step):
                losses: Mapping[str, Tensor] = step(_moved(batch, self.device))
                shares = {name: loss * (count / examples) for name, loss in losses.items()} if len(pieces) > 1 else losses
                self.accelerator.backward(torch.stack(list(shares.values())).sum())
            means.update({name: share.detach() + means.get(name, 0) for name, share in shares.items()})
        return means

    def _resumes(self, index: int) -> bool:
        return self.state.phase == index and (self.state.epoch > 0 or self.state.step > 0)

    def _batches(self, phase: Phase) -> Generator[Pieces, None, None]:
        """The batches of a phase that are left, over all epochs, in pieces: worker processes stay between epochs."""
        data, first, world = self.data, self.state.epoch, self.accelerator.num_processes
        examples, lengths = data.examples(phase.name), data.lengths(phase.name)
        each = examples // phase.batch
        orders: dict[int, list[NDArray[np.int64]]] = {}

        def batch_at(index: int) -> Pieces:
            data.epoch, number = divmod(index, each)
            if data.epoch not in orders:
                orders.clear()
                orders[data.epoch] = batches(examples, phase.batch, self.recipe.seed, phase.name, data.epoch, lengths)
            own = orders[data.epoch][number][self.accelerator.process_index :: world]
            random = np.random.Generator(np.random.PCG64(self._seed_at(phase, data.epoch, number)))
            return [(len(piece), data.batch(phase.name, piece, random)) for piece in divided(own, phase)]

        return computed_ahead(batch_at, range(first * each + self.state.step, phase.epochs * each), self.settings.workers)

    def _seed_at(self, phase: Phase, epoch: int, number: int) -> int:
        return seed_of(self.recipe.seed, phase.name, epoch, number, self.accelerator.process_index)

    def _epoch(self, phase: Phase, step: Any, optimiser: Any, made: Iterator[Pieces]) -> None:
        import torch

        data, state, world = self.data, self.state, self.accelerator.num_processes
        data.epoch = state.epoch
        count = data.examples(phase.name) // phase.batch
        saved = time.monotonic()
        begun = self._clock()
        for number in range(state.step, count):
            pieces = next(made)
            torch.manual_seed(self._seed_at(phase, state.epoch, number))
            rate = learning_rate(phase, state.epoch * count + number, phase.epochs * count, state.epoch, state.stale[1])
            for group in optimiser.param_groups:
                group["lr"] = rate
            losses = step(pieces)
            values = {name: float(value.detach()) for name, value in losses.items()}
            self._check_finite(values, phase, number)
            if phase.clip is not None:
                self.accelerator.clip_grad_norm_([p for group in optimiser.param_groups for p in group["params"]], phase.clip)
            optimiser.step()
            self._update_average(phase)
            for name, value in values.items():
                state.sums[name] = state.sums.get(name, 0.0) + value
            state.step, state.steps = number + 1, state.steps + 1
            state.devices = tuple(dict.fromkeys((*state.devices, self.device.type)))
            state.seconds += (self._clock() - begun) * world
            begun = self._clock()
            if self.log is not None and state.steps % _LOGGED_EVERY == 0:
                self.log.add({**{f"train/{name}": value for name, value in values.items()}, "rate": rate}, state.steps)
            if time.monotonic() - saved > self.settings.save_seconds and number + 1 < count:
                self._save(optimiser)
                saved = time.monotonic()
            shown = ", ".join(f"{name} {value / state.step:.3g}" for name, value in state.sums.items())
            self.settings.progress(f"{phase.name}, epoch {state.epoch + 1} of {phase.epochs}: {shown}", number + 1, count)
        means = {name: value / max(1, state.step) for name, value in state.sums.items()}
        state.curve.append({"phase": phase.name, "epoch": state.epoch + 1, "steps": state.steps, "rate": rate, **means})
        state.epoch, state.step, state.sums = state.epoch + 1, 0, {}

    def _check_finite(self, values: Mapping[str, float], phase: Phase, number: int) -> None:
        for name, value in values.items():
            if not math.isfinite(value):
                raise TrainingError(
                    f"the loss {name} is {value} in epoch {self.state.epoch + 1}, step {number + 1} of the phase {phase.name}; "
                    "lower the learning rate in the recipe, or train in full precision."
                )

    def _update_average(self, phase: Phase) -> None:
        if self.average is None or phase.ema is None:
            return
        import torch

        if not self._averaged:
            # their storage stays the same in a phase
            own = {name: value.detach() for name, value in self.network.state_dict().items()}
            self._averaged = [(self.average[name], value) for name, value in own.items()]
        floating = [pair for pair in self._averaged if pair[1].is_floating_point()]
        # two calls for all tensors: a GPU is faster than its calls
        kept = [average for average, _ in floating]
        torch._foreach_mul_(kept, phase.ema)
        torch._foreach_add_(kept, [value for _, value in floating], alpha=1 - phase.ema)
        for average, value in self._averaged:
            if not value.is_floating_point():
                average.copy_(value)

    def _validate(self, index: int, phase: Phase) -> None:
        """Validates the weights that would be kept, if an epoch is due."""
        state = self.state
        last = state.epoch == phase.epochs and index == len(self.recipe.phases) - 1
        due = phase.validate_every > 0 and (state.epoch % phase.validate_every == 0 or state.epoch == phase.epochs)
        if not (due or last):
            return
        begun = self._clock()
        with _evaluated(self.network, self.average) as network:
            answers = []
            total = len(self.data.dev_ids())
            kept = self.data.kept(network)
            for answer in self.data.answers(kept):
                answers.append(answer)
                self.settings.progress("validating", len(answers), total)
            chosen = self.recipe.select
            values = {f"{one.metric}.{one.gives}": self.measure(one, answers) for one in (chosen, *self.recipe.also)}
            value = values[f"{chosen.metric}.{chosen.gives}"]
            better = state.best is None or (value > state.best[0] if chosen.direction == "higher" else value < state.best[0])
            if better and self.main:
                self.checkpoints.save_best({name: tensor.cpu() for name, tensor in self.data.tensors(kept).items()})
        state.seconds += self._clock() - begun
        if self.main and self.settings.samples > 0:
            keep_samples(self.settings.out, state.steps, answers[: self.settings.samples])
        state.curve[-1].update({f"dev {name}": number for name, number in values.items()})
        epochs = len(state.curve)
        if better:
            state.best, state.stale = (value, epochs), (0, state.stale[1])
        else:
            waited = state.stale[0] + 1
            falls = waited > phase.schedule.patience
            state.stale = (0, state.stale[1] + 1) if falls else (waited, state.stale[1])
        if self.log is not None:
            self.log.add({f"dev/{name}": number for name, number in values.items()}, state.steps)

    def _save(self, optimiser: Any) -> None:
        if not self.main:
            return
        tensors = {"network": self.network.state_dict(), "optimiser": optimiser.state_dict(), "average": self.average}
        self.checkpoints.save(self.state, tensors)
        write_curve(self.settings.out / CURVE, self.state.curve)

    def _finish(self) -> ReferenceModel:
        from importlib.metadata import version

        import torch

        state, out = self.state, self.settings.out
        if self.log is not None:
            self.log.close()
        self.accelerator.wait_for_everyone()
        if self.main:
            best = state.best
            chosen = self.recipe.select
            corpus = self.data.corpus
            card = {
                "name": out.name,
                "kind": self.data.kind,
                "model": self.recipe.model,
                "configuration": self.recipe.configuration,
                "summary": self.recipe.summary,
                "licence": self.settings.licence,
                "parameters": sum(parameter.numel() for parameter in self.data.kept(self.network).parameters()),
                **({"choices": choices} if (choices := dict(self.data.choices())) else {}),
                "data": {"corpus": f"{corpus.name} {corpus.version}", "splits": list(self.recipe.train), "dev": self.recipe.dev},
                "training": {
                    "seed": self.recipe.seed,
                    "steps": state.steps,
                    "hours": round(state.seconds / 3600, 2),
                    "device": " and ".join(state.devices),
                    "signbench": version("signbench"),
                    "torch": torch.__version__.partition("+")[0],
                    "selected": f"{chosen.metric}.{chosen.gives}",
                    "value": None if best is None else round(best[0], 4),
                    "begun": self.begun,
                },
            }
            write_model_files(
                out, card, config=self.data.saved_config(), tensors=self.checkpoints.load_best(), files=self.data.files()
            )
            self.checkpoints.remove()
        self.accelerator.wait_for_everyone()
        return read_model(out)

    def _check_disk(self) -> None:
        size = sum(tensor.numel() * tensor.element_size() for tensor in self.network.state_dict().values())
        free = shutil.disk_usage(self.settings.out).free
        if free < _COPIES * size:
            raise InputError(
                f"the training needs {_COPIES * size / 1e9:.1f} GB in {self.settings.out}, and {free / 1e9:.1f} GB are free; "
                "make room or choose another `out`."
            )


def _accelerator(device: str, recipe: Recipe) -> Any:
    """The accelerator of a device."""
    import torch

    try:
        from accelerate import Accelerator
    except ImportError as error:
        raise InputError("training needs accelerate; install signbench[models].") from error
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise InputError(f"this machine has no device {device}; train on the CPU, or on another machine.")
    if ":" in device:
        torch.cuda.set_device(device)
    if device == "cpu":
        torch.set_num_threads(recipe.threads)
        if recipe.precision != "no":
            raise InputError(f"the recipe's precision {recipe.precision} is for GPUs; use `device='cuda'`.")
    return Accelerator(cpu=device == "cpu", mixed_precision=recipe.precision)


def _step_module(data: TrainingData, network: nn.Module, phase: str) -> nn.Module:
    """A step as a module, since several processes share gradients only through a module's ``forward``."""
    from torch import nn as layers

    class Step(layers.Module):
        """Computes the losses of a batch."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, batch: Batch) -> Mapping[str, Tensor]:
            """The losses."""
            return data.losses(self.network, batch, phase)

    return Step()


@contextmanager
def _evaluated(network: nn.Module, average: Mapping[str, Tensor] | None) -> Iterator[nn.Module]:
    """The network in evaluation mode, with the averaged weights if there are any."""
    import torch

    own = None
    if average is not None:
        own = {name: value.detach().clone() for name, value in network.state_dict().items()}
        network.load_state_dict(dict(average))
    network.eval()
    try:
        with torch.no_grad():
            yield network
    finally:
        if own is not None:
            network.load_state_dict(own)
        network.train()


def _moved(batch: Batch, device: Any) -> Batch:
    import torch

    return {name: value.to(device) if isinstance(value, torch.Tensor) else value for name, value in batch.items()}
