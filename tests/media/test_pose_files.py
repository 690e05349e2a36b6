"""Reading key points whatever the format: one interface, one rule for missing points, and errors that name the file."""

from __future__ import annotations

import json
import os
import random
from dataclasses import replace

import numpy as np
import pytest

from signbench.errors import InputError, MediaError, SignbenchError
from signbench.media import pose_files
from signbench.media.layouts import Layout, layout
from signbench.media.pose import Pose
from signbench.media.pose_files import POSE_SUFFIXES, container_ids, is_container, is_pose, probe_pose, read_pose, write_pose

torch = pytest.importorskip("torch")


def some_pose(name: str = "pt-50", frames: int = 5, dimensions: int = 3, fps: float | None = 25.0, seed: int = 0) -> Pose:
    """Random key points, some of which are not seen."""
    random_numbers = np.random.Generator(np.random.PCG64(seed))
    known = layout(name)
    points = random_numbers.normal(100, 50, size=(frames, len(known.joints), dimensions)).astype(np.float32)
    confidence = random_numbers.uniform(0, 1, size=points.shape[:2]).astype(np.float32)
    confidence[random_numbers.uniform(size=confidence.shape) < 0.2] = 0
    points[confidence == 0] = 0
    return Pose(points, confidence, known, fps)


def equal(one: Pose, other: Pose) -> bool:
    """Whether two clips are bit-identical."""
    arrays = one.points.tobytes() == other.points.tobytes() and one.confidence.tobytes() == other.confidence.tobytes()
    return arrays and one.points.shape == other.points.shape and one.layout == other.layout and one.fps == other.fps


def line(points: np.ndarray, counter: np.ndarray | None = None) -> str:
    """A clip as a line of a .skels file."""
    frames = len(points)
    column = np.arange(frames) / frames if counter is None else counter
    return " ".join(f"{value:.9g}" for value in np.concatenate([points.reshape(frames, -1), column[:, None]], axis=1).ravel())


def write_every_format(folder, pose: Pose) -> dict[str, tuple]:
    """One clip in each format: label -> (path, member)."""
    folder.mkdir(exist_ok=True)
    write_pose(folder / "clip.pose", pose)
    write_pose(folder / "clip.npz", pose)
    np.save(folder / "clip.npy", pose.points)
    torch.save(torch.from_numpy(pose.points), folder / "single.pt")
    torch.save(
        {"a": torch.from_numpy(pose.points), "b": {"poses_3d": torch.from_numpy(pose.points), "text": "x"}}, folder / "many.pt"
    )
    (folder / "many.skels").write_text(f"{line(pose.points)}\n{line(pose.points)}\n", encoding="utf-8")
    (folder / "single.json").write_text(json.dumps(pose.points.tolist()), encoding="utf-8")
    (folder / "many.json").write_text(json.dumps({"a": pose.points.tolist()}), encoding="utf-8")
    return {
        ".pose": (folder / "clip.pose", None),
        ".npz": (folder / "clip.npz", None),
        ".npy": (folder / "clip.npy", None),
        ".pt, one": (folder / "single.pt", None),
        ".pt, many": (folder / "many.pt", "a"),
        ".pt, fields": (folder / "many.pt", "b"),
        ".skels": (folder / "many.skels", "1"),
        ".json, one": (folder / "single.json", None),
        ".json, many": (folder / "many.json", "a"),
    }


FORMATS = [".pose", ".npz", ".npy", ".pt, one", ".pt, many", ".pt, fields", ".skels", ".json, one", ".json, many"]


def all_seen(frames: int = 5) -> Pose:
    """Key points as stored in formats without confidence."""
    pose = some_pose(frames=frames)
    return Pose(np.where(pose.points == 0, np.float32(1), pose.points), np.ones_like(pose.confidence), pose.layout, pose.fps)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_gives_the_same_numbers_back(kind, tmp_path):
    pose = all_seen()
    path, member = write_every_format(tmp_path, pose)[kind]
    read = read_pose(path, member)
    assert (read.points.dtype, read.confidence.dtype) == (np.float32, np.float32)
    np.testing.assert_array_equal(read.points, pose.points)
    np.testing.assert_array_equal(read.confidence, pose.confidence)
    assert read.layout == pose.layout
    assert read.points.flags.writeable


@pytest.mark.parametrize("kind", FORMATS)
def test_the_probe_says_what_reading_gives(kind, tmp_path):
    path, member = write_every_format(tmp_path, all_seen())[kind]
    probe, read = probe_pose(path, member), read_pose(path, member)
    assert (probe.frames, probe.layout, probe.fps, probe.dimensions) == (read.frames, read.layout, read.fps, 3)
    assert probe.has_confidence == (kind in (".pose", ".npz"))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_declared_rate_overrides_the_files_own(kind, tmp_path):
    path, member = write_every_format(tmp_path, all_seen())[kind]
    assert read_pose(path, member, source_fps=30.0).fps == 30.0
    assert read_pose(path, member).fps == (25.0 if kind in (".pose", ".npz", ".skels") else None)


