"""Writes the expected clips into task files.

Only the block ``clips`` of a file is written; its author decides whether the task needs a new version.
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

Outcome = Literal["written", "unchanged", "no corpus"]
"""The outcome for a task file; without its corpus, nothing is done."""

WORDS: dict[Outcome, str] = {
    "written": "written",
    "unchanged": "unchanged",
    "no corpus": "unchanged, since its corpus cannot be read here",
}

_BLOCK = re.compile(r"^clips:[^\n]*\n(?:[ \t][^\n]*\n|\n(?=[ \t]))*", re.MULTILINE)


def freeze(path: Path, corpus: Corpus | None = None) -> bool:
    """Updates the block ``clips`` of a task file.

    Args:
        path: the task file.
        corpus: the task's corpus, if it is already open.

    Returns:
        Whether the file was changed.

    Raises:
        InputError: it is not a task file, there is no reader for its corpus, or the corpus lacks a split.
    """
    task = read_task(path)
    corpus = corpus or open_corpus(task)
    old = path.read_text("utf-8")
    new, blocks = _BLOCK.subn(lambda _: _block(task, corpus), old)
    if blocks != 1:
        raise InputError(
            f"{path} has {blocks} blocks 'clips:' at the start of a line; write one, with its splits indented below it."
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
    """Freezes several tasks.

    Args:
        folder: of task files.
        names: of the tasks; if empty, all; those whose corpus cannot be read here stay unchanged.

    Yields:
        The name of each task, and its outcome.

    Raises:
        InputError: there is no such task, or as :func:`freeze`.
    """
    files = {path.relative_to(folder).with_suffix("").as_posix(): path for path in sorted(folder.rglob(f"*{SUFFIX}"))}
    for name in names or files:
        if name not in files:
            raise InputError(f"there is no task {name} in {folder.absolute()}. {nearest(name, files)}")
        if not names and not registry.readable(read_task(files[name]).corpus):
            yield name, "no corpus"
        else:
            yield name, "written" if freeze(files[name]) else "unchanged"


if __name__ == "__main__":
    sys.stderr.write("signbench.tasks.freeze is not a command; use: signbench tasks freeze\n")
    sys.exit(2)
