"""Speed of the exact conversion of decoded frames to RGB, compared with FFmpeg's converter."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.clips import drifting_disc
from benchmarks.measurement import Row, alternating

HEIGHT, WIDTH = 720, 540
_FRAMES = 20
FORMATS = ("yuv420p", "nv12", "yuv422p", "yuv444p", "yuv420p10le", "p010le", "bgr0")


def rows() -> list[Row]:
    """One row for each pixel format that cameras, encoders and signbench write, at the size of a selfie video.

    The converter is set to the nearest chroma sample, accurate rounding and equal bytes on every processor, in one thread.
    """
    import av
    from av.video.reformatter import VideoReformatter

    from signbench.media.colour import ColourConversion

    picture = np.ascontiguousarray(drifting_disc(1, HEIGHT, 0)[0, :, :WIDTH])
    exact, converter = ColourConversion(Path("the benchmark")), VideoReformatter()
    flags = 0x10 | 0x40000 | 0x80000  # swscale: nearest sample | accurate rounding | bit-exact
    found = []
    for name in FORMATS:
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=name)

        def ours(frame: av.VideoFrame = frame) -> None:
            for _ in range(_FRAMES):
                exact(frame)

        def theirs(frame: av.VideoFrame = frame) -> None:
            for _ in range(_FRAMES):
                converter.reformat(
                    frame, format="rgb24", interpolation=flags, src_colorspace=5, dst_colorspace=1, dst_color_range=2, threads=1
                )

        seconds, peer = alternating(ours, theirs, 15)
        detail = f"{seconds / _FRAMES * 1000:.2f} ms / {peer / _FRAMES * 1000:.2f} ms a frame"
        found.append(Row(f"exact RGB / FFmpeg's converter, {name}, {WIDTH} x {HEIGHT}", seconds / peer, "x", "<= 1.5", detail))
    return found
