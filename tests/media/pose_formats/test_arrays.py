"""NumPy files: names of fields, claimed sizes, and objects that would have to be unpickled."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.media.layouts import Layout, layout
from signbench.media.pose import Pose
from signbench.media.pose_files import probe_pose, read_pose, write_pose


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "clip.npz"


@pytest.mark.parametrize("field", ["points", "keypoints", "pose", "data", "poses_3d"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_the_coordinates_may_have_any_of_the_usual_names(field, save, path):
    save(path, **{field: ones(4, 50, 3), "text": np.array("not of interest")})
    assert read_pose(path).layout is layout("pt-50")


def test_the_other_fields_are_confidence_rate_and_layout(path):
    confidence = np.linspace(0, 1, 4 * 178, dtype=np.float64).reshape(4, 178)
    np.savez(path, points=ones(4, 178, 2), confidence=confidence, fps=np.array([30]), layout="mediapipe-178")
    probe, pose = probe_pose(path), read_pose(path)
    assert probe.layout is pose.layout is layout("mediapipe-178")
    assert probe.fps == pose.fps == 30.0
    assert probe.has_confidence
    np.testing.assert_array_equal(pose.confidence, confidence.astype(np.float32))
    assert not pose.points[0, 0].any()


@pytest.mark.parametrize("kind", ["float16", "float64", "int16", "uint8", ">f4"])
def test_numbers_of_other_types_become_float32(kind, path):
    values = np.arange(300).reshape(2, 50, 3) % 250 % 100
    np.savez(path, points=values.astype(kind))
    pose = read_pose(path)
    assert pose.points.dtype == np.float32
    np.testing.assert_array_equal(pose.points, values)


def test_numbers_beyond_float32_are_refused_as_points_and_not_cut(path):
    values = np.ones((2, 50, 3))
    values[1, 4] = 1e300
    np.savez(path, points=values)
    with pytest.raises(MediaError, match="frame 1, joint left_wrist is seen"):
        read_pose(path).check_finite()


def test_a_layout_that_is_custom_is_kept_with_its_name(path):
    mine = Layout("mine", ("a", "b"), ("face", "left_hand"))
    pose = Pose(ones(3, 2, 2), ones(3, 2), mine, None)
    write_pose(path, pose)
    assert read_pose(path).layout == mine
    assert probe_pose(path).layout == mine


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"poses": ones(4, 50, 3)}, "none of the fields points, poses_3d, keypoints, pose, data, rotations, but poses"),
        ({"points": ones(4, 50, 3), "data": ones(4, 50, 3)}, "fields points and data; keep the one"),
        ({"points": ones(4, 50)}, "shape 4 x 50, not frames x joints"),
        ({"points": ones(4, 1, 50, 3)}, "shape 4 x 1 x 50 x 3"),
        ({"points": ones(0, 50, 3)}, "holds no frames"),
        ({"points": ones(4, 0, 3)}, "holds no joints"),
        ({"points": np.array(1.0)}, "shape a single number"),
        ({"points": ones(4, 50, 3).astype(complex)}, "coordinates are of the type complex64|complex128"),
        ({"points": ones(4, 50, 3) > 0}, "coordinates are of the type bool"),
        ({"points": ones(4, 50, 3).astype(str)}, "coordinates are of the type <U"),
        ({"points": np.full((4, 50, 3), None)}, "holds Python objects, which would have to be unpickled"),
        ({"points": ones(4, 50, 3), "confidence": np.full((4, 50), None)}, "holds Python objects"),
        ({"points": ones(4, 50, 3), "layout": np.array(None)}, "holds Python objects"),
        (
            {"points": ones(4, 50, 3), "confidence": ones(4, 51)},
            r"confidence has the shape \(4, 51\), but it holds 4 frames of 50 joints",
        ),
        ({"points": ones(4, 50, 3), "confidence": ones(4, 50) * 200}, "frame 0, joint 0 has the confidence 200"),
        ({"points": ones(4, 50, 3), "picture": np.array([640.0, 360.0])}, "picture is not the width and height"),
        ({"points": ones(4, 50, 3), "picture": np.array([640, 0])}, "picture is not the width and height"),
        ({"points": ones(4, 50, 3), "fps": np.array([1.0, 2.0])}, "fps is not a single number"),
        ({"points": ones(4, 50, 3), "fps": np.nan}, "frame rate of nan"),
        ({"points": ones(4, 50, 3), "layout": "pt-5O"}, r"no key-point layout pt-5O\. Did you mean pt-50"),
        ({"points": ones(4, 50, 3), "layout": np.array([1, 2])}, "layout is not the name of a layout"),
        ({"points": ones(4, 50, 3), "layout": "openpose-137"}, "holds 50 joints, but the layout openpose-137 has 137"),
        ({"points": ones(4, 2, 3), "layout": "mine", "joints": ["a", "b"]}, "parts is not a list of names"),
        (
            {"points": ones(4, 2, 3), "layout": "mine", "joints": ["a", "b"], "parts": ["body", "tail"]},
            "parts does not say body, face",
        ),
        ({"points": ones(4, 2, 3), "layout": "mine", "joints": ["a", "a"], "parts": ["body", "body"]}, "has two joints named a"),
        ({"points": ones(4, 178, 3)}, "can be mediapipe-178 or slrtp-178; declare the layout with `layout`"),
    ],
)
def test_an_archive_that_holds_no_clip_is_refused(fields, message, path):
    np.savez(path, allow_pickle=True, **fields)
    with pytest.raises(InputError, match=rf"clip\.npz: .*{message}") as refusal:
        read_pose(path)
    assert "\n" not in str(refusal.value)


def claiming(shape: tuple[int, ...], kind: str = "<f4") -> bytes:
    """An array's header without the numbers that it claims."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": kind, "fortran_order": False, "shape": shape})
    return stream.getvalue()


