"""JSON: frames as lists, objects with fields, objects of clips, and OpenPose's folders."""

from __future__ import annotations

import json

import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.media.layouts import layout
from signbench.media.pose_files import container_ids, is_container, is_pose, probe_pose, read_pose
from signbench.media.pose_formats import json_files


def frames(count: int = 3, joints: int = 50, dimensions: int = 3) -> list:
    return np.arange(count * joints * dimensions, dtype=float).reshape(count, joints, dimensions).tolist()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "clip.json"


def save(path, content) -> None:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def test_an_object_names_layout_rate_and_confidence(path):
    confidence = np.linspace(0, 1, 150).reshape(3, 50)
    save(path, {"layout": "pt-50", "fps": 12.5, "points": frames(), "confidence": confidence.tolist(), "text": "x"})
    probe, pose = probe_pose(path), read_pose(path)
    assert (probe.fps, probe.has_confidence, pose.fps, pose.layout) == (12.5, True, 12.5, layout("pt-50"))
    np.testing.assert_array_equal(pose.points[1:], np.array(frames())[1:])
    np.testing.assert_allclose(pose.confidence, confidence, rtol=1e-6)


@pytest.mark.parametrize("nothing", ["[null, null, null]", "[NaN, NaN, NaN]"])
def test_null_and_nan_are_points_that_were_not_seen(nothing, path):
    save(path, json.dumps(frames()).replace("[3.0, 4.0, 5.0]", nothing))
    pose = read_pose(path)
    assert np.argwhere(~pose.seen).tolist() == [[0, 1]]
    assert not pose.points[0, 1].any()


def test_an_object_of_clips_is_the_challenges_dictionary(path):
    save(path, {"a": frames(2, 178), "b": {"poses_3d": frames(3, 178), "text": "x"}})
    assert is_container(path)
    assert container_ids(path) == ["a", "b"]
    assert [read_pose(path, member).frames for member in "ab"] == [2, 3]
    assert read_pose(path, "b").layout is layout("slrtp-178")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("3", "it holds 3, not a list of frames or an object"),
        ({"text": "x", "count": 3}, "none of the fields points, .* but text, count"),
        ({"points": frames(), "data": frames()}, "fields points and data"),
        ([[[1, 2], [3, 4]], [[1, 2]]], "frames are not lists of numbers of equal length"),
        ([[["a", "b"]]], "frames are not lists of numbers"),
        ([], "have the shape 0"),
        ({"points": frames(), "confidence": [[1]]}, r"confidence has the shape \(1, 1\)"),
        ({"points": frames(), "fps": [25, 30]}, "fps is not a single number"),
        ({"points": frames(), "fps": "25"}, "fps is not a single number"),
        ({"points": frames(), "layout": "pt"}, "no key-point layout pt"),
        (frames(2, 178), "declare the layout with `layout`"),
        ({"version": 1.3, "people": []}, r"a single frame by OpenPose; pass the folder with the \*_keypoints\.json"),
        ('{"points": [], "points": []}', "key 'points' twice"),
        ('{"a": [], "a": []}', "key 'a' twice"),
    ],
)
def test_json_that_is_not_a_clip_is_refused(content, message, path):
    save(path, content)
    with pytest.raises(InputError, match=rf"clip\.json: .*{message}") as refusal:
        read_pose(path)
    assert "\n" not in str(refusal.value)


def test_json_beyond_the_limit_is_refused(path, monkeypatch):
    monkeypatch.setattr(json_files, "MOST_BYTES", 100)
    save(path, frames())
    with pytest.raises(MediaError, match=r"JSON up to 100 bytes is supported; use \.npz for larger clips"):
        read_pose(path)


def person(seed: int = 0) -> dict[str, list[float]]:
    random = np.random.Generator(np.random.PCG64(seed))
    counts = {"pose_keypoints_2d": 25, "face_keypoints_2d": 70, "hand_left_keypoints_2d": 21, "hand_right_keypoints_2d": 21}
    return {field: random.uniform(0.1, 1, size=3 * points).round(5).tolist() for field, points in counts.items()} | {
        "pose_keypoints_3d": []
    }


def folder_of(path, people: dict[int, list]) -> None:
    """OpenPose's output: one file per frame."""
    path.mkdir()
    for number, found in people.items():
        save(path / f"clip_{number:012d}_keypoints.json", {"version": 1.3, "people": found})


