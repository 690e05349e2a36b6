"""The secret that distinguishes a user's own files from those of others."""

from __future__ import annotations

import stat
import subprocess
import sys

import pytest

from signbench.user_secret import seal, user_secret


@pytest.fixture
def path(tmp_path, monkeypatch):
    path = tmp_path / "some" / "secret"
    monkeypatch.setenv("SIGNBENCH_SECRET", str(path))
    return path


def test_a_secret_is_created_once_and_only_its_user_can_read_it(path):
    made = user_secret()
    assert made == path.read_bytes() == user_secret()
    assert len(made) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_create_it_at_the_same_time_agree(path):
    program = "from signbench.user_secret import user_secret; print(user_secret().hex())"
    started = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = {process.communicate()[0] for process in started}
    assert said == {f"{path.read_bytes().hex()}\n"}


def test_it_is_stored_in_the_user_s_data_folder_by_default(tmp_path, monkeypatch):
    monkeypatch.delenv("SIGNBENCH_SECRET")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert user_secret() == (tmp_path / "signbench" / "secret").read_bytes()


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_file_that_is_not_a_secret_is_not_overwritten(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    assert user_secret() is None
    assert path.read_bytes() == content


def test_there_is_no_secret_if_nothing_can_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("SIGNBENCH_SECRET", str(tmp_path / "file" / "secret"))
    assert user_secret() is None


def test_parts_are_separated_and_a_seal_needs_the_secret():
    assert seal(b"a", b"xy", b"z") != seal(b"a", b"x", b"yz")
    assert seal(b"a", b"x") != seal(b"b", b"x")
