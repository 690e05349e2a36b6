"""``.npz`` files with rotations: read as joints, refused if broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike

from signbench.errors import InputError, MediaError
from signbench.media.body_model import forward, neutral_rig
from signbench.media.motion import Motion, read_motion, write_motion
from signbench.media.pose_files import probe_pose, read_pose

GENERATOR = np.random.default_rng(2)
ROTATIONS = GENERATOR.normal(size=(6, 55, 3)).astype(np.float32)
SHIFT = GENERATOR.normal(size=(6, 3)).astype(np.float32)


def saved(path: Path, **fields: ArrayLike) -> Path:
    np.savez(path / "clip.npz", allow_pickle=True, **{name: np.asarray(field) for name, field in fields.items()})
    return path / "clip.npz"


def test_rotations_read_as_joints_of_the_neutral_skeleton(tmp_path: Path) -> None:
    file = saved(tmp_path, rotations=ROTATIONS, translation=SHIFT, fps=12.5)
    probe, pose = probe_pose(file), read_pose(file)
    assert (probe.frames, probe.layout.name, probe.fps, probe.dimensions) == (6, "smplx-55", 12.5, 3)
    assert pose.points == pytest.approx(forward(ROTATIONS, neutral_rig(), SHIFT).joints, abs=1e-6)
    assert (pose.layout.name, pose.fps, float(pose.confidence.min())) == ("smplx-55", 12.5, 1.0)


def test_translation_and_rate_may_be_left_out(tmp_path: Path) -> None:
    pose = read_pose(saved(tmp_path, rotations=ROTATIONS.astype(np.float64)))
    assert pose.fps is None
    assert not pose.points[:, 0].any()


def test_a_motion_survives_writing_and_equal_motion_gives_equal_bytes(tmp_path: Path) -> None:
    motion = Motion(ROTATIONS, SHIFT, 25.0)
    write_motion(tmp_path / "a.npz", motion)
    write_motion(tmp_path / "b.npz", motion)
    read = read_motion(tmp_path / "a.npz")
    assert np.array_equal(read.rotations, ROTATIONS)
    assert np.array_equal(read.translation, SHIFT)
    assert read.fps == 25
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]


LOST = ROTATIONS.copy()
LOST[3, 20, 1] = np.nan
BROKEN = [
    ({"rotations": ROTATIONS[:, :54]}, r"rotations have the shape 6 x 54 x 3, not frames x 55 joints x 3"),
    ({"rotations": ROTATIONS.reshape(6, 165)}, "shape 6 x 165"),
    ({"rotations": np.zeros((6, 55, 6))}, "shape 6 x 55 x 6"),
    ({"rotations": ROTATIONS[:0]}, "holds no frames"),
    ({"rotations": LOST}, "frame 3, joint left_wrist has the rotation .*nan"),
    ({"rotations": np.full((2, 55, 3), "x")}, "of the type <U1, not numbers"),
    ({"rotations": ROTATIONS, "translation": SHIFT[:5]}, r"translation has the shape \(5, 3\), but it holds 6 frames"),
    ({"rotations": ROTATIONS, "translation": np.full((6, 3), np.inf)}, "frame 0 has the translation .*inf"),
    ({"rotations": ROTATIONS, "fps": np.array([25.0, 25.0])}, "fps is not a single number"),
    ({"rotations": ROTATIONS, "fps": -1.0}, "frame rate of -1"),
]


@pytest.mark.parametrize(("fields", "message"), BROKEN)
@pytest.mark.parametrize("read", [read_pose, read_motion])
def test_broken_rotations_are_refused_with_the_files_name(tmp_path: Path, read, fields, message: str) -> None:
    file = saved(tmp_path, **fields)
    with pytest.raises(MediaError, match=f"clip.npz: .*{message}"):
        read(file)


def test_rotations_next_to_key_points_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="fields rotations and points; keep"):
        read_pose(saved(tmp_path, rotations=ROTATIONS, points=ROTATIONS))


def test_pickled_rotations_are_refused(tmp_path: Path) -> None:
    file = saved(tmp_path, rotations=np.array([{"a": 1}], dtype=object))
    for read in (read_pose, read_motion):
        with pytest.raises(MediaError, match=r"clip\.npz"):
            read(file)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut off"])
def test_something_other_than_an_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "clip.npz").write_bytes(content)
    with pytest.raises(MediaError, match=r"clip\.npz"):
        read_motion(tmp_path / "clip.npz")


def test_an_archive_without_rotations_is_not_a_motion(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no field rotations, but points"):
        read_motion(saved(tmp_path, points=ROTATIONS))


def test_motion_is_written_as_npz_only_and_not_without_frames(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"written as \.npz"):
        write_motion(tmp_path / "a.pose", Motion(ROTATIONS, SHIFT, None))
    with pytest.raises(MediaError, match="no frames"):
        write_motion(tmp_path / "a.npz", Motion(ROTATIONS[:0], SHIFT[:0], None))
    with pytest.raises(InputError, match="cannot be written"):
        write_motion(tmp_path / "nowhere" / "a.npz", Motion(ROTATIONS, SHIFT, None))
    with pytest.raises(MediaError, match="55 joints x 3"):
        Motion(ROTATIONS[:, :10], SHIFT, None)
