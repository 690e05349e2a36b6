"""What a video's packets reveal before they are decoded: whether they are complete, and whether each gives one frame."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av.packet import Packet

# Codecs that code each picture independently, one per packet in every container.
_SINGLE_PICTURES = frozenset(
    {
        *("dnxhd", "ffv1", "ffvhuff", "huffyuv", "jpeg2000", "magicyuv", "mjpeg", "png", "prores", "rawvideo", "utvideo", "v210"),
    }
)
# Containers whose specifications make each packet of these codecs one visible picture; exceptions can be seen in the packet.
_INDEXED = frozenset({"matroska", "mov"})
_PICTURE_TO_A_PACKET = frozenset({"av1", "h264", "hevc", "libdav1d", "mpeg4", "vp8", "vp9"})

_LONGEST_REPEAT = 19  # bytes: MPEG-4's "not coded" pictures, which repeat the last one and which FFmpeg skips, are that short
# H.265's leading pictures of a random access point that refer to data before it, points after a splice, and ends of sequence:
# whether the former are shown depends on whether the latter come before them.
_H265_JOINTS = frozenset({8, 9, 16, 17, 18, 36})


def is_never_shown(packet: Packet[Any], codec: str) -> bool:
    """Whether a packet only prepares others: VP8's alternate references, whose frame header says "not shown" (RFC 6386, 9.1)."""
    return codec == "vp8" and not memoryview(packet)[0] & 0x10


def gives_one_frame(packet: Packet[Any], codec: str, container: str) -> bool:
    """Whether it is certain, without decoding, that an undamaged packet gives exactly one frame.

    Args:
        packet: of a stream that starts with a key frame.
        codec: FFmpeg's name for the decoder.
        container: as :func:`signbench.media.containers.container_kind` names it.
    """
    if codec in _SINGLE_PICTURES:
        return True
    if container not in _INDEXED or codec not in _PICTURE_TO_A_PACKET:
        return False
    if codec == "mpeg4":
        return packet.size > _LONGEST_REPEAT
    if codec == "vp9":
        return _is_shown_vp9(memoryview(packet))
    if codec == "hevc":
        return not any(kind in _H265_JOINTS for kind in _h265_units(bytes(packet)))
    return True


def _is_shown_vp9(data: memoryview) -> bool:
    """Whether a VP9 packet ends with a visible picture (VP9 bitstream specification, 6.2 and annex B)."""
    if data[-1] & 0xE0 == 0xC0:  # several pictures, of which the last one is shown
        return True
    # Two bits of marker, two of profile (a third where both are set), then "show existing", "not a key frame", "show".
    start = 5 if data[0] & 0x30 == 0x30 else 4
    shows_existing, shows = data[0] >> (7 - start) & 1, data[0] >> (5 - start) & 1
    return bool(shows_existing or shows)


def _h265_units(data: bytes) -> Iterator[int]:
    """Types of the units in an H.265 packet (ITU-T H.265, 7.3.1.2), which are separated by start codes or four-byte lengths."""
    if data[:3] == b"\0\0\1" or data[:4] == b"\0\0\0\1":
        offset = data.find(b"\0\0\1")
        while 0 <= offset < len(data) - 3:
            yield data[offset + 3] >> 1 & 0x3F
            offset = data.find(b"\0\0\1", offset + 3)
        return
    offset = 0
    while offset + 4 < len(data):
        yield data[offset + 4] >> 1 & 0x3F
        offset += 4 + int.from_bytes(data[offset : offset + 4], "big")


class SliceChecksums:
    """Compares the slices of FFV1 packets with their checksums; FFmpeg only logs differences.

    A slice ends with its length in three bytes, a status byte and a CRC-32 (RFC 9043, 4.9), if the stream has checksums at all. The
    header that says so is itself arithmetic-coded; but a random checksum is right in only one of four billion slices, so a stream
    in which one is right has checksums.

    Attributes:
        damaged: number of the first packet with a slice whose checksum is wrong, or None.
    """

    _REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
    _STARTS = (0, 0x9E02315E)  # of the checksum, bits reversed: as in RFC 9043, and as FFmpeg writes it on request

    def __init__(self) -> None:
        self._packets = 0
        self._wrong: int | None = None
        self._are_there = False

    @property
    def damaged(self) -> int | None:
        """Number of the first packet with a slice whose checksum is wrong, or None."""
        return self._wrong if self._are_there else None

    def see(self, packet: bytes) -> None:
        """Checks the next packet."""
        end, is_whole = len(packet), True
        while end > 0 and is_whole:
            start = end - 8 - int.from_bytes(packet[max(0, end - 8) : end - 5], "big") if end >= 8 else -1
            is_whole = start >= 0 and self._is_right(packet[start:end])
            self._are_there |= is_whole
            end = start
        if not is_whole and self._wrong is None:
            self._wrong = self._packets
        self._packets += 1

    def _is_right(self, piece: bytes) -> bool:
        """Whether the CRC over a slice and its checksum returns to its initial value."""
        # zlib's CRC is the same polynomial with the bits of each byte reversed, started and ended with all bits set.
        mirrored = piece.translate(self._REVERSED)
        return any(zlib.crc32(mirrored, start ^ 0xFFFFFFFF) ^ 0xFFFFFFFF == start for start in self._STARTS)