def test_a_folder_of_openposes_files_is_one_clip(tmp_path):
    path = tmp_path / "clip"
    folder_of(path, {number: [person(number)] for number in range(12)})
    (path / ".DS_Store").touch()
    assert is_pose(path)
    assert not is_container(path)
    probe, pose = probe_pose(path), read_pose(path)
    assert (probe.frames, probe.layout, probe.fps, probe.dimensions) == (12, layout("openpose-137"), None, 2)
    assert probe.has_confidence
    for number in (0, 11):
        expected = np.concatenate([person(number)[field] for field in list(person())[:4]]).reshape(137, 3).astype(np.float32)
        np.testing.assert_array_equal(pose.points[number], expected[:, :2])
        np.testing.assert_array_equal(pose.confidence[number], expected[:, 2])


def test_frames_may_start_anywhere_and_come_in_order_of_their_numbers(tmp_path):
    path = tmp_path / "clip"
    path.mkdir()
    for number in (9, 10, 11):
        save(path / f"take_2_{number}_keypoints.json", {"people": [person(number)]})
    pose = read_pose(path, source_fps=24.0)
    assert pose.fps == 24.0
    assert pose.points[2, 0].tolist() == pytest.approx(person(11)["pose_keypoints_2d"][:2])


def test_what_was_not_found_is_not_seen(tmp_path):
    path = tmp_path / "clip"
    nobody = {field: [0.0] * len(values) for field, values in person().items()}
    folder_of(path, {0: [nobody, person(0)], 1: [], 2: [person(2) | {"hand_left_keypoints_2d": []}]})
    pose = read_pose(path)
    assert pose.points[0, 0].tolist() == pytest.approx(person(0)["pose_keypoints_2d"][:2])
    assert not pose.seen[1].any()
    assert not pose.select(pose.layout.part("left_hand")).seen[2].any()
    assert pose.select(pose.layout.part("right_hand")).seen[2].all()


def test_a_frame_that_shows_several_people_is_refused_by_name(tmp_path):
    folder_of(tmp_path / "clip", {0: [person()], 1: [person(0), person(1)]})
    with pytest.raises(MediaError, match=r"0*1_keypoints\.json shows 2 people; keep the one who signs"):
        read_pose(tmp_path / "clip")


def test_a_point_of_confidence_0_is_not_seen_and_one_above_1_is_capped(tmp_path):
    found = person()
    found["pose_keypoints_2d"][:6] = [3.0, 4.0, 0.0, 5.0, 6.0, 1.03]
    folder_of(tmp_path / "clip", {0: [found]})
    pose = read_pose(tmp_path / "clip")
    assert pose.points[0, :2].tolist() == [[0, 0], [5, 6]]
    assert pose.confidence[0, :2].tolist() == [0, 1]


@pytest.mark.parametrize("extra", ["notes.txt", "clip.json", "sub/x_keypoints.json"])
def test_a_folder_with_other_files_is_not_a_clip(extra, tmp_path):
    folder_of(tmp_path / "clip", {0: [person()]})
    (tmp_path / "clip" / extra).parent.mkdir(exist_ok=True)
    (tmp_path / "clip" / extra).touch()
    assert not is_pose(tmp_path / "clip")


def test_an_empty_folder_is_not_a_clip(tmp_path):
    assert not is_pose(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("clip_000000000004_keypoints.json", {"people": []}, "holds frames 0 to 4, but not frame 2"),
        ("other_000000000001_keypoints.json", {"people": []}, "are both frame 1"),
        ("clip_keypoints.json", {"people": []}, "has no frame number before _keypoints.json"),
        ("clip_000000000001_keypoints.json", "", "clip_000000000001_keypoints.json: it is not JSON"),
        ("clip_000000000001_keypoints.json", [], "does not hold an object"),
        ("clip_000000000001_keypoints.json", {"people": 3}, "has no list of people"),
        ("clip_000000000001_keypoints.json", {"people": [3]}, "has no list of people"),
        (
            "clip_000000000001_keypoints.json",
            {"people": [{"pose_keypoints_2d": [1, 2]}]},
            "pose_keypoints_2d does not hold 25 times x, y",
        ),
        (
            "clip_000000000001_keypoints.json",
            {"people": [{"pose_keypoints_2d": [1, 2, -7] * 25}]},
            "frame 1, joint 0 has the confidence -7",
        ),
    ],
)
def test_a_folder_with_a_bad_frame_is_refused(name, content, message, tmp_path):
    path = tmp_path / "clip"
    folder_of(path, {0: [person()], 1: [person()]})
    save(path / name, content)
    with pytest.raises(MediaError, match=rf"clip: .*{message}"):
        read_pose(path)