@pytest.mark.parametrize("field", ["points", "confidence", "layout"])
@pytest.mark.parametrize("shape", [(10**12, 50, 3), (2**62, 2**62, 3), (10**10, 50)])
def test_a_claim_to_hold_more_than_any_clip_costs_nothing(field, shape, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        if field != "points":
            stream = io.BytesIO()
            np.save(stream, ones(4, 50, 3))
            archive.writestr("points.npy", stream.getvalue())
        archive.writestr(f"{field}.npy", claiming(shape, "<U1" if field == "layout" else "<f4") + bytes(10**6))
    with pytest.raises(MediaError, match=r"shape|claims"):
        read_pose(path)


def test_an_array_file_holds_one_clip(tmp_path):
    path = tmp_path / "clip.npy"
    np.save(path, np.asfortranarray(np.arange(4 * 137 * 2).reshape(4, 137, 2)))
    pose = read_pose(path)
    assert pose.layout is layout("openpose-137")
    assert pose.points[1, 0].tolist() == [274, 275]
    assert pose.points.flags.c_contiguous


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.full((2, 50, 3), None), "holds Python objects"),
        (ones(2, 50), "shape 2 x 50"),
        (ones(2, 178, 3), "declare the layout with `layout`"),
        (ones(2, 50, 3) > 0, "type bool"),
    ],
)
def test_an_array_that_is_not_a_clip_is_refused(array, message, tmp_path):
    np.save(tmp_path / "clip.npy", array, allow_pickle=True)
    with pytest.raises(InputError, match=message):
        read_pose(tmp_path / "clip.npy")


@pytest.mark.parametrize("shape", [(10**9, 50, 3), (2, 10**9, 3), (-1, 50, 3)])
def test_an_array_file_that_claims_more_than_it_holds_is_refused(shape, tmp_path):
    (tmp_path / "clip.npy").write_bytes(claiming(shape) + bytes(600))
    with pytest.raises(MediaError, match="shape"):
        read_pose(tmp_path / "clip.npy")


@pytest.mark.parametrize("change", [-4, -1, 4])
def test_an_array_file_whose_length_contradicts_its_header_is_found_without_reading_it(change, tmp_path):
    path = tmp_path / "clip.npy"
    np.save(path, ones(6, 50, 3))
    content = path.read_bytes()
    path.write_bytes(content[:change] if change < 0 else content + bytes(change))
    with pytest.raises(MediaError, match=r"promises \d+ bytes of numbers, but \d+ follow"):
        probe_pose(path)


def test_a_field_whose_length_contradicts_its_header_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "clip.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("points.npy", claiming((4, 50, 3)) + bytes(600))
    with pytest.raises(MediaError, match=r"field points promises \d+ bytes of numbers, but 600 follow"):
        read_pose(tmp_path / "clip.npz")
