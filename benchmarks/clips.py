"""Folders of clips for the benchmarks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signbench.media.video_writer import write_video


def drifting_disc(frames: int, size: int, seed: int) -> NDArray[np.uint8]:
    """uint8 (T, size, size, 3): a disc that drifts over a shaded, slightly noisy background."""
    generator = np.random.Generator(np.random.PCG64(seed))
    rows, columns = np.mgrid[0:size, 0:size] / size
    ground = np.stack([80 + 60 * rows, 90 + 40 * columns, 120 - 30 * rows], axis=-1)
    clip = np.empty((frames, size, size, 3), np.uint8)
    for frame in range(frames):
        centre = 0.5 + 0.25 * np.array([np.sin(frame / 7 + seed), np.cos(frame / 9)])
        disc = ((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 < 0.02)[..., None]
        image = np.where(disc, (210, 160, 130), ground) + generator.normal(0, 2, (size, size, 3))
        clip[frame] = np.clip(image, 0, 255)
    return clip


def video_folders(root: Path, clips: int, frames: int, size: int, *, lossless: bool = False) -> tuple[Path, Path]:
    """References, and predictions that lag by one frame; existing files are kept."""
    suffix = "mkv" if lossless else "mp4"
    for side in ("references", "predictions"):
        (root / side).mkdir(parents=True, exist_ok=True)
    for number in range(clips):
        paths = [root / side / f"clip_{number:04d}.{suffix}" for side in ("references", "predictions")]
        if all(path.exists() for path in paths):
            continue
        clip = drifting_disc(frames + 1, size, number)
        for path, content in zip(paths, (clip[1:], clip[:-1]), strict=True):
            write_video(path, iter(content), 25, lossless=lossless)
    return root / "references", root / "predictions"
