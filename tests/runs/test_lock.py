"""One command at a time works on a run, and a file system without locks is reported."""

from __future__ import annotations

import errno
import fcntl
import subprocess
import sys

import pytest

from signbench.errors import InputError
from signbench.runs import lock
from signbench.runs.folder import RunFolder
from signbench.runs.lock import alone_in
from tests.cli.program import environment

HOLD = """
import sys
from pathlib import Path
from signbench.runs.folder import RunFolder
from signbench.runs.lock import alone_in
with alone_in(RunFolder(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def held(tmp_path):
    """A run's folder that another process works on."""
    folder = RunFolder(tmp_path / "run")
    words = [sys.executable, "-c", HOLD, str(folder.path)]
    process = subprocess.Popen(words, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    folder.run_json.write_text('{"run_version": 1}')
    yield folder, process
    process.kill()
    process.communicate()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(lock, "_PATIENCE", 0.3)


@pytest.mark.parametrize("fresh", [False, True])
def test_a_second_command_is_refused_while_the_first_is_at_work(fresh, held):
    folder, process = held
    said = rf"another command is working on .*run \(process {process.pid} on .*\); wait for it"
    with pytest.raises(InputError, match=said), alone_in(folder, fresh=fresh):
        pass
    assert folder.run_json.exists()
    assert not folder.path.with_name("run.old-1").exists()


def test_a_process_that_was_killed_holds_nothing(held):
    folder, process = held
    process.kill()
    process.wait()
    with alone_in(folder):
        pass
    assert not (folder.path / ".lock").exists()


def test_an_older_run_is_moved_aside_under_its_lock_and_the_new_folder_is_locked(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    folder.run_json.write_text('{"run_version": 1}')
    with alone_in(folder, fresh=True):
        assert [path.name for path in folder.path.iterdir()] == [".lock"]
        with alone_in(folder, fresh=True):  # the scoring of what was generated
            assert (folder.path / ".lock").exists()
    assert list(folder.path.iterdir()) == []
    assert [path.name for path in folder.path.with_name("run.old-1").iterdir()] == ["run.json"]


@pytest.mark.parametrize("kind", ["flock", "lockf"])
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_is_reported_with_a_way_round(number, kind, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(number, "no locks")

    monkeypatch.setattr(fcntl, kind, refuse)
    folder = RunFolder(tmp_path / "run")
    with pytest.raises(InputError, match=r"file system of .* has no locks.* set SIGNBENCH_LOCKS=none"), alone_in(folder):
        pass
    monkeypatch.setenv("SIGNBENCH_LOCKS", "none")
    with alone_in(folder):
        assert folder.path.is_dir()
