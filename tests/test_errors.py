"""Errors name parameters in Python, and flags on the command line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from signbench import errors
from signbench.cli.options import MEANINGS
from signbench.errors import in_flags, nearest

ROOT = Path(__file__).parents[1]
MODULES = sorted(path for path in (ROOT / "signbench").rglob("*.py") if "cli" not in path.relative_to(ROOT).parts)
FLAG = re.compile(r"(?<![\w-])--[a-z{]")
# Commands are commands in either case; so are other programs' flags.
WHOLE_COMMAND = re.compile(r"signbench [a-z]+ [^;]*--[a-z]|OpenPose with --number_people_max|^\{command\} --(?:references|root)")


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every string of a module except docstrings, with braces around replacement fields."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    apart: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            apart.add(node.value)
        if isinstance(node, ast.JoinedStr):
            apart.update(node.values)
            parts = [
                str(part.value) if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}"
                for part in node.values
                if isinstance(part, ast.Constant | ast.FormattedValue)
            ]
            yield node.lineno, "".join(parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in apart:
            yield node.lineno, node.value


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("declare it with `source_fps`.", "declare it with --source-fps."),
        ("use `frames='truncate'` or resample.", "use --frames truncate or resample."),
        ("give another `out`, or `fresh=True` to move it aside.", "give another --out, or --fresh to move it aside."),
        ("say with `id_column=COLUMN` which it is.", "say with --id COLUMN which it is."),
        ("give `id_column` and `text_column` with .csv only.", "give --id and --text with .csv only."),
        ("choose another `name`, or `replace=True`.", "choose another --as, or --replace."),
        ("leave out `write=True`.", "leave out --verify."),
        ("pass that folder, `predictions='.../outputs'`.", "pass that folder, --predictions .../outputs."),
        ("`clips`: the references have no video of a.", "--clips: the references have no video of a."),
        ("a run without `limit` and `clips`.", "a run without --limit and --clips."),
        ("the file `clip` and `x=1` stay as they are.", "the file `clip` and `x=1` stay as they are."),
        ("--out is a flag already.", "--out is a flag already."),
        ("nothing to spell.", "nothing to spell."),
        ("", ""),
    ],
)
def test_parameters_in_backticks_become_flags(message, said):
    assert in_flags(message) == said
    assert in_flags(said) == said


def test_every_flag_is_an_option_of_the_command_line():
    assert set(errors._FLAGS.values()) <= {*MEANINGS, "-m"}


def test_every_parameter_that_a_message_names_can_be_spelled_as_a_flag():
    marked = re.compile(r"`([a-z]\w*)(?:=[^`]*)?`")
    raised = [
        (path, line, name)
        for path in MODULES
        for line, text in texts(path)
        if path.name != "errors.py" and not text.startswith("|")
        for name in marked.findall(text)
    ]
    assert {name for _, _, name in raised} >= {"out", "fresh", "frames", "source_fps"}
    assert [(path.name, line, name) for path, line, name in raised if name not in errors._FLAGS] == []


def test_no_message_of_the_library_names_a_flag():
    named = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in MODULES
        for line, text in texts(path)
        if FLAG.search(text) and not WHOLE_COMMAND.search(text) and path.name not in ("errors.py", "reproduction.py")
    ]
    assert named == []


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (["ssim", "dtw"], "Did you mean ssim?"),
        (["dtw", "ape"], "Known: ape, dtw."),
        ([], "There are none."),
    ],
)
def test_an_unknown_name_is_answered_with_those_that_exist(known, said):
    assert nearest("ssin", known) == said
