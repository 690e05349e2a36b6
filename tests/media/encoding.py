"""Makes clips in any container and codec with PyAV, whose frames can be recognised."""

from __future__ import annotations

import struct
from fractions import Fraction

import av
import numpy as np

HEIGHT, WIDTH, FRAMES = 48, 64, 12


def bar_frame(index, height=HEIGHT, width=WIDTH):
    """uint8 (H, W, 3): dark except for a white bar, whose position is the frame's number."""
    frame = np.full((height, width, 3), 30, np.uint8)
    frame[:, 4 * index : 4 * index + 8] = 230
    return frame


def bar_numbers(frames):
    """The numbers of frames, read from their bars."""
    columns = frames.mean(axis=(1, 3)) > 130
    return [round((np.flatnonzero(row).mean() - 3.5) / 4) for row in columns]


def encode(
    path,
    codec="libx264",
    pix_fmt="yuv420p",
    *,
    pictures=None,
    frames=FRAMES,
    rate=25,
    stamps=None,
    time_base=None,
    form=None,
    **more,
):
    """Writes a clip.

    Args:
        path: the file.
        codec: FFmpeg's name for the encoder.
        pix_fmt: the pixel format that it encodes.
        pictures: uint8 RGB frames, or av.VideoFrames, used unchanged; by default ``frames`` bars.
        frames: number of bars.
        rate: frames per second.
        stamps: presentation times in units of ``time_base``; by default one per frame.
        time_base: seconds; by default one frame.
        form: the container, if the suffix does not determine it.
        more: ``options`` of the codec, ``container_options``, and ``tags``, attributes of the codec's context.
    """
    pictures = [bar_frame(index) for index in range(frames)] if pictures is None else pictures
    time_base = time_base or 1 / Fraction(rate)
    with av.open(str(path), "w", format=form, container_options=more.get("container_options", {})) as container:
        stream = container.add_stream(codec, rate=Fraction(rate), options=more.get("options", {}))
        stream.pix_fmt = pix_fmt
        stream.codec_context.time_base = time_base
        for name, value in more.get("tags", {}).items():
            setattr(stream.codec_context, name, value)
        for index, picture in enumerate(pictures):
            frame = picture
            if isinstance(picture, np.ndarray):
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(format=pix_fmt)
            if index == 0:
                stream.width, stream.height = frame.width, frame.height
            frame.pts = index if stamps is None else stamps[index]
            frame.time_base = time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def packets_of(path):
    """A file's video packets as bytes, presentation time, decoding time and whether it is a key frame."""
    with av.open(str(path)) as container:
        return [(bytes(packet), packet.pts, packet.dts, packet.is_keyframe) for packet in container.demux(video=0) if packet.size]


def copy_packets(source, target, change):
    """Copies a stream without decoding it; ``change(number, packet)`` gives the packets that replace each."""
    with av.open(str(source)) as reader, av.open(str(target), "w") as writer:
        stream = writer.add_stream_from_template(reader.streams.video[0])
        number = 0
        for packet in reader.demux(video=0):
            if packet.size:
                for made in change(number, packet):
                    made.stream = stream
                    writer.mux(made)
                number += 1
    return target


def set_display_matrix(path, a, b, c, d):
    """Writes the display matrix of an MP4: x' = a x + c y, y' = b x + d y."""
    content = bytearray(path.read_bytes())
    offset = content.index(b"tkhd") + 44
    fixed = [round(number * 65536) for number in (a, b, 0, c, d, 0, 0, 0)]
    content[offset : offset + 36] = struct.pack(">9i", *fixed, 1 << 30)
    path.write_bytes(content)


def sound_only(path):
    """Writes an MP4 with a second of silence."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        for block in range(43):
            frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
            frame.sample_rate, frame.pts = 44100, block * 1024
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
