"""``.pt`` files: the SLRTP dictionary, single tensors, and files that try to run code."""

from __future__ import annotations

import os
import pickle
import zipfile

import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.media.layouts import layout
from signbench.media.pose_files import container_ids, is_container, probe_pose, read_pose

torch = pytest.importorskip("torch")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "predictions.pt"


def challenge_clip(frames: int = 4, seed: int = 0):
    return torch.randn(frames, 178, 3, generator=torch.Generator().manual_seed(seed))


def test_the_challenges_dictionary_gives_its_clips_in_order(path):
    clips = {f"0{month}April_2010-{month}": challenge_clip(month + 1, month) for month in range(1, 4)}
    torch.save(
        {name: {"name": name, "text": "t", "gloss": "G", "poses_3d": points, "speaker": "S1"} for name, points in clips.items()},
        path,
    )
    assert is_container(path)
    assert container_ids(path) == list(clips)
    for name, points in clips.items():
        pose = read_pose(path, name)
        np.testing.assert_array_equal(pose.points, points.numpy())
        assert (pose.layout, pose.fps, pose.confidence.all()) == (layout("slrtp-178"), None, True)


def test_a_dictionary_of_tensors_is_read_and_not_changed_by_use(path):
    points = challenge_clip()
    points[1, 2] = torch.nan
    torch.save({"a": points}, path)
    first = read_pose(path, "a")
    first.points[:] = 7
    again = read_pose(path, "a")
    assert not again.seen[1, 2]
    np.testing.assert_array_equal(again.points[0], points[0].numpy())


@pytest.mark.parametrize("legacy", [False, True])
def test_both_of_torchs_file_forms_are_read(legacy, path):
    torch.save({"a": challenge_clip()}, path, _use_new_zipfile_serialization=not legacy)
    np.testing.assert_array_equal(read_pose(path, "a").points, challenge_clip().numpy())


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float64", "int32", "uint8"])
def test_numbers_of_other_types_become_float32(kind, path):
    torch.save(torch.arange(300).reshape(2, 50, 3).remainder(200).to(getattr(torch, kind)), path)
    pose = read_pose(path)
    assert pose.points.dtype == np.float32
    assert pose.points.ravel().tolist() == [offset % 200 for offset in range(300)]


def test_a_single_clip_may_stand_alone_or_under_names(path):
    torch.save(torch.ones(3, 137, 2), path)
    assert not is_container(path)
    assert read_pose(path).layout is layout("openpose-137")
    with pytest.raises(InputError, match="single clip, so there is no clip a in it"):
        read_pose(path, "a")
    confidence = torch.rand(3, 50)
    torch.save({"points": torch.ones(3, 50, 3), "confidence": confidence, "fps": 12.5, "layout": "pt-50"}, path)
    assert not is_container(path)
    pose = read_pose(path)
    assert pose.fps == 12.5
    np.testing.assert_array_equal(pose.confidence, confidence.numpy())


def test_keys_that_are_numbers_are_ids(path):
    torch.save({3: challenge_clip(), 1: challenge_clip()}, path)
    assert container_ids(path) == ["3", "1"]


def test_keys_that_read_the_same_are_refused(path):
    torch.save({1: challenge_clip(), "1": challenge_clip()}, path)
    with pytest.raises(InputError, match="has the key 1 twice"):
        container_ids(path)


class Treacherous:
    """Its pickle calls a function."""

    def __init__(self, call, *arguments):
        self.call, self.arguments = call, arguments

    def __reduce__(self):
        return self.call, self.arguments


@pytest.mark.parametrize("legacy", [False, True])
def test_a_pickle_that_calls_a_function_is_refused_and_not_run(legacy, path, tmp_path):
    trap = tmp_path / "trap"
    torch.save({"a": Treacherous(os.mkdir, str(trap))}, path, _use_new_zipfile_serialization=not legacy)
    for use in (is_container, container_ids, probe_pose, read_pose):
        with pytest.raises(MediaError, match=r"its pickle calls posix\.mkdir, but no code from a file is executed") as refusal:
            use(path)
        assert "\n" not in str(refusal.value)
        assert refusal.value.exit_code == 2
    assert not trap.exists()


