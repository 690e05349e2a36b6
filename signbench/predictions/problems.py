"""Problems with a folder of predictions, each with its clip, its file, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from signbench.errors import InputError, listing

Kind = Literal[
    "folder",
    "other-split",
    "archive",
    "container",
    "loose-images",
    "manifest",
    "bad-name",
    "duplicate",
    "misnamed",
    "wrong-modality",
    "wrong-suffix",
    "extra",
    "missing",
    "changed",
    "unreadable",
    "size",
    "fps",
    "length",
    "joints",
    "coordinates",
    "values",
]
"""The kinds of problems, in the order in which they are reported."""

KINDS: tuple[Kind, ...] = get_args(Kind)

_SHOWN = 5
_MISSING_LISTED = 10


@dataclass(frozen=True)
class Problem:
    """One problem with a folder of predictions.

    Attributes:
        kind: one of :data:`KINDS`.
        clip: id of the clip, or None if it concerns the folder.
        file: path of the file, or None if there is none.
        what: what is wrong.
        remedy: what to do.
    """

    kind: Kind
    clip: str | None
    file: str | None
    what: str
    remedy: str

    def __str__(self) -> str:
        where = f"clip {self.clip}" if self.clip is not None else ""
        if self.file is not None and self.file not in self.what:
            where = f"{where} ({self.file})" if where else self.file
        return f"{where}{': ' if where else ''}{self.what}; {self.remedy}."

    def as_json(self) -> dict[str, str | None]:
        """The problem as plain values, with the whole sentence under ``message``."""
        return {**asdict(self), "message": str(self)}


class PredictionsError(InputError):
    """A folder of predictions that cannot be scored.

    Attributes:
        problems: all problems, in order.
    """

    def __init__(self, message: str, problems: Sequence[Problem]) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


def ordered(problems: Sequence[Problem]) -> list[Problem]:
    """Problems in reported order: those of the whole folder first, then by clip."""
    return sorted(problems, key=lambda item: (KINDS.index(item.kind), item.clip or "", item.file or ""))


def refuse(problems: Sequence[Problem], folder: str, *, allow_missing: bool = False) -> tuple[str, ...]:
    """Ends a command that cannot score the submission.

    Args:
        problems: from :func:`signbench.predictions.checking.check_predictions`.
        folder: name of the predictions in messages.
        allow_missing: do not stop for clips without a file; the run is then incomplete.

    Returns:
        Ids of the missing clips that are allowed, in order.

    Raises:
        PredictionsError: the first few problems and their number.
    """
    missing = tuple(sorted(item.clip for item in problems if item.kind == "missing" and item.clip is not None))
    serious = ordered([item for item in problems if item.kind != "missing"])
    if not serious and (allow_missing or not missing):
        return missing
    total = len(serious) + (0 if allow_missing else len(missing))
    lines = [f"{folder} cannot be scored, {_counted(total, 'problem')}:"]
    lines += [f"- {item}" for item in serious[:_SHOWN]]
    if len(serious) > _SHOWN:
        lines.append(f"- and {len(serious) - _SHOWN} more")
    if missing and not allow_missing:
        lines.append(
            f"- {_counted(len(missing), 'clip')} without a file ({listing(missing, _MISSING_LISTED)}); generate them, or score "
            "the others as an incomplete run with `allow_missing=True`."
        )
    raise PredictionsError(
        "\n".join(lines), ordered([*serious, *(() if allow_missing else (p for p in problems if p.kind == "missing"))])
    )


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