@pytest.mark.parametrize("kind", [".npy", ".pt, one", ".pt, many", ".pt, fields", ".json, one", ".json, many"])
def test_a_file_without_names_takes_the_declared_layout(kind, tmp_path):
    mine = Layout("mine", tuple(f"joint_{offset}" for offset in range(50)), ("body",) * 50)
    path, member = write_every_format(tmp_path, all_seen())[kind]
    assert probe_pose(path, member, mine).layout is mine
    assert read_pose(path, member, mine).layout is mine
    with pytest.raises(MediaError, match="holds 50 joints, but the layout openpose-137 has 137"):
        read_pose(path, member, layout("openpose-137"))


@pytest.mark.parametrize("kind", [".pose", ".npz", ".skels"])
def test_a_file_that_names_its_joints_keeps_them(kind, tmp_path):
    path, member = write_every_format(tmp_path, all_seen())[kind]
    assert read_pose(path, member, layout("openpose-137")).layout == layout("pt-50")


@pytest.mark.parametrize("kind", [".npy", ".pt, one", ".pt, many", ".pt, fields", ".json, one", ".json, many"])
def test_where_there_is_no_confidence_a_point_of_nothing_but_nan_is_not_seen(kind, tmp_path):
    pose = all_seen()
    pose.points[1, 3] = np.nan
    pose.points[2, 4, 1] = np.nan
    pose.points[2, 5, 0] = np.inf
    path, member = write_every_format(tmp_path, pose)[kind]
    read = read_pose(path, member)
    assert np.argwhere(~read.seen).tolist() == [[1, 3]]
    assert not read.points[1, 3].any()
    with pytest.raises(MediaError, match=r"frame 2, joint left_wrist is seen.* 2 points are affected"):
        read.check_finite()


@pytest.mark.parametrize("suffix", [".pose", ".npz"])
@pytest.mark.parametrize("name", ["mediapipe-178", "slrtp-178", "pt-50", "coco-wholebody-133", "dwpose-134", "openpose-137"])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_what_is_written_is_read_back_to_the_bit(suffix, name, dimensions, tmp_path):
    for fps in (25.0, 12.5, 29.97, None):
        pose = some_pose(name, dimensions=dimensions, fps=fps)
        write_pose(tmp_path / f"clip{suffix}", pose)
        assert equal(read_pose(tmp_path / f"clip{suffix}"), pose)


@pytest.mark.parametrize("suffix", [".pose", ".npz"])
def test_a_selection_of_joints_in_any_order_is_read_back(suffix, tmp_path):
    pose = some_pose("openpose-137").select(["left_pinky_4", "nose", "right_hand_root", "neck", "face_3"])
    write_pose(tmp_path / f"clip{suffix}", pose)
    read = read_pose(tmp_path / f"clip{suffix}")
    assert (read.layout.joints, read.layout.parts) == (pose.layout.joints, pose.layout.parts)
    np.testing.assert_array_equal(read.points, pose.points)


@pytest.mark.parametrize("suffix", [".pose", ".npz"])
def test_points_that_are_not_numbers_are_written_as_they_are(suffix, tmp_path):
    pose = all_seen()
    pose.points[1, 2] = [np.nan, np.inf, -np.inf]
    write_pose(tmp_path / f"clip{suffix}", pose)
    assert equal(read_pose(tmp_path / f"clip{suffix}"), pose)


@pytest.mark.parametrize("suffix", [".pose", ".npz"])
def test_equal_key_points_give_equal_bytes(suffix, tmp_path):
    for name in ("one", "other"):
        write_pose(tmp_path / f"{name}{suffix}", some_pose())
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"other{suffix}").read_bytes()


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "clip.npz"
    write_pose(path, some_pose())
    before = path.read_bytes()

    def full(*_arguments, **_fields):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(InputError, match=r"clip\.npz cannot be written: No space left"):
        write_pose(path, some_pose(seed=1))
    assert [child.name for child in tmp_path.iterdir()] == ["clip.npz"]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "message"), [("clip.json", r"written as \.pose or \.npz"), ("missing/clip.npz", "cannot be written: No such file")]
)
def test_what_cannot_be_written_is_refused(name, message, tmp_path):
    with pytest.raises(InputError, match=message):
        write_pose(tmp_path / name, some_pose())


