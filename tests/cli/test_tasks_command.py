from __future__ import annotations

import json
import subprocess
import sys

import pytest

from signbench import shipped
from signbench.cli.main import main
from signbench.metrics import registry
from signbench.tasks.loading import known, task
from signbench.tasks.sheet import GRANTS, LENGTHS
from tests.cli.program import environment


@pytest.fixture
def signbench(monkeypatch, capsys):
    """Runs ``signbench WORDS`` in this process: exit code, standard output and standard error."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["signbench", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


def test_tasks_are_listed(signbench):
    code, out, _ = signbench("tasks", "list")
    assert code == 0
    assert all(name in out for name in known())
    code, out, _ = signbench("tasks", "list", "--json")
    assert [row["name"] for row in json.loads(out)] == known()


@pytest.mark.parametrize("name", known())
def test_a_task_is_shown_with_all_that_a_submitter_needs(name, signbench):
    found = task(name)
    code, out, _ = signbench("tasks", "show", name)
    assert code == 0
    assert out.startswith(f"{name}, version {found.version}\n")
    assert all(f"{grant}: {GRANTS[grant]}" in out for grant in found.given)
    assert LENGTHS[found.length] in out
    for split in found.splits:
        assert f"{split}" in out
        count = found.clips[split].count
        assert f"{'an unknown number of' if count is None else count} clips of {found.corpus}" in out
    rate = "rate: that of the reference" if found.made.fps is None else f"{found.made.fps:g} frames per second"
    for value in (found.made.size, found.made.joints, found.made.file, rate, found.seed):
        assert value is None or str(value) in out
    for item in found.metrics:
        assert f"  {item.key}: " in out
    assert all(line in out for line in found.open_in_paper)
    assert f"signbench score {name} --predictions DIR" in out
    shown = json.loads(signbench("tasks", "show", name, "--json")[1])
    first, second = shown["example_files"]
    assert f"named by the clip's id: {first} and {second}" in out


def test_a_task_as_json_has_its_fields_protocol_and_directions(signbench):
    found = task("synthsign/text-to-pose")
    shown = json.loads(signbench("tasks", "show", found.name, "--json")[1])
    assert set(type(found).model_fields) < set(shown)
    assert shown["protocol"] == found.protocol().as_json()
    directions = [registry.create(item.metric).direction for item in found.metrics]
    assert [row["direction"] for row in shown["metrics"]] == directions
    assert all(file.endswith(".pose") for file in shown["example_files"])


def test_the_message_for_an_unknown_task_suggests_the_nearest(signbench):
    code, out, err = signbench("tasks", "show", "synthsign/text-to-pos")
    assert (code, out) == (2, "")
    assert "Did you mean synthsign/text-to-pose" in err


@pytest.fixture
def authored(tmp_path, monkeypatch):
    """A task file in the current folder that expects other clips than its corpus has."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tasks/synthsign/text-to-pose.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(shipped.find("tasks", "synthsign/text-to-pose").read_text("utf-8").replace("count: 200", "count: 7"))
    return path


def test_the_clips_that_a_task_expects_are_frozen(authored, signbench):
    assert signbench("tasks", "freeze") == (0, "synthsign/text-to-pose: written\n", "")
    assert "count: 200" in authored.read_text("utf-8")
    assert signbench("tasks", "freeze", "synthsign/text-to-pose") == (0, "synthsign/text-to-pose: unchanged\n", "")
    code, out, _ = signbench("tasks", "freeze", "--json")
    assert (code, json.loads(out)) == (0, [{"task": "synthsign/text-to-pose", "outcome": "unchanged"}])
    code, out, err = signbench("tasks", "freeze", "synthsign/text-to-pos", "--json")
    assert (code, out) == (2, "")
    assert "Did you mean synthsign/text-to-pose?" in err


def test_the_former_module_names_the_command():
    words = [sys.executable, "-m", "signbench.tasks.freeze"]
    ran = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (2, "signbench.tasks.freeze is not a command; use: signbench tasks freeze\n")
