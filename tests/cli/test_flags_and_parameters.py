"""The same mistake, made from Python and from the command line: each message uses the names of its interface."""

from __future__ import annotations

import sys

import pytest

import signbench
from signbench.cli.main import main
from signbench.errors import in_flags
from signbench.media.video_writer import write_video
from tests.clips import moving_square, video_sides


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A current folder with two sides, one of other lengths, one of other sizes, and files and folders that are not runs."""
    references, _ = video_sides(tmp_path, clips=2)
    for name, frames, side in (("short", 5, 32), ("small", 8, 16)):
        (tmp_path / name).mkdir()
        for path in references.iterdir():
            write_video(tmp_path / name / path.name, iter(moving_square(frames, side * 3 // 4, side)), 25)
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("no run")
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text("one text\n")
    (tmp_path / "table.csv").write_text("clip,text\na,one text\n")
    monkeypatch.chdir(tmp_path)
    return references.name


@pytest.fixture
def command(monkeypatch, capsys):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["signbench", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr().err

    return run


CASES = [
    (None, {"metrics": ()}, [], "`metrics=NAME`", "-m NAME"),
    ("short", {}, [], "`frames='truncate'`", "--frames truncate"),
    ("small", {}, [], "`size`", "--size"),
    (None, {"limit": 0}, ["--limit", "0"], "`limit`", "--limit"),
    (None, {"clips": ["nobody"]}, ["--clips", "nobody"], "`clips`", "--clips"),
    (None, {"fps": -1.0}, ["--fps", "-1"], "`fps`", "--fps"),
    (None, {"source_fps": 0.0}, ["--source-fps", "0"], "`source_fps`", "--source-fps"),
    (None, {"device": "cuda:99"}, ["--device", "cuda:99"], "`device='cpu'`", "--device cpu"),
    (None, {"out": "file"}, ["--out", "file"], "`out`", "--out"),
    (None, {"out": "full"}, ["--out", "full"], "`out`", "--out"),
    (None, {"out": "full", "fresh": True}, ["--out", "full", "--fresh"], "`fresh=True`", "--fresh"),
]


@pytest.mark.parametrize(("predictions", "given", "words", "from_python", "from_the_command_line"), CASES)
def test_an_error_names_parameters_from_python_and_flags_from_the_command_line(
    folder, command, predictions, given, words, from_python, from_the_command_line
):
    sides = folder, predictions or folder
    with pytest.raises(signbench.InputError) as raised:
        signbench.measure(*sides, **{"metrics": "l1", **given})
    assert from_python in str(raised.value)
    assert " --" not in str(raised.value)
    code, said = command("measure", *sides, *(() if "metrics" in given else ("-m", "l1")), *words)
    assert code == 2
    assert said == f"signbench: {in_flags(str(raised.value))}\n"
    assert from_the_command_line in said
    assert "`" not in said


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("sides", "given", "words", "from_python", "from_the_command_line"),
    [
        (("a.txt", "b.txt"), {"id_column": "x"}, ["--id", "x"], "`id_column` and `text_column`", "--id and --text"),
        (("table.csv", "table.csv"), {}, [], "`id_column=COLUMN`", "--id COLUMN"),
    ],
)
def test_errors_about_tables_of_texts_do_so_too(command, sides, given, words, from_python, from_the_command_line):
    with pytest.raises(signbench.InputError) as raised:
        signbench.measure(*sides, metrics="chrf", **given)
    assert from_python in str(raised.value)
    code, said = command("measure", *sides, "-m", "chrf", *words)
    assert code == 2
    assert from_the_command_line in said
