"""Folders that appear complete or not at all, whatever happens while they are written."""

from __future__ import annotations

import subprocess
import sys

import pytest

from signbench.whole_folders import whole_folder

WRITER = """
import pathlib, sys
from signbench.whole_folders import whole_folder
with whole_folder(pathlib.Path("out")) as folder:
    (folder / "index.html").write_text("half")
    print("begun", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def writer(tmp_path):
    """A process that has written part of a folder and waits."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "begun\n"
    yield process
    process.kill()
    process.communicate()


def write(folder):
    with whole_folder(folder) as begun:
        (begun / "index.html").write_text("whole")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_leftovers_of_a_killed_process_are_removed_by_the_next_folder_of_that_name(writer, tmp_path):
    writer.kill()
    writer.communicate()
    (left,) = names(tmp_path)
    assert left.startswith(".out.") and left.endswith(".part")
    write(tmp_path / "another")
    assert names(tmp_path) == [left, "another"]
    write(tmp_path / "out")
    assert names(tmp_path) == ["another", "out"]
    assert (tmp_path / "out" / "index.html").read_text() == "whole"


def test_a_folder_that_another_process_is_writing_stays(writer, tmp_path):
    (begun,) = names(tmp_path)
    write(tmp_path / "out")
    assert names(tmp_path) == [begun, "out"]
    writer.communicate("")
    # the other one finds a folder that is not empty, and replaces nothing
    assert names(tmp_path) == ["out"]
    assert (tmp_path / "out" / "index.html").read_text() == "whole"


def test_other_folders_with_similar_names_stay(tmp_path):
    for name in (".out.notes", ".out.part", ".out.mine.part"):
        (tmp_path / name).mkdir()
    write(tmp_path / "out")
    assert names(tmp_path) == [".out.mine.part", ".out.notes", ".out.part", "out"]
