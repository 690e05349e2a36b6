"""Writes into task files which clips they expect: ``python -m signbench.tasks.freeze [NAME ...]``.

For the authors of tasks, whenever a corpus gets other clips. Only files below ``tasks/`` of the current folder are written, and of
these only the block ``clips``; whether the task then needs another version is for its author to say.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from signbench.corpora import registry
from signbench.corpora.corpus import Corpus
from signbench.errors import InputError, SignbenchError, nearest
from signbench.tasks.loading import SUFFIX, read_task
from signbench.tasks.references import open_corpus
from signbench.tasks.schema import Task, ids_digest

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


def main(words: Sequence[str]) -> int:
    """Freezes the named tasks of the current folder, or all of them.

    Returns:
        The exit code.
    """
    folder = Path("tasks")
    files = {path.relative_to(folder).with_suffix("").as_posix(): path for path in sorted(folder.rglob(f"*{SUFFIX}"))}
    try:
        for name in words or files:
            if name not in files:
                raise InputError(f"there is no task {name} in {folder.absolute()}. {nearest(name, files)}")
            if not words and read_task(files[name]).corpus not in registry.known():
                sys.stdout.write(f"{name}: as it was, since signbench has no reader for its corpus\n")
                continue
            changed = freeze(files[name])
            sys.stdout.write(f"{name}: {'written' if changed else 'as it was'}\n")
    except SignbenchError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
