"""The study's rooms: data flows through them in one direction, and no module imports in a circle."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STUDY = ROOT / "signbench" / "study"
ROOMS = ("sheets", "judging", "scores", "planning", "report")
"""In the direction of the data: a room may import from the rooms before it."""
BELOW = {"settings", "blank_answers"}
"""What every room may import."""
ABOVE = {"importing", "scoring"}
"""What joins several rooms into one command; no room imports them."""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(STUDY.rglob("*.py"))}


def imported_by(path: Path) -> set[str]:
    """Modules of the study that a file imports anywhere: at its head, inside functions, and for types only."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & set(MODULES)


IMPORTS = {name: imported_by(path) for name, path in MODULES.items()}


def room_of(module: str) -> str:
    return module.split(".")[2]


def allowed(module: str) -> set[str]:
    """Rooms and modules of the study that a module may import from."""
    own = room_of(module)
    if own in ROOMS:
        return BELOW | set(ROOMS[: ROOMS.index(own) + 1])
    return BELOW if own in BELOW else BELOW | set(ROOMS)


@pytest.mark.parametrize("module", sorted(name for name in MODULES if name.count(".") > 1))
def test_a_module_imports_from_its_own_room_and_those_before_it(module):
    assert room_of(module) in {*ROOMS, *BELOW, *ABOVE}
    assert {room_of(name) for name in IMPORTS[module]} <= allowed(module)


def test_no_module_imports_in_a_circle():
    try:
        TopologicalSorter(IMPORTS).prepare()
    except CycleError as error:
        pytest.fail(f"these import each other: {error.args[1]}")
