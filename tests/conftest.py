"""Settings of all tests: their order, and access to real data."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.browser import chromium

_TESTS = Path(__file__).parent


def _round(item: pytest.Item) -> int:
    """0 for tests of one unit, 1 for comparisons with reference implementations, 2 for those that start the program."""
    if item.get_closest_marker("end_to_end") is not None:
        return 2
    return 1 if item.path.is_relative_to(_TESTS / "parity") else 0


def in_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Quick files first. A file is not split and is ordered by its slowest kind, because one worker runs all of it."""
    rounds: dict[Path, int] = {}
    for item in items:
        rounds[item.path] = max(rounds.get(item.path, 0), _round(item))
    return sorted(items, key=lambda item: rounds[item.path])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = in_order(items)


@pytest.fixture(scope="session", autouse=True)
def _folders_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keeps tests, and programs that they start, from the user's weights and cache of observations."""
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("SIGNBENCH_WEIGHTS", "SIGNBENCH_CACHE"):
            patch.setenv(variable, str(tmp_path_factory.mktemp(variable.lower())))
        patch.setenv("SIGNBENCH_SECRET", str(tmp_path_factory.mktemp("signbench_secret") / "secret"))
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("configuration")))
        for variable in ("SIGNBENCH_CACHE_LIMIT", "SIGNBENCH_CORPORA"):
            patch.delenv(variable, raising=False)
        yield


def _folder_named_by(variable: str) -> Path:
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} names no folder")
    folder = Path(value)
    assert folder.is_dir(), f"{variable} is {value}, which is not a folder"
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium, shared by the tests of a file."""
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with recordings of real signing."""
    return _folder_named_by("SIGNBENCH_REAL_DATA")


@pytest.fixture(scope="session")
def papers() -> Path:
    """Folder with the text of the papers whose metrics and models signbench implements."""
    return _folder_named_by("SIGNBENCH_PAPERS")
