"""Degradations of frames and key points with a given strength.

Metrics are measured on scales of them (:mod:`signbench.sensitivity.degradations`), and trainings draw them at random, so that a
judge does not learn to detect noise (:mod:`signbench.training.frame_degradations`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signbench.media.pose import Pose

Frames = NDArray[np.uint8]
"""uint8 ``(T, H, W, 3)`` RGB."""

_BT_709, _LIMITED_RANGE = 1, 1


def frames_held(count: int, share: float, random: np.random.Generator) -> NDArray[np.int64]:
    """Which frame is shown at each time if a share of the frames is dropped and the last one shown stays.

    Args:
        count: number of frames T; the first always stays.
        share: percentage of dropped frames, the probability for each.
        random: source of the clip's random choices.

    Returns:
        int64 ``(T,)``, non-decreasing.
    """
    kept = random.random(count) >= share / 100
    kept[:1] = True
    shown: NDArray[np.int64] = np.maximum.accumulate(np.where(kept, np.arange(count), 0))
    return shown


def frames_shaken(count: int, reach: float, random: np.random.Generator) -> NDArray[np.int64]:
    """Which frame is shown at each time if every time stamp is shifted randomly by up to ``reach`` frames.

    Args:
        count: number of frames T.
        reach: the largest shift, in frames; shifts are uniform over [-reach, reach], and rounded to whole frames.
        random: source of the clip's random choices.

    Returns:
        int64 ``(T,)`` within [0, T - 1].
    """
    shifts = np.rint(reach * random.uniform(-1, 1, count)).astype(np.int64)
    shown: NDArray[np.int64] = np.clip(np.arange(count) + shifts, 0, count - 1)
    return shown


def blurred(clip: Frames, sigma: float) -> Frames:
    """Blurs every frame with a Gaussian.

    Args:
        clip: the frames.
        sigma: in pixels, above 0.
    """
    import cv2

    return np.stack([np.asarray(cv2.GaussianBlur(frame, (0, 0), sigma), np.uint8) for frame in clip])


def with_grain(clip: Frames, sigma: float, random: np.random.Generator) -> Frames:
    """Adds Gaussian noise to every pixel and channel.

    Args:
        clip: the frames.
        sigma: in levels of 0 to 255.
        random: source of the noise.
    """
    grain = random.standard_normal(clip.shape, dtype=np.float32)
    return np.clip(np.rint(clip + sigma * grain), 0, 255).astype(np.uint8)


def compressed(clip: Frames, crf: float) -> Frames:
    """Compresses with H.264 (x264, 4:2:0, BT.709) and decodes; odd sides are made even by repeating the last row or column.

    Equal frames give the same, whatever the process did before.

    Args:
        clip: the frames.
        crf: x264's constant rate factor, 0 to 51; higher is worse.
    """
    import io

    import av
    from av.video.reformatter import VideoReformatter

    from signbench.media.colour import ColourConversion, in_one_thread
    from signbench.media.video_writer import EXACT_H264, EXACT_SCALING

    count, height, width, _channels = clip.shape
    even = np.pad(clip, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    reformatter, stored = VideoReformatter(), io.BytesIO()
    with av.open(stored, "w", format="matroska") as container:
        stream: Any = container.add_stream("libx264", rate=25, options={"crf": f"{crf:g}", **EXACT_H264})
        context = stream.codec_context
        context.height, context.width, context.pix_fmt = even.shape[1], even.shape[2], "yuv420p"
        context.time_base = Fraction(1, 25)
        context.thread_count = 1  # the bytes must not depend on the machine's number of cores
        for number, pixels in enumerate(even):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame = reformatter.reformat(
                frame,
                format="yuv420p",
                interpolation=EXACT_SCALING,
                dst_colorspace=_BT_709,
                dst_color_range=_LIMITED_RANGE,
                **in_one_thread(),
            )
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    stored.seek(0)
    decoded = np.empty((count, *even.shape[1:]), np.uint8)
    convert = ColourConversion(Path("the compressed clip"))
    with av.open(stored, "r") as source:
        for image, picture in zip(decoded, source.decode(video=0), strict=True):
            picture.colorspace, picture.color_range = _BT_709, _LIMITED_RANGE
            image[...] = convert(picture)
    return decoded[:, :height, :width]


def shifted(clip: Pose, shift: NDArray[np.floating[Any]]) -> Pose:
    """Adds a shift to every point that is seen.

    Args:
        clip: the key points.
        shift: ``(T, J, D)`` in their units, or what broadcasts to it.
    """
    return replace(clip, points=np.where(clip.seen[..., None], clip.points + shift, 0).astype(np.float32))


def hidden(clip: Pose, frames: NDArray[np.int64], joints: Sequence[int]) -> Pose:
    """Makes joints unseen in some frames.

    Args:
        clip: the key points.
        frames: int64 ``(n,)``, indices of the frames.
        joints: indices of the joints.
    """
    points, confidence = clip.points.copy(), clip.confidence.copy()
    points[frames[:, None], list(joints)], confidence[frames[:, None], list(joints)] = 0, 0
    return replace(clip, points=points, confidence=confidence)
