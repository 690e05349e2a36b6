"""The outcome of one clip: its inputs, its records, and why a record is missing."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING

from signbench.media.modalities import FILE_KINDS
from signbench.metrics.base import Record
from signbench.metrics.pairs import LengthPair

if TYPE_CHECKING:
    from signbench.corpora.recordings import Recording, Stamp


FAR = 0.05
"""Departures above this value are not measured exactly."""


INPUT_KINDS: tuple[str, ...] = (*FILE_KINDS, "gloss", "word")
"""The inputs of a side from which a record can be computed."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """A file from which a record was computed.

    Attributes:
        size: bytes.
        modified: nanoseconds since the epoch.
        sha256: of its bytes, hexadecimal.
        pixels: for a video, the family of its stored pixels (:class:`signbench.media.video.VideoProbe`); else None.
        content: SHA-256 of its content as seen by the metrics, on a coarse grid, whatever the file; None if there was none.
        departure: for a production, its distance from showing its own reference (:mod:`signbench.scoring.likeness`); else None.
        identity: derived from change times and inodes; see :data:`~signbench.corpora.recordings.Stamp`. 0 if unknown.
    """

    size: int
    modified: int
    sha256: str
    pixels: str | None = None
    content: str | None = None
    departure: float | None = None
    identity: int = 0

    @classmethod
    def of(cls, recording: Recording) -> Input:
        """The file that a recording reads, as it is now.

        Raises:
            OSError: it cannot be read.
        """
        size, modified, identity = recording.stamp()
        return cls(size=size, modified=modified, sha256=recording.digest(), identity=identity)

    @property
    def stamp(self) -> Stamp:
        """The stamp of its recording at that time."""
        return self.size, self.modified, self.identity


@dataclass(frozen=True)
class Failure:
    """Why a clip has no record.

    Attributes:
        reason: one sentence.
        fault: ``reference``, ``prediction`` or ``pair``.
    """

    reason: str
    fault: str


@dataclass
class ClipOutcome:
    """The outcome of one clip.

    Attributes:
        clip: its id.
        inputs: ``reference.video`` and so on -> the file.
        lengths: modality -> lengths of both sides.
        layout: the references' key-point layout, if key points were read.
        records: index of the metric in the run -> record.
        failures: index of the metric in the run -> why there is no record.
    """

    clip: str
    _: KW_ONLY
    inputs: dict[str, Input] = field(default_factory=dict)
    lengths: dict[str, LengthPair] = field(default_factory=dict)
    layout: str | None = None
    records: dict[int, Record] = field(default_factory=dict)
    failures: dict[int, Failure] = field(default_factory=dict)
