"""The records of a training: the curve as CSV, and TensorBoard files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from signbench.spreadsheets import csv_text
from signbench.whole_files import write_atomically


def write_curve(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes the curve: a row for each epoch with the mean losses, the learning rate, and the dev metrics.

    Raises:
        InputError: the file cannot be written.
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    shown = [[_shown(row.get(name, "")) for name in columns] for row in rows]
    write_atomically(path, csv_text(shown, columns).encode())


def _shown(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value


class Log:
    """TensorBoard files of one process; nothing if TensorBoard is not installed.

    Args:
        folder: of the files.
        step: the step from which the training resumes; later entries of an earlier process are superseded.
    """

    def __init__(self, folder: Path, step: int) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            self._writer: Any = None
        else:
            self._writer = SummaryWriter(str(folder), purge_step=step)

    def add(self, values: Mapping[str, float], step: int) -> None:
        """Adds values of a step."""
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Writes what is left."""
        if self._writer is not None:
            self._writer.close()
