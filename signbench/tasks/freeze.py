"""Writes into task files which clips they expect.

Only the block ``clips`` of a file is written; whether the task then needs another version is for its author to say.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from signbench.corpora import registry
from signbench.corpora.corpus import Corpus
from signbench.errors import InputError, nearest
from signbench.tasks.loading import SUFFIX, read_task
from signbench.tasks.references import open_corpus
from signbench.tasks.schema import Task, ids_digest

Outcome = Literal["written", "unchanged", "no reader"]
"""What was done with a task file; without a reader for its corpus, nothing."""

WORDS: dict[Outcome, str] = {
    "written": "written",
    "unchanged": "as it was",
    "no reader": "as it was, since signbench has no reader for its corpus",
}

_BLOCK = re.compile(r"^clips:[^\n]*\n(?:[ \t][^\n]*\n|\n(?=[ \t]))*", re.MULTILINE)


def freeze(path: Path, corpus: Corpus | None = None) -> bool:
    """Brings the block ``clips`` of a task file up to date.

    Args:
        path: the task file.
        corpus: the task's corpus, where it is open already.

    Returns:
        Whether the file was changed.

    Raises:
        InputError: not a task file, no reader for its corpus, or a split that the corpus lacks.
    """
    task = read_task(path)
    corpus = corpus or open_corpus(task)
    old = path.read_text("utf-8")
    new, blocks = _BLOCK.subn(lambda _: _block(task, corpus), old)
    if blocks != 1:
        raise InputError(
            f"{path} has {blocks} blocks 'clips:' at the beginning of a line; write one, its splits indented below it."
        )
    if new == old:
        return False
    path.write_text(new, encoding="utf-8")
    return True


def _block(task: Task, corpus: Corpus) -> str:
    lines = ["clips:"]
    for split in task.splits:
        ids = corpus.ids(split)
        lines += [f"  {split}:", f"    count: {len(ids)}", f"    ids_sha256: {ids_digest(ids)}"]
    return "\n".join(lines) + "\n"


def freeze_below(folder: Path, names: Sequence[str] = ()) -> Iterator[tuple[str, Outcome]]:
    """Freezes tasks one after the other.

    Args:
        folder: of task files.
        names: of the tasks; none: all, and those whose corpus signbench cannot read are left as they are.

    Yields:
        The name of each task, and what was done.

    Raises:
        InputError: there is no such task, or as :func:`freeze`.
    """
    files = {path.relative_to(folder).with_suffix("").as_posix(): path for path in sorted(folder.rglob(f"*{SUFFIX}"))}
    for name in names or files:
        if name not in files:
            raise InputError(f"there is no task {name} in {folder.absolute()}. {nearest(name, files)}")
        if not names and read_task(files[name]).corpus not in registry.known():
            yield name, "no reader"
        else:
            yield name, "written" if freeze(files[name]) else "unchanged"


if __name__ == "__main__":
    sys.stderr.write("signbench.tasks.freeze is no command; use: signbench tasks freeze\n")
    sys.exit(2)
