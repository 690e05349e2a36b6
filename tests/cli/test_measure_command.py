from __future__ import annotations

import csv
import io
import json
import unicodedata

import pytest

from signbench.media.pose_files import write_pose
from signbench.media.video_writer import write_video
from tests.cli.program import signbench
from tests.clips import damaged_video, moving_square, pose_sides, swaying_pose, video_sides
from tests.patience import PATIENCE

pytestmark = pytest.mark.end_to_end

HEAVY = """
import sys
sys.argv = ["signbench", "--help"]
try:
    from signbench.cli.main import main
    main()
except SystemExit:
    heavy = ("torch", "numba", "cv2", "av", "pandas", "pyarrow", "scipy", "numpy")
    print([name for name in heavy if name in sys.modules])
"""
BESIDE = {"metric", "value", "interval", "unit", "direction", "clips", "coverage", "signature"}


def refused(ran, code, *words):
    """One message, no traceback, the right exit code, nothing on standard output."""
    assert ran.returncode == code, ran.stderr
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr
    for word in words:
        assert word in ran.stderr
    return ran.stderr


def test_measure_prints_a_table_and_keeps_a_run_which_results_prints_in_every_form(tmp_path):
    references, predictions = video_sides(tmp_path, clips=10)
    words = ["measure", references, predictions, "-m", "ssim", "-m", "tcd:range=byte"]
    ran = signbench(*words, folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "metric:ssim|" in ran.stdout
    run = next((tmp_path / "runs").iterdir())
    assert f"run: runs/{run.name}" in ran.stderr
    again = signbench(*words, "--json", folder=tmp_path)
    printed = json.loads(again.stdout)
    assert [score["metric"] for score in printed["scores"]] == ["ssim", "tcd:range=byte"]
    assert all(set(score) >= BESIDE for score in printed["scores"])
    assert printed["run"] == f"runs/{run.name}"
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [run.name]
    value = printed["scores"][0]["value"]
    forms = {form: signbench("results", run, "--format", form) for form in ("table", "json", "csv", "markdown", "latex")}
    assert {ran.returncode for ran in forms.values()} == {0}
    assert json.loads(forms["json"].stdout)["scores"] == printed["scores"]
    assert float(next(csv.DictReader(io.StringIO(forms["csv"].stdout)))["value"]) == value
    assert f"{value:.4f}" in forms["table"].stdout
    assert forms["markdown"].stdout.startswith("| metric |")
    assert r"\begin{tabular}" in forms["latex"].stdout


def test_key_points_of_two_lengths_are_measured_as_requested(tmp_path):
    sides = pose_sides(tmp_path, clips=2, longer=5)
    ran = signbench("measure", *sides, "-m", "dtw", "-m", "duration-ratio", "--json", folder=tmp_path)
    scores = {score["metric"]: score for score in json.loads(ran.stdout)["scores"]}
    assert scores["duration-ratio"]["value"] == pytest.approx(17 / 12)
    assert scores["dtw"]["seen"] == 1.0
    assert "no interval: fewer than 10 clips" in ran.stderr
    stopped = signbench("measure", *sides, "-m", "ape", folder=tmp_path)
    refused(stopped, 2, "clip_000", "12 frames", "17", "--frames", "1 more")
    went = signbench("measure", *sides, "-m", "ape:normalise=shoulders", "--frames", "resample", "--json", folder=tmp_path)
    assert json.loads(went.stdout)["scores"][0]["duration_ratio"] == pytest.approx(17 / 12)


def test_paths_with_spaces_umlauts_and_other_letters_are_read(tmp_path):
    names = ["Häuser größer", "знак 1", "手話", "it's; $(x) & y"]
    for side, form in (("refer ences ä", "NFC"), ("пред", "NFD")):
        for index, name in enumerate(names):
            folder = tmp_path / unicodedata.normalize(form, side)
            folder.mkdir(exist_ok=True)
            write_video(folder / f"{unicodedata.normalize(form, name)}.mkv", iter(moving_square(seed=index)), 25)
            write_pose(folder / f"{unicodedata.normalize(form, name)}.pose", swaying_pose(seed=index))
    sides = tmp_path / unicodedata.normalize("NFC", "refer ences ä"), tmp_path / "пред"
    ran = signbench("measure", *sides, "-m", "l1", "-m", "ape", "--out", tmp_path / "läufe 1", "--json")
    assert ran.returncode == 0, ran.stderr
    assert [score["value"] for score in json.loads(ran.stdout)["scores"]] == [0.0, 0.0]


@pytest.mark.parametrize("kind", ["zero bytes", "truncated", "text", "sound", "picture"])
def test_files_that_are_not_videos_are_refused_by_name_before_the_work_starts(tmp_path, kind):
    references, predictions = video_sides(tmp_path, clips=3)
    bad = predictions / "clip_001.mkv"
    if kind == "sound":
        bad.unlink()
        bad = predictions / "clip_001.mp4"
        _sound(bad)
    elif kind == "truncated":
        bad.write_bytes(bad.read_bytes()[: bad.stat().st_size // 2])
    elif kind == "picture":
        import cv2

        bad.write_bytes(cv2.imencode(".png", moving_square()[0])[1].tobytes())
    else:
        bad.write_bytes(b"" if kind == "zero bytes" else b"this is not a video\n" * 50)
    message = refused(signbench("measure", references, predictions, "-m", "l1", "--out", "run", folder=tmp_path), 2, bad.name)
    assert message.count("\n") <= 2
    assert not (tmp_path / "run").exists()


def _sound(path):
    import av
    import numpy as np

    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def test_a_damaged_video_fails_its_clip_and_the_exit_code_is_incomplete(tmp_path):
    references, predictions = video_sides(tmp_path, clips=3, frames=30)
    damaged_video(predictions / "clip_001.mkv")
    ran = signbench("measure", references, predictions, "-m", "l1", "--out", "run", "--json", folder=tmp_path)
    assert ran.returncode == 3
    score = json.loads(ran.stdout)["scores"][0]
    assert (score["clips"], score["missing"][0]["clip"]) == (2, "clip_001")
    assert "clip_001.mp4" in ran.stderr
    assert signbench("results", "run", folder=tmp_path).returncode == 3
    assert json.loads((tmp_path / "run" / "run.json").read_text())["exit_code"] == 3


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["-m", "sim"], 2, "ssim"),
        (["-m", "ssim:windw=uniform"], 2, "window"),
        (["-m", "l1", "--frames", "stretch"], 2, "resample"),
        (["-m", "l1", "--size", "big"], 2, "WIDTHxHEIGHT"),
        (["-m", "l1", "--limit", "0"], 2, "--limit"),
        (["-m", "l1", "--clips", "nobody"], 2, "nobody"),
        (["-m", "l1", "--out", "a-file"], 2, "a-file"),
        (["-m", "l1", "--out", "/proc/run"], 2, "/proc/run"),
        (["-m", "l1", "--out", "other"], 2, "not a run folder"),
        (["-m", "ape"], 2, "key points"),
        (["-m", "l1", "--layout", "mediapipe"], 2, "mediapipe-178"),
        (["-m", "l1", "--fps", "-1"], 2, "--fps"),
        ([], 2, "-m"),
    ],
)
def test_wrong_use_is_reported_in_a_sentence(tmp_path, words, code, said):
    sides = video_sides(tmp_path, clips=1)
    (tmp_path / "a-file").write_text("")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("precious")
    refused(signbench("measure", *sides, *words, folder=tmp_path), code, said)
    assert (tmp_path / "other" / "thesis.txt").read_text() == "precious"


