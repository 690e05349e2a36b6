"""Small clips for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from signbench.media.layouts import layout
from signbench.media.pose import Pose
from signbench.media.pose_files import write_pose
from signbench.media.video_writer import write_video


def moving_square(frames=8, height=24, width=32, shift=0, seed=0):
    """uint8 (T, H, W, 3): a bright square that moves over noise."""
    noise = np.random.Generator(np.random.PCG64(seed)).integers(0, 60, (frames, height, width, 3), dtype=np.uint8)
    for frame in range(frames):
        left = (2 * frame + shift) % (width - 8)
        noise[frame, 8:16, left : left + 8] = (200, 120, 80)
    return noise


def swaying_pose(frames=12, seed=0, name="mediapipe-178", dimensions=3, fps=25.0, noise=0.5):
    """A pose in pixels whose points sway smoothly, with shoulders 100 pixels apart."""
    kind = layout(name)
    generator = np.random.Generator(np.random.PCG64(seed))
    joints = len(kind.joints)
    home = generator.uniform(100, 400, (joints, dimensions))
    for joint, x in (("left_shoulder", 300.0), ("right_shoulder", 200.0)):
        home[kind.index([joint])[0]] = [x, 200.0, 0.0][:dimensions]
    time = np.arange(frames)[:, None, None] / 8
    sway = 20 * np.sin(time + generator.uniform(0, 6, (1, joints, dimensions)))
    shake = generator.normal(0, noise, (frames, joints, dimensions))
    return Pose((home + sway + shake).astype(np.float32), np.ones((frames, joints), np.float32), kind, fps)


def video_sides(root: Path, clips=4, frames=8, **square):
    """Two folders of FFV1 videos with the same names; the predictions are slightly shifted."""
    for side in ("references", "predictions"):
        (root / side).mkdir(parents=True, exist_ok=True)
    for number in range(clips):
        write_video(root / "references" / f"clip_{number:03d}.mkv", iter(moving_square(frames, seed=number, **square)), 25)
        write_video(
            root / "predictions" / f"clip_{number:03d}.mkv", iter(moving_square(frames, seed=number, shift=1, **square)), 25
        )
    return root / "references", root / "predictions"


def damaged_video(path: Path, frames=30, **square):
    """Replaces a clip by an H.264 file with intact headers and a damaged middle, which only decoding detects."""
    path.unlink()
    path = path.with_suffix(".mp4")
    write_video(path, iter(moving_square(frames, **square)), 25, lossless=False)
    content = bytearray(path.read_bytes())
    middle = slice(int(len(content) * 0.4), int(len(content) * 0.6))
    content[middle] = b"\xff" * len(content[middle])
    path.write_bytes(content)
    return path


def pose_sides(root: Path, clips=4, frames=12, longer=0):
    """Two folders of key-point files with the same names; the predictions are noisy, and may be longer."""
    for side in ("references", "predictions"):
        (root / side).mkdir(parents=True, exist_ok=True)
    for number in range(clips):
        write_pose(root / "references" / f"clip_{number:03d}.pose", swaying_pose(frames, seed=number))
        write_pose(root / "predictions" / f"clip_{number:03d}.pose", swaying_pose(frames + longer, seed=number, noise=3.0))
    return root / "references", root / "predictions"
