"""SynthSign's export: complete files under their clips' names, never overwriting other files."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from signbench.corpora.synthsign import SynthSign, export
from signbench.errors import InputError

CORPUS = SynthSign()


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_an_export_reads_back_as_the_clips(tmp_path: Path) -> None:
    from signbench.media.pose_files import read_pose
    from signbench.media.video import probe_video, read_frames

    assert export(CORPUS, "test", tmp_path / "new" / "folder", size=64, limit=2) == ["test-0001", "test-0002"]
    folder = tmp_path / "new" / "folder"
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == [
        "test-0001.mkv",
        "test-0001.pose",
        "test-0002.mkv",
        "test-0002.pose",
    ]
    probe = probe_video(folder / "test-0002.mkv", None)
    frames = np.concatenate(list(read_frames(folder / "test-0002.mkv", probe=probe, positions=np.arange(probe.frames), size=None)))
    assert np.array_equal(frames, np.stack(list(CORPUS.frames("test-0002", size=64))))
    pose, expected = read_pose(folder / "test-0002.pose"), CORPUS.pose("test-0002")
    assert pose.fps == 25
    assert np.abs(pose.points[expected.seen][:, :2] - expected.points[expected.seen]).max() < 1e-3
    assert pose.confidence == pytest.approx(expected.confidence, abs=1e-3)


def test_a_repeated_export_writes_nothing(tmp_path: Path) -> None:
    export(CORPUS, "dev", tmp_path, size=64, limit=2)
    before = contents(tmp_path)
    assert export(CORPUS, "dev", tmp_path, size=64, limit=2) == ["dev-0001", "dev-0002"]
    assert contents(tmp_path) == before


def test_an_export_that_was_killed_continues(tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def kill(done: int, total: int) -> None:
        if done == 1:
            raise Killed

    with pytest.raises(Killed):
        export(CORPUS, "dev", tmp_path, media=["pose"], limit=3, progress=kill)
    ledger = tmp_path / ".synthsign.jsonl"
    with ledger.open("a") as stream:
        stream.write('{"file": "dev-00')
    before = contents(tmp_path)
    export(CORPUS, "dev", tmp_path, media=["pose"], limit=3)
    after = contents(tmp_path)
    assert after["dev-0001.pose"] == before["dev-0001.pose"]
    assert {"dev-0002.pose", "dev-0003.pose"} <= set(after)
    export(CORPUS, "dev", tmp_path, media=["pose"], limit=3)
    assert contents(tmp_path) == after


def test_unfinished_files_of_a_killed_export_are_removed_and_other_files_stay(tmp_path: Path) -> None:
    clip = SynthSign().ids("test")[0]
    left = [f".partial-{clip}.mkv", f"..partial-{clip}.pose.4711.part", ".0123456789abcdef.part"]
    others = [".hidden", "notes.part", ".mine.part"]
    for name in (*left, *others):
        (tmp_path / name).write_bytes(b"x")
    export(SynthSign(), "test", tmp_path, limit=1, media=["pose"])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([".synthsign.jsonl", f"{clip}.pose", *others])


def test_progress_counts_clips(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    export(CORPUS, "dev", tmp_path, media=["pose"], limit=2, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(0, 2), (1, 2), (2, 2)]


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    export(CORPUS, "dev", tmp_path, media=["pose"], limit=1)
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["dev-0001.pose", "dev-0002.pose"])
def test_an_unknown_file_with_a_clips_name_stops_the_export_before_it_writes(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"foreign")
    with pytest.raises(InputError, match=f"holds {name}, which the export did not write"):
        export(CORPUS, "dev", tmp_path, media=["pose"], limit=2)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == b"foreign"


def test_a_clip_that_was_changed_is_not_overwritten(tmp_path: Path) -> None:
    export(CORPUS, "dev", tmp_path, media=["pose"], limit=1)
    with (tmp_path / "dev-0001.pose").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(InputError, match=r"holds dev-0001\.pose, which the export did not write"):
        export(CORPUS, "dev", tmp_path, media=["pose"], limit=1)


def test_another_take_does_not_go_into_the_same_folder(tmp_path: Path) -> None:
    export(CORPUS, "dev", tmp_path, media=["pose"], limit=1)
    with pytest.raises(InputError, match=r"of another export .*take 0.*; choose another folder"):
        export(CORPUS, "dev", tmp_path, media=["pose"], limit=2, take=1)


def test_a_table_is_written_when_requested(tmp_path: Path) -> None:
    export(CORPUS, "dev", tmp_path, media=["pose"], limit=2, table=True)
    with (tmp_path / "clips.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    sentence = CORPUS.sentence("dev-0002")
    assert [row["id"] for row in rows] == ["dev-0001", "dev-0002"]
    assert rows[1] == {
        "id": "dev-0002",
        "file": "dev-0002.pose",
        "text": sentence.text,
        "gloss": " ".join(sentence.gloss),
        "signer": sentence.signer,
        "fps": "25",
    }


def test_the_ledger_names_each_file_with_its_digest(tmp_path: Path) -> None:
    export(CORPUS, "dev", tmp_path, media=["pose"], limit=1)
    (entry,) = [json.loads(line) for line in (tmp_path / ".synthsign.jsonl").read_text().splitlines() if line]
    assert entry["sha256"] == hashlib.sha256((tmp_path / "dev-0001.pose").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"split": "tests"}, "no split tests"),
        ({"media": ["poses"]}, "exports no poses.*pose"),
        ({"media": []}, "nothing to export: name some of video"),
        ({"size": 32}, "64 to 576 px"),
        ({"take": -1}, "not -1"),
        ({"limit": 0}, "a limit at least 1"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_written(tmp_path: Path, wrong: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        export(CORPUS, wrong.pop("split", "dev"), tmp_path / "out", **wrong)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        export(CORPUS, "dev", tmp_path / "out", media=["pose"])


@pytest.mark.parametrize(
    ("media", "files"),
    [
        (["motion"], {"dev-0001.npz"}),
        (["rendering:hamer", "pose"], {"dev-0001.mkv", "dev-0001.pose"}),
        (["pose", "motion"], {"pose/dev-0001.pose", "motion/dev-0001.npz"}),
        (
            ["video", "rendering:pose", "rendering:smplx"],
            {"video/dev-0001.mkv", "rendering-pose/dev-0001.mkv", "rendering-smplx/dev-0001.mkv"},
        ),
    ],
)
def test_no_folder_holds_two_videos_or_two_sets_of_key_points_of_a_clip(tmp_path: Path, media: list[str], files: set[str]) -> None:
    from signbench.sides.folder import read_side

    export(CORPUS, "dev", tmp_path, size=64, limit=1, media=media)
    found = [path for path in tmp_path.rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert {path.relative_to(tmp_path).as_posix() for path in found} == files
    for folder in {path.parent for path in found}:
        assert list(read_side(folder).clips) == ["dev-0001"]


def test_an_exported_motion_reads_back_as_rotations_and_as_joints(tmp_path: Path) -> None:
    from signbench.media.motion import read_motion
    from signbench.media.pose_files import read_pose

    export(CORPUS, "word-test", tmp_path, limit=1, media=["motion"])
    expected = CORPUS.motion("word-test-0001")
    read = read_motion(tmp_path / "word-test-0001.npz")
    assert np.array_equal(read.rotations, expected.rotations)
    assert np.array_equal(read.translation, expected.translation)
    joints = read_pose(tmp_path / "word-test-0001.npz")
    assert (joints.layout.name, joints.fps) == ("smplx-55", 25)
    assert np.array_equal(joints.points, expected.pose().points)
