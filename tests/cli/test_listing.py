"""Lists of metrics, generators and judges when a class of another package cannot be loaded."""

from __future__ import annotations

import json
import os

import pytest

from tests.cli import program
from tests.cli.program import signbench


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """An installed package whose classes are missing."""
    site = tmp_path / "site"
    (site / "others-1.dist-info").mkdir(parents=True)
    (site / "others-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1\n")
    groups = ("metrics", "generators", "judges")
    points = "".join(f"[signbench.{group}]\nbroken = others_module:Nothing\n" for group in groups)
    (site / "others-1.dist-info" / "entry_points.txt").write_text(points)
    (site / "others_module.py").write_text("")
    before = program.environment
    monkeypatch.setattr(program, "environment", lambda: {**before(), "PYTHONPATH": f"{site}{os.pathsep}{before()['PYTHONPATH']}"})
    return tmp_path


@pytest.mark.parametrize("group", ["metrics", "generators", "judges"])
def test_what_cannot_be_loaded_is_listed_with_the_reason_and_hides_nothing_else(group, broken):
    listed = signbench(group, "list", "--json", folder=broken)
    assert listed.returncode == 0, listed.stderr
    rows = {row["name"]: row for row in json.loads(listed.stdout)}
    assert "broken of others_module:Nothing cannot be imported: AttributeError" in rows["broken"]["error"]
    # a model that is not trained yet says so in its row
    assert [name for name, row in rows.items() if "are not present" not in row.get("error", "are not present")] == ["broken"]
    printed = signbench(group, "list", folder=broken)
    assert printed.returncode == 0
    assert "broken" in printed.stdout
    assert "Traceback" not in listed.stderr + printed.stderr