def test_key_points_without_frames_are_not_written(tmp_path):
    with pytest.raises(MediaError, match="no frames"):
        write_pose(tmp_path / "clip.npz", some_pose(frames=0))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.pose", True),
        ("a.POSE", True),
        ("a.b.npz", True),
        ("a.skels", True),
        ("a.files", False),
        ("a.mp4", False),
        ("pose", False),
        (".pt", False),
    ],
)
def test_key_points_are_known_by_their_suffix(name, expected, tmp_path):
    assert is_pose(tmp_path / name) is expected


def test_containers_are_known_by_what_they_hold(tmp_path):
    files = write_every_format(tmp_path, all_seen())
    assert {kind for kind, (path, _) in files.items() if is_container(path)} == {
        ".pt, many",
        ".pt, fields",
        ".skels",
        ".json, many",
    }
    assert container_ids(files[".pt, many"][0]) == ["a", "b"]
    assert container_ids(files[".skels"][0]) == ["0", "1"]
    assert container_ids(files[".json, many"][0]) == ["a"]


@pytest.mark.parametrize("kind", [".pt, many", ".skels"])
def test_a_clip_of_a_container_must_be_named_and_exist(kind, tmp_path):
    path, _ = write_every_format(tmp_path, all_seen())[kind]
    with pytest.raises(InputError, match="holds 2 clips; name one"):
        read_pose(path)
    with pytest.raises(InputError, match=r"\[c\]: it holds no clip c\. Known: "):
        read_pose(path, "c")


@pytest.mark.parametrize("kind", [".pose", ".npz", ".npy", ".pt, one", ".json, one"])
def test_a_single_clip_is_not_a_container(kind, tmp_path):
    path, _ = write_every_format(tmp_path, all_seen())[kind]
    with pytest.raises(MediaError, match="single clip, not a container"):
        container_ids(path)


def test_a_container_is_loaded_once_and_again_when_it_changes(tmp_path, monkeypatch):
    loads = []
    load = torch.load
    monkeypatch.setattr(torch, "load", lambda *arguments, **options: loads.append(1) or load(*arguments, **options))
    path = tmp_path / "many.pt"
    torch.save({name: torch.zeros(3, 178, 3) for name in "abc"}, path)
    for member in container_ids(path):
        assert probe_pose(path, member).frames == read_pose(path, member).frames == 3
    assert len(loads) == 1
    torch.save({name: torch.zeros(4, 178, 3) for name in "abc"}, path)
    assert read_pose(path, "b").frames == 4
    assert len(loads) == 2


@pytest.mark.parametrize("suffix", POSE_SUFFIXES)
@pytest.mark.parametrize(
    "content",
    [b"this is text, not key points\n" * 40, bytes(5000), b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9],
    ids=["text", "zeros", "image"],
)
def test_a_file_of_another_kind_is_refused_by_name(suffix, content, tmp_path):
    path = tmp_path / f"clip{suffix}"
    path.write_bytes(content)
    member = "0" if suffix == ".skels" else None
    for use in (probe_pose, read_pose):
        with pytest.raises(MediaError, match=r"clip\.\w+") as refusal:
            use(path, member)
        assert "\n" not in str(refusal.value)
        assert refusal.value.exit_code == 2


@pytest.mark.parametrize("suffix", POSE_SUFFIXES)
def test_an_empty_file_is_refused(suffix, tmp_path):
    path = tmp_path / f"clip{suffix}"
    path.touch()
    for use in (probe_pose, read_pose, container_ids):
        with pytest.raises(MediaError, match=r"clip\.\w+: the file is empty"):
            use(path)


@pytest.mark.parametrize("suffix", POSE_SUFFIXES)
def test_a_file_that_is_not_there_is_refused(suffix, tmp_path):
    with pytest.raises(MediaError, match=r"clip\.\w+ does not exist"):
        read_pose(tmp_path / f"clip{suffix}")


def test_a_file_of_unknown_kind_is_refused(tmp_path):
    path = tmp_path / "clip.poses"
    path.write_bytes(b"1")
    with pytest.raises(MediaError, match=r"\.poses is not a suffix of key-point files\. Did you mean \.pose"):
        read_pose(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path):
    write_pose(tmp_path / "clip.npz", some_pose())
    (tmp_path / "clip.npz").chmod(0)
    with pytest.raises(MediaError, match="cannot be read: Permission denied"):
        read_pose(tmp_path / "clip.npz")


