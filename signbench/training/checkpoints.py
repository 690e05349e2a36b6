"""The state of a training on disk: whole files, from which it resumes as if it had not been interrupted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from signbench.errors import InputError


@dataclass
class State:
    """A training between two steps.

    Attributes:
        phase: index of the phase.
        epoch: finished epochs of the phase.
        step: finished steps of the epoch.
        steps: finished steps of all phases.
        sums: sums of the losses of the epoch so far.
        seconds: processor time so far.
        stale: validations of the phase without improvement since the rate last fell, and how often it fell.
        best: the best value on the dev split so far, and its epoch in all phases; None before the first validation.
        curve: a row for each finished epoch.
        devices: kinds of devices that steps were made on, in order.
    """

    phase: int = 0
    epoch: int = 0
    step: int = 0
    steps: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    stale: tuple[int, int] = (0, 0)
    best: tuple[float, int] | None = None
    curve: list[dict[str, Any]] = field(default_factory=list)
    devices: tuple[str, ...] = ()


class Checkpoints:
    """The checkpoints in a training's folder: the latest state, and the best weights.

    Args:
        folder: is created when the first is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.latest = folder / "state.pt"
        self.best = folder / "best.pt"

    def save(self, state: State, tensors: Mapping[str, Any]) -> None:
        """Replaces the latest state.

        Args:
            state: the training's state.
            tensors: dictionaries of the network, optimiser and average.

        Raises:
            InputError: it cannot be written.
        """
        self._write(self.latest, {"state": dict(vars(state)), **tensors})

    def save_best(self, tensors: Mapping[str, Any]) -> None:
        """Replaces the best weights.

        Raises:
            InputError: they cannot be written.
        """
        self._write(self.best, dict(tensors))

    def load(self) -> tuple[State, dict[str, Any]] | None:
        """The latest state; None if there is none.

        Raises:
            InputError: the file is damaged.
        """
        if not self.latest.is_file():
            return None
        content = _read(self.latest)
        return State(**content.pop("state")), content

    def load_best(self) -> dict[str, Any]:
        """The best weights.

        Raises:
            InputError: the file is missing or damaged.
        """
        return _read(self.best)

    def remove(self) -> None:
        """Removes all checkpoints, once the model is written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, path: Path, content: Mapping[str, Any]) -> None:
        import torch

        part = path.with_name(f"{path.name}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as stream:
                torch.save(dict(content), stream)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(path)
        except (OSError, RuntimeError) as error:
            part.unlink(missing_ok=True)
            why = getattr(error, "strerror", None) or error
            raise InputError(f"{path} cannot be written: {why}; make room, then rerun the command to resume.") from error


def _read(path: Path) -> dict[str, Any]:
    import torch

    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(f"{path} is damaged ({type(error).__name__}); remove it to train again from the beginning.") from error
    return content