def test_an_empty_folder_is_exit_4_and_a_missing_one_exit_2(tmp_path):
    (tmp_path / "empty").mkdir()
    references, _ = video_sides(tmp_path, clips=1)
    refused(signbench("measure", references, tmp_path / "empty", "-m", "l1"), 4, "empty")
    refused(signbench("measure", references, tmp_path / "nowhere", "-m", "l1"), 2, "nowhere")


def test_a_pickle_that_tries_to_run_code_is_refused_and_does_not_run(tmp_path):
    import pickle

    class Attack:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    references, _ = pose_sides(tmp_path, clips=1)
    (tmp_path / "attack.pt").write_bytes(pickle.dumps({"clip_000": Attack()}))
    refused(signbench("measure", references, tmp_path / "attack.pt", "-m", "ape"), 2, "attack.pt")
    assert not (tmp_path / "ran").exists()


def test_an_id_that_tries_to_leave_the_folder_is_refused(tmp_path):
    import torch

    references, _ = pose_sides(tmp_path, clips=1)
    torch.save({"../../etc/passwd": torch.zeros(4, 178, 3)}, tmp_path / "predictions.pt")
    refused(signbench("measure", references, tmp_path / "predictions.pt", "-m", "ape"), 2, "out of its folder")


def test_a_full_disk_ends_with_a_sentence_and_keeps_the_records(tmp_path):
    """A limit on file size simulates a full disk."""
    import resource
    import subprocess
    import sys

    from tests.cli.program import environment

    sides = video_sides(tmp_path, clips=6)
    words = [sys.executable, "-m", "signbench", "measure", *map(str, sides), "-m", "l1", "--out", "run", "--workers", "1"]

    def small_files():
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    ran = subprocess.run(
        words,
        cwd=tmp_path,
        env=environment(),
        preexec_fn=small_files,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    refused(ran, 2, "run")
    resumed = signbench(*words[3:], folder=tmp_path)
    assert resumed.returncode == 0, resumed.stderr


def test_help_is_quick_to_import_and_every_command_has_one():
    import subprocess
    import sys

    from tests.cli.program import environment

    for words in (
        [],
        ["measure"],
        ["results"],
        ["metrics"],
        ["metrics", "show"],
        ["corpora", "export"],
        ["doctor"],
        ["signature", "diff"],
    ):
        ran = signbench(*words, "--help")
        assert ran.returncode == 0
        assert "Usage" in ran.stdout
    ran = subprocess.run(
        [sys.executable, "-c", HEAVY], env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ran.stdout.strip().splitlines()[-1] == "[]"