def test_a_plain_pickle_that_calls_a_function_is_refused_and_not_run(path, tmp_path):
    trap = tmp_path / "trap"
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        path.write_bytes(pickle.dumps({"a": Treacherous(os.mkdir, str(trap))}, protocol))
        with pytest.raises(MediaError, match="its pickle"):
            read_pose(path)
    assert not trap.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "holds something of the type list, not a tensor or a dictionary"),
        ({}, "holds an empty dictionary"),
        ({(1, 2): torch.zeros(2, 50, 3)}, r"key \(1, 2\), which is not an id"),
        (torch.zeros(4, 50), "shape 4 x 50, not frames x joints x 2 or 3"),
        (torch.zeros(0, 50, 3), "holds no frames"),
        (torch.zeros(4, 50, 4), "shape 4 x 50 x 4"),
        (torch.zeros(4, 17, 3), "no layout has 17 joints"),
        (torch.zeros(4, 178, 2, dtype=torch.complex64), "kind torch.strided torch.complex64"),
        (torch.zeros(4, 178, 2, dtype=torch.bool), "kind torch.strided torch.bool"),
        (torch.zeros(4, 50, 3).to_sparse(), "kind torch.sparse_coo"),
        # a tensor of a few bytes that claims thousands of gigabytes
        (torch.zeros(1).expand(10**9, 178, 3), "claim the shape 1000000000 x 178 x 3"),
        (torch.zeros(1).expand(2, 10**8, 3), "claim the shape 2 x 100000000 x 3"),
    ],
    ids=lambda value: "" if isinstance(value, str) else None,
)
def test_something_other_than_a_clip_is_refused(content, message, path):
    torch.save(content, path)
    with pytest.raises(InputError, match=message):
        read_pose(path)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("text", r"predictions\.pt \[a\]: its entry is something of the type str, not a tensor"),
        ({"text": "x"}, "its entry has no tensor under points, poses_3d, .* but the fields text"),
        ({"poses_3d": [1.0]}, "its entry has no tensor under"),
        ({"poses_3d": torch.zeros(2, 178, 3), "points": torch.zeros(2, 178, 3)}, "fields points and poses_3d; keep the one"),
        ({"poses_3d": torch.zeros(2, 178, 3), "confidence": 0.5}, "confidence is something of the type float, not a tensor"),
        ({"poses_3d": torch.zeros(2, 178, 3), "confidence": torch.ones(3, 178)}, r"confidence has the shape \(3, 178\)"),
        ({"poses_3d": torch.zeros(2, 178, 3), "fps": "fast"}, "fps is not a single number"),
        ({"poses_3d": torch.zeros(2, 178, 3), "fps": -25}, "frame rate of -25"),
        ({"poses_3d": torch.zeros(2, 178, 3), "layout": "slrtp"}, r"no key-point layout slrtp\. Did you mean slrtp-178"),
    ],
)
def test_an_entry_that_is_not_a_clip_is_refused_by_its_id(entry, message, path):
    torch.save({"a": entry, "b": challenge_clip()}, path)
    with pytest.raises(InputError, match=message):
        read_pose(path, "a")
    assert read_pose(path, "b").frames == 4


def test_a_compressed_archive_is_refused(path, tmp_path):
    torch.save({"a": torch.zeros(1000, 178, 3)}, tmp_path / "plain.pt")
    with zipfile.ZipFile(tmp_path / "plain.pt") as plain, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for entry in plain.namelist():
            packed.writestr(entry, plain.read(entry))
    with pytest.raises(MediaError, match="compressed archive"):
        read_pose(path, "a")


def test_an_archive_that_is_truncated_is_refused(path):
    torch.save({"a": challenge_clip()}, path)
    content = path.read_bytes()
    for kept in range(1, len(content), 97):
        path.write_bytes(content[:kept])
        with pytest.raises(MediaError):
            read_pose(path, "a")


def test_a_tensor_that_stands_for_more_numbers_than_the_file_holds_is_refused_before_they_are_made(path):
    torch.save({"a": torch.zeros(1, 1, 1).expand(4000, 178, 3), "b": challenge_clip()}, path)
    assert path.stat().st_size < 20_000
    with pytest.raises(MediaError, match=r"\[a\]: its tensor \(4000, 178, 3\) represents more numbers than the file holds"):
        read_pose(path, "a")
    assert read_pose(path, "b").frames == 4


def test_a_part_of_a_larger_tensor_is_read(path):
    whole = challenge_clip(8)
    torch.save({"a": whole[2:5], "b": whole.transpose(0, 1).transpose(0, 1)}, path)
    np.testing.assert_array_equal(read_pose(path, "a").points, whole[2:5].numpy())


def test_a_flipped_byte_in_the_numbers_is_noticed(path):
    torch.save({"a": challenge_clip()}, path)
    content = bytearray(path.read_bytes())
    offset = bytes(content).index(challenge_clip().numpy().tobytes()) + 100
    content[offset] ^= 1
    path.write_bytes(content)
    with pytest.raises(MediaError, match=r"it is damaged: \S+/data/0 in its archive does not match its checksum"):
        container_ids(path)


def test_files_that_torch_wrote_without_checksums_are_read(path):
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({"a": challenge_clip()}, path)
    finally:
        torch.serialization.set_crc32_options(before)
    np.testing.assert_array_equal(read_pose(path, "a").points, challenge_clip().numpy())
