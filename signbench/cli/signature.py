"""``signbench signature``: whether two numbers are comparable."""

from __future__ import annotations

from typing import Annotated

import typer

from signbench.cli.groups import group
from signbench.cli.options import Json

app = group("Compare how numbers were measured.")


@app.command("diff")
def diff(
    a: Annotated[str, typer.Argument(help="A signature, a run folder, or a study's result.")],
    b: Annotated[str, typer.Argument(help="A signature, a run folder, or a study's result.")],
    json: Json = False,
) -> None:
    """Describe the differences between two measurements; exit 4 if they are not comparable."""
    from pathlib import Path

    from signbench.cli import printing
    from signbench.errors import InputError, NotComparableError
    from signbench.runs.folder import RunFolder
    from signbench.runs.result import read_result
    from signbench.runs.signature import differences

    def signatures(text: str) -> dict[str, str]:
        if "|" in text:
            return {"": text}
        if Path(text).is_file():
            from signbench.study.scores.result import read_study_result

            return {"sus": read_study_result(Path(text)).signature}
        if not Path(text).is_dir():
            raise InputError(f"{text!r} is neither a signature, a run folder nor a study's result.")
        return read_result(RunFolder(Path(text)).result_json).signatures

    left, right = signatures(a), signatures(b)
    if "" in left or "" in right:
        pairs = [(name or other, left[name], right[other]) for name in left for other in right]
        if len(pairs) > 1:
            raise InputError(
                "a run of several metrics cannot be compared with a single signature; use the run's signature of that metric."
            )
    else:
        pairs = [(name, left[name], right[name]) for name in left if name in right]
        if not pairs:
            raise NotComparableError(f"{a} and {b} have no metric in common.")
    found = {name: differences(first, second) for name, first, second in pairs}
    if json:
        printing.document({"comparable": not any(found.values()), "differences": found})
    else:
        for name, sentences in found.items():
            head = f"{name}: " if name else ""
            if not sentences:
                printing.data(f"{head}measured the same way")
            for sentence in sentences:
                printing.data(f"{head}{sentence}")
    if any(found.values()):
        raise typer.Exit(NotComparableError.exit_code)
