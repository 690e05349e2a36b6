"""What a training's model answered about a few dev clips, validation after validation, from what ``signbench train`` leaves."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from signbench.documents import parse_json
from signbench.errors import InputError
from signbench.training.samples import ANSWERS, FOLDER

SHOWN = 8
"""The most validations that are shown of a clip, evenly spaced, the first and the last among them."""


@dataclass(frozen=True)
class Shown:
    """An answer on the page: a text, or a picture.

    Attributes:
        said: the text; empty for a picture.
        picture: the file, relative to the page; empty for a text.
    """

    said: str = ""
    picture: str = ""


@dataclass(frozen=True)
class Sample:
    """A clip's answers of one kind over time.

    Attributes:
        clip: its id.
        kind: the kind of answer, such as ``text`` or ``video``.
        expected: the correct answer, if it can be shown.
        over_time: what was answered, with the number of steps.
    """

    clip: str
    kind: str
    expected: Shown | None
    over_time: Sequence[tuple[int, Shown]]


def read_samples(folder: Path, out: Path, prefix: str) -> list[Sample]:
    """The samples of a training, with their pictures copied beside the page.

    Args:
        folder: of the training.
        out: folder of the page.
        prefix: of the names of the copies, different for each training.

    Returns:
        A sample for each clip and kind of answer; none if the training left no samples.

    Raises:
        InputError: a file is damaged.
    """
    validations = sorted(path.parent for path in (folder / FOLDER).glob(f"*/{ANSWERS}"))
    chosen = [validations[index] for index in _spread(len(validations))]
    answers = [(path, _read(path / ANSWERS)) for path in chosen]
    if not answers:
        return []
    last, rows = answers[-1]
    made = []
    for number, row in enumerate(rows):
        for kind in row["said"]:
            over_time = [
                (int(path.name), _shown(some[number]["said"][kind], path, out, prefix))
                for path, some in answers
                if len(some) > number and some[number]["clip"] == row["clip"] and kind in some[number]["said"]
            ]
            correct = row["expected"].get(kind)
            expected = None if correct is None else _shown(correct, last, out, prefix)
            made.append(Sample(row["clip"], kind, expected, over_time))
    return made


def _spread(count: int) -> list[int]:
    return np.unique(np.linspace(0, count - 1, min(count, SHOWN)).round().astype(int)).tolist() if count else []


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        int(path.parent.name)
        rows = parse_json(path.read_bytes())
        for row in rows:
            for answer in (*row["said"].values(), *row["expected"].values()):
                if not isinstance(answer.get("text", ""), str) or (name := answer.get("picture", "")) != Path(name).name:
                    raise ValueError("an answer is neither a text nor a file beside it")
            str(row["clip"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is damaged ({error}); remove {path.parent}, and write the report again.") from error
    return [dict(row) for row in rows]


def _shown(answer: Mapping[str, str], folder: Path, out: Path, prefix: str) -> Shown:
    """An answer for the page; a picture that is no longer there is named."""
    if "picture" not in answer:
        return Shown(said=answer.get("text", ""))
    source = folder / answer["picture"]
    if not source.is_file():
        return Shown(said=f"{source.name} is missing")
    name = f"{prefix}-{folder.name}-{source.name}"
    shutil.copyfile(source, out / name)
    return Shown(picture=name)