def test_names_with_spaces_umlauts_and_other_letters_work(tmp_path):
    pose = some_pose()
    for name in ("größe 1", "gro\u0308ße 2", "手語", "приве́т"):
        write_pose(tmp_path / f"{name}.pose", pose)
        assert equal(read_pose(tmp_path / f"{name}.pose"), pose)


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The content truncated, with bits flipped, bytes inserted, or a run of zeros."""
    wounded = bytearray(content)
    offset = chance.randrange(len(wounded))
    match chance.randrange(5):
        case 0:
            del wounded[offset:]
        case 1:
            wounded[offset] ^= 1 << chance.randrange(8)
        case 2:
            wounded[chance.randrange(min(300, len(wounded)))] = chance.randrange(256)
        case 3:
            wounded[offset:offset] = chance.randbytes(chance.randrange(1, 40))
        case _:
            wounded[offset : offset + 64] = bytes(len(wounded[offset : offset + 64]))
    return bytes(wounded)


def attempt(use, path, *member):
    """The result of a function, or None if it refuses the file with one line that names it."""
    try:
        return use(path, *member)
    except SignbenchError as error:
        message = str(error)
    assert "\n" not in message
    assert path.name in message
    return None


def try_to_read(path) -> None:
    """Reads everything in a file; any problem with it must be reported as an error of signbench."""
    many = attempt(is_container, path)
    members = [None] if many is False else attempt(container_ids, path) or []
    for member in members:
        probe, read = attempt(probe_pose, path, member), attempt(read_pose, path, member)
        if read is not None:
            assert (probe.frames, probe.layout) == (read.frames, read.layout)


@pytest.mark.parametrize("kind", FORMATS)
def test_damage_to_a_file_always_gives_an_error_of_signbench(kind, tmp_path):
    chance = random.Random(kind)
    path, _ = write_every_format(tmp_path / "whole", all_seen(frames=3))[kind]
    content = path.read_bytes()
    for count in range(60):
        victim = tmp_path / f"{count}{path.suffix}"
        victim.write_bytes(damaged(content, chance))
        try_to_read(victim)


def test_damage_to_real_files_always_gives_an_error_of_signbench(real_data, tmp_path):
    chance = random.Random(0)
    for source in sorted(real_data.rglob("*.pose"))[::6]:
        content = source.read_bytes()
        for count in range(25):
            victim = tmp_path / f"{source.stem}-{count}.pose"
            victim.write_bytes(damaged(content, chance))
            try_to_read(victim)


@pytest.mark.parametrize("suffix", [suffix for suffix in POSE_SUFFIXES if suffix != ".skels"])
def test_every_truncation_of_a_file_is_refused(suffix, tmp_path):
    whole = {path.suffix: path for path, _ in write_every_format(tmp_path / "whole", all_seen(frames=2)).values()}[suffix]
    content = whole.read_bytes()
    for kept in sorted({*range(0, 200, 7), *range(200, len(content) - 1, 331), len(content) - 1}):
        path = tmp_path / f"cut{suffix}"
        path.write_bytes(content[:kept])
        with pytest.raises(SignbenchError):
            read_pose(path, container_ids(path)[0] if is_container(path) else None)


def test_the_reader_has_a_revision():
    assert isinstance(pose_files.READER_REVISION, int)
    assert pose_files.READER_REVISION >= 1


@pytest.mark.parametrize("fps", [1000.5, 90_000.0, -25.0, float("inf"), float("nan")])
def test_a_rate_beyond_the_bounds_that_options_have_is_refused(tmp_path, fps):
    path = tmp_path / "a.npz"
    np.savez(path, points=np.ones((3, 50, 3), np.float32), confidence=np.ones((3, 50), np.float32), fps=np.array(fps))
    with pytest.raises(MediaError, match="a rate must be above 0 and at most 1000"):
        probe_pose(path)


def test_the_bounds_themselves_are_rates_and_0_is_none(tmp_path):
    for fps, read in ((1000.0, 1000.0), (0.5, 0.5), (0.0, None)):
        path = tmp_path / "a.npz"
        np.savez(path, points=np.ones((3, 50, 3), np.float32), confidence=np.ones((3, 50), np.float32), fps=np.array(fps))
        assert probe_pose(path).fps == read


def test_files_with_the_same_joints_keep_their_own_size_rate_and_length(tmp_path):
    made = {}
    for index, (joints, frames, fps) in enumerate([("pt-50", 3, 25.0), ("pt-50", 5, 12.5), ("coco-wholebody-133", 2, 30.0)] * 2):
        path = tmp_path / f"{index}.pose"
        made[path] = (joints, frames, fps, (100 + index, 50 + index))
        write_pose(path, replace(some_pose(joints, frames, fps=fps), picture=made[path][3]))
    for path, (joints, frames, fps, picture) in made.items():
        probe = probe_pose(path)
        assert (probe.layout.name, probe.frames, probe.fps, probe.picture) == (joints, frames, fps, picture)
        assert read_pose(path).layout.name == joints
