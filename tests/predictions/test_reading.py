from __future__ import annotations

import json
import unicodedata

import cv2
import numpy as np
import pytest

from signbench.corpora.clip import Clip, Side
from signbench.corpora.recordings import FrameArray
from signbench.errors import InputError
from signbench.media.layouts import Layout
from signbench.media.pose import Pose
from signbench.media.pose_files import write_pose
from signbench.media.video_writer import write_video
from signbench.predictions.checking import check_predictions
from signbench.predictions.reading import read_predictions
from signbench.tasks.references import task_references
from tests.clips import moving_square
from tests.tasks.tiny import FRAMES, HEIGHT, IDS, WIDTH, points, tiny_task

pytestmark = pytest.mark.usefixtures("tiny_corpus")


def video(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_video(path, iter(moving_square(FRAMES, HEIGHT, WIDTH)), 25)


def problems(folder, task=None, clips=None):
    task = task or tiny_task()
    references = task_references(task, "test")
    return check_predictions(task, references.side, read_predictions(task, folder), clips or references.clips)


@pytest.mark.parametrize(
    "pattern",
    ["{}.mkv", "test/{}.mkv", "{}.MKV"],
)
def test_files_are_found_by_id_also_below_a_folder_of_their_split(pattern, tmp_path):
    for name in IDS["test"]:
        video(tmp_path / f"{name}.mkv")
        target = tmp_path / pattern.format(name)
        target.parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.mkv").rename(target)
    side = read_predictions(tiny_task(), tmp_path)
    assert list(side.clips) == IDS["test"]
    assert problems(tmp_path) == []


def test_files_next_to_the_clips_that_are_not_clips_are_ignored(tmp_path):
    for name in IDS["test"]:
        video(tmp_path / f"{name}.mkv")
        write_pose(tmp_path / f"{name}.pose", points())
    for name in ("README.md", "clips.csv", ".DS_Store", "Thumbs.db", "manifest-0.jsonl", "log.txt"):
        (tmp_path / name).write_text("nothing")
    assert problems(tmp_path) == []
    assert problems(tmp_path, tiny_task("pose")) == []


def test_either_unicode_form_of_a_name_is_its_id(tmp_path, monkeypatch):
    ids = [unicodedata.normalize("NFC", "Grüße"), "a"]
    for name in ids:
        video(tmp_path / f"{unicodedata.normalize('NFD', name)}.mkv")
    task = tiny_task()
    clips = {name: Clip(name, video=FrameArray(moving_square(FRAMES, HEIGHT, WIDTH), name, 25.0)) for name in ids}
    side = read_predictions(task, tmp_path)
    assert check_predictions(task, Side("references", clips), side, sorted(ids)) == []


def test_a_manifest_names_files_as_it_likes(tmp_path):
    lines = []
    for number, name in enumerate(IDS["test"]):
        video(tmp_path / "made" / f"{number}.mkv")
        lines.append(json.dumps({"id": name, "file": f"made/{number}.mkv", "seed": number}))
    (tmp_path / "manifest.jsonl").write_text("\n".join(lines))
    side = read_predictions(tiny_task(), tmp_path)
    assert [clip.video.label for clip in side.clips.values()] == [str(tmp_path / "made" / f"{number}.mkv") for number in range(4)]
    assert problems(tmp_path) == []


def test_a_clip_that_our_generator_failed_on_is_missing_with_its_reason(tmp_path):
    for name in IDS["test"][1:]:
        video(tmp_path / f"{name}.mkv")
    (tmp_path / "failures.jsonl").write_text(json.dumps({"id": "test-0001", "reason": "out of memory."}) + "\n")
    assert [str(problem) for problem in problems(tmp_path)] == [
        "clip test-0001: there is no video of it, as its generator failed (out of memory); make test-0001.mkv."
    ]


def test_frames_without_a_rate_have_the_tasks(tmp_path):
    for name in IDS["test"]:
        (tmp_path / name).mkdir()
        for number, frame in enumerate(moving_square(FRAMES, HEIGHT, WIDTH)):
            cv2.imwrite(str(tmp_path / name / f"{number}.png"), frame[..., ::-1])
    assert read_predictions(tiny_task(), tmp_path).clips["test-0001"].video.probe(None).fps == 25
    assert problems(tmp_path) == []


def test_arrays_without_rate_and_names_of_joints_are_read_by_the_tasks(tmp_path):
    for name in IDS["test"]:
        np.save(tmp_path / f"{name}.npy", points().points)
    task = tiny_task("pose")
    pose = read_predictions(task, tmp_path).clips["test-0001"].pose.pose(None)
    assert (pose.layout.name, pose.fps) == ("coco-wholebody-133", 25.0)
    assert problems(tmp_path, task) == []


def test_a_container_of_many_clips_is_a_folder_of_its_own(tmp_path):
    import torch

    path = tmp_path / "all.pt"
    torch.save({f"test/{name}": torch.from_numpy(points().points) for name in IDS["test"]}, path)
    task = tiny_task("pose")
    assert list(read_predictions(task, path).clips) == IDS["test"]
    assert problems(path, task) == []


def test_clips_of_the_split_that_a_subset_leaves_out_are_not_too_many(tmp_path):
    for name in IDS["test"]:
        video(tmp_path / f"{name}.mkv")
    assert problems(tmp_path, clips=("test-0001",)) == []


def test_predictions_in_memory_are_checked_as_well():
    task = tiny_task()
    references = task_references(task, "test")
    clips = {name: Clip(name, video=FrameArray(moving_square(FRAMES, HEIGHT, WIDTH + 2), name, 25.0)) for name in IDS["test"][1:]}
    found = check_predictions(task, references.side, Side("predictions", clips), references.clips)
    assert [(problem.kind, problem.clip) for problem in found] == [
        ("missing", "test-0001"),
        *(("size", name) for name in IDS["test"][1:]),
    ]


@pytest.mark.parametrize(("length", "frames", "found"), [("equal", 9, ["length"]), ("truncate", 9, []), ("resample", 9, [])])
def test_lengths_are_held_to_the_tasks_rule(length, frames, found, tmp_path):
    for name in IDS["test"]:
        write_pose(tmp_path / f"{name}.pose", points(frames=frames if name == "test-0003" else FRAMES))
    assert [problem.kind for problem in problems(tmp_path, tiny_task("pose", length=length))] == found


def test_more_joints_than_required_are_accepted(tmp_path):
    plain = points()
    more = Layout("coco-wholebody-133-and-one", (*plain.layout.joints, "hat"), (*plain.layout.parts, "body"))
    longer = Pose(np.pad(plain.points, ((0, 0), (0, 1), (0, 0))), np.pad(plain.confidence, ((0, 0), (0, 1))), more, 25.0)
    for name in IDS["test"]:
        write_pose(tmp_path / f"{name}.npz", longer)
    assert problems(tmp_path, tiny_task("pose")) == []


def test_a_reference_that_cannot_be_read_is_not_blamed_on_the_prediction(tmp_path):
    task = tiny_task()
    for name in IDS["test"]:
        video(tmp_path / "made" / f"{name}.mkv")
        video(tmp_path / "copy" / f"{name}.mkv")
    (tmp_path / "copy" / "test-0002.mkv").write_bytes(b"")
    references = task_references(task, "test", tmp_path / "copy")
    (found,) = check_predictions(task, references.side, read_predictions(task, tmp_path / "made"), references.clips)
    assert str(found) == (
        f"clip test-0002 ({tmp_path / 'copy' / 'test-0002.mkv'}): its reference cannot be used, as the file is empty (0 bytes); "
        "correct the references."
    )


def test_a_link_in_a_circle_is_walked_once(tmp_path):
    for name in IDS["test"]:
        video(tmp_path / f"{name}.mkv")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert problems(tmp_path) == []


def test_no_folder_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_predictions(tiny_task(), tmp_path / "none")
