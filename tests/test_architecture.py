"""The direction of imports between signbench's modules, and that they form no cycle.

All imports are covered: at the top of a module, inside functions, and for types only (``if TYPE_CHECKING``).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors",),
    (
        *("arithmetic", "compilation", "interruption", "whole_files", "whole_folders", "user_folders", "markup", "networks"),
        *("pages", "progress"),
    ),
    ("documents", "shipped", "spreadsheets", "parquet_files", "pickled_files", "user_secret"),
    ("foreign", "weights", "media", "tables"),
    ("registry",),
    ("corpora",),
    ("extractors", "training"),
    ("judges",),
    ("metrics",),
    ("statistics",),
    ("runs",),
    ("sides",),
    ("tasks",),
    ("predictions",),
    ("generators",),
    ("scoring",),
    ("study", "ci", "sensitivity", "diagnosis"),
    ("report",),
    ("bot", "leaderboard"),
    ("schemas",),
    ("__init__",),
    ("cli",),
    ("__main__",),
)
"""The top modules and packages of signbench, from the bottom up; each may import only those of lower layers."""


def modules(root: Path) -> dict[str, Path]:
    """The modules of a package by their dotted names; a package has its own name."""
    return {
        ".".join((root.name, *(part for part in path.relative_to(root).with_suffix("").parts if part != "__init__"))): path
        for path in sorted(root.rglob("*.py"))
    }


def imported(tree: ast.AST, known: Mapping[str, Path]) -> Iterator[tuple[int, str]]:
    """The line and the name of every known module that a module imports anywhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names if name.name in known)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports name their modules in full"
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                if whole in known or node.module in known:
                    yield node.lineno, whole if whole in known else str(node.module)


def arrows(root: Path) -> dict[str, dict[str, int]]:
    """The modules that each module imports, with the line of an import."""
    known = modules(root)
    return {
        name: {target: line for line, target in imported(ast.parse(path.read_text(encoding="utf-8")), known) if target != name}
        for name, path in known.items()
    }


def circle(graph: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Modules that import each other in a cycle, with the first one repeated at the end; empty if there is no cycle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def top(module: str) -> str:
    """The top module or package of a module."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def against_the_layers(graph: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Imports of a layer that is not below, as sentences."""
    height = {name: number for number, layer in enumerate(LAYERS) for name in layer}
    return [
        f"{module}, line {line} imports {target}: {top(target)} is not below {top(module)}"
        for module, targets in graph.items()
        for target, line in targets.items()
        if top(module) != top(target) and height[top(module)] <= height[top(target)]
    ]


@pytest.fixture(scope="module")
def graph() -> dict[str, dict[str, int]]:
    return arrows(ROOT / "signbench")


ONE_USER = {"yaml": "signbench.documents"}
"""Libraries that only one module may import."""


@pytest.mark.parametrize("library", ONE_USER)
def test_a_library_with_one_home_is_imported_nowhere_else(library):
    users = {
        name
        for name, path in modules(ROOT / "signbench").items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Import) and any(one.name.split(".")[0] == library for one in node.names))
        or (isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == library)
    }
    assert users == {ONE_USER[library]}


def test_every_top_module_and_package_has_a_layer(graph):
    assert sorted({top(module) for module in graph}) == sorted(name for layer in LAYERS for name in layer)


def test_the_page_about_the_architecture_has_these_layers():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", page, re.MULTILINE)
    assert [sorted(re.findall(r"\w+", row)) for row in rows] == [sorted(layer) for layer in LAYERS]


def test_no_modules_import_each_other_in_a_cycle(graph):
    assert circle(graph) == []


def test_every_import_is_of_a_lower_layer(graph):
    assert against_the_layers(graph) == []


@pytest.mark.parametrize("upwards", ["runs.fold>scoring.views", "extractors.cache>metrics.base", "media.pose>corpora.clip"])
def test_an_import_of_a_higher_layer_is_found(upwards):
    lower, upper = (f"signbench.{name}" for name in upwards.split(">"))
    assert len(against_the_layers({lower: {upper: 1}, upper: {}})) == 1
    assert against_the_layers({upper: {lower: 1}, lower: {}}) == []


IMPORTS = {
    "at the top": "from {0} import {1}",
    "of the whole name": "import {0}.{1}",
    "of a name in the module": "from {0}.{1} import thing",
    "in a function": "def work():\n    from {0} import {1}",
    "of types alone": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from {0} import {1}",
}


@pytest.mark.parametrize("line", IMPORTS.values(), ids=IMPORTS.keys())
def test_a_cycle_is_found_with_any_kind_of_import(line, tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "first.py").write_text("from package import second\n", encoding="utf-8")
    (package / "second.py").write_text(line.format("package", "first") + "\n", encoding="utf-8")
    found = circle(arrows(package))
    assert sorted(found[:-1]) == ["package.first", "package.second"]
    assert found[0] == found[-1]
