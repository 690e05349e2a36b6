"""Distributions: the wheel, the source distribution, and signbench as installed from the wheel in another folder."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from signbench.shipped import KINDS
from tests.patience import PATIENCE

pytestmark = pytest.mark.end_to_end

ROOT = Path(__file__).parents[1]


def build(source: Path, out: Path, target: str) -> Path:
    subprocess.run([sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", out], cwd=source, check=True)
    (built,) = out.iterdir()
    return built


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def files_below(folder: Path) -> set[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel"), "wheel")


@pytest.fixture(scope="module")
def source_distribution(tmp_path_factory) -> Path:
    """The unpacked source distribution."""
    packed = build(ROOT, tmp_path_factory.mktemp("sdist"), "sdist")
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    return unpacked


@pytest.fixture(scope="module")
def site(wheel, tmp_path_factory) -> Path:
    """A folder into which only the wheel was installed, without a network."""
    folder = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--no-deps", "--no-index", "--no-compile", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", folder, wheel], check=True)
    return folder


@pytest.fixture
def elsewhere(site, tmp_path):
    """Runs Python in an empty folder, with the installed signbench in front of the checkout."""

    def run(*arguments: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(site)}
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("kind", KINDS)
def test_the_wheel_contains_the_data_under_shipped(kind, wheel):
    expected = {f"signbench/shipped/{kind}/{name}" for name in files_below(ROOT / kind)}
    assert expected
    assert expected <= contents(wheel)


def test_the_wheel_contains_the_complete_typed_package_and_nothing_else(wheel):
    inside = contents(wheel)
    assert {f"signbench/{name}" for name in files_below(ROOT / "signbench")} <= inside
    assert "signbench/py.typed" in inside
    assert {name.split("/")[0].partition("-")[0] for name in inside} == {"signbench"}
    assert [name for name in inside if name.endswith("/licenses/LICENSE")]
    assert not [name for name in inside if "tests" in name.split("/") or name.endswith(".pyc")]


def test_the_source_distribution_is_complete_and_builds_the_same_wheel(source_distribution, wheel, tmp_path):
    unpacked = files_below(source_distribution)
    for folder in ("signbench", "tests", "docs", "benchmarks", ".ci", *KINDS):
        assert {f"{folder}/{name}" for name in files_below(ROOT / folder)} <= unpacked
    assert {"Makefile", "requirements.lock", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"} <= unpacked
    assert contents(build(source_distribution, tmp_path, "wheel")) == contents(wheel)


def test_installed_elsewhere_it_finds_its_data(elsewhere, site):
    code = "import signbench, signbench.shipped as s; print(signbench.__file__, *(s.find(kind) for kind in s.KINDS), sep='\\n')"
    package, *folders = elsewhere("-c", code).splitlines()
    assert Path(package) == site / "signbench/__init__.py"
    assert [Path(folder) for folder in folders] == [site / "signbench/shipped" / kind for kind in KINDS]


def test_installed_elsewhere_the_program_prints_its_help(elsewhere):
    assert "measure" in elsewhere("-m", "signbench", "--help")


def test_installed_elsewhere_it_measures_without_changing_the_installation(elsewhere, site):
    before = files_below(site)
    code = """
import numpy as np
import signbench

def main():
    frames = np.random.default_rng(5).integers(0, 200, (3, 16, 16, 3), dtype=np.uint8)
    result = signbench.measure([frames], [frames + np.uint8(51)], metrics=["l1"])
    print(result["l1"].value)

if __name__ == "__main__":
    main()
"""
    assert float(elsewhere("-c", code)) == pytest.approx(0.2, abs=1e-6)
    assert files_below(site) == before
