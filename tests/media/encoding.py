"""Makes clips in any container and codec with PyAV, frame by frame recognisable."""

from __future__ import annotations

import struct
from fractions import Fraction

import av
import numpy as np

HEIGHT, WIDTH, FRAMES = 48, 64, 12


def bar_frame(index, height=HEIGHT, width=WIDTH):
    """uint8 (H, W, 3): dark but for a white bar, whose place is the frame's number."""
    frame = np.full((height, width, 3), 30, np.uint8)
    frame[:, 4 * index : 4 * index + 8] = 230
    return frame


def bar_numbers(frames):
    """Which frames of a clip these are, read off their bars."""
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
        path: where.
        codec: FFmpeg's name of the encoder.
        pix_fmt: what it encodes.
        pictures: uint8 RGB frames, or av.VideoFrames as they are; default ``frames`` bars.
        frames: how many bars.
        rate: frames per second.
        stamps: presentation times in units of ``time_base``; default one frame after the other.
        time_base: seconds; default one frame.
        form: the container, where the suffix does not say it.
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
    """Copies a stream without decoding it; ``change(number, packet)`` gives the packets that take the place of each."""
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
    """Writes how the frames of an MP4 are to be turned: x' = a x + c y, y' = b x + d y."""
    content = bytearray(path.read_bytes())
    place = content.index(b"tkhd") + 44
    fixed = [round(number * 65536) for number in (a, b, 0, c, d, 0, 0, 0)]
    content[place : place + 36] = struct.pack(">9i", *fixed, 1 << 30)
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
