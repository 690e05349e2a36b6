"""What came of one clip: its inputs, its records, and why a record is missing."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING

from signbench.media.modalities import FILE_KINDS
from signbench.metrics.base import Record
from signbench.metrics.pairs import LengthPair

if TYPE_CHECKING:
    from signbench.corpora.recordings import Recording, Stamp


FAR = 0.05
"""A departure of this or more is not measured any further."""


INPUT_KINDS: tuple[str, ...] = (*FILE_KINDS, "gloss", "word")
"""What a side may hold that a record was made from."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """A file that a record was made from.

    Attributes:
        size: bytes.
        modified: nanoseconds since the epoch.
        sha256: of its bytes, hexadecimal.
        pixels: of a video, the family of its stored pixels (:class:`signbench.media.video.VideoProbe`); else None.
        content: SHA-256 of what the metrics were shown of it on a coarse grid, whatever the file; None where nothing was.
        departure: of a production, how far it is from showing its own reference (:mod:`signbench.scoring.likeness`); else None.
        identity: follows from change times and inodes; see :data:`~signbench.corpora.recordings.Stamp`. 0 where it is not known.
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
        """What its recording's stamp was."""
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
    """What came of one clip.

    Attributes:
        clip: its id.
        inputs: ``reference.video`` and so on -> the file.
        lengths: modality -> how long both sides are.
        layout: the references' key-point layout, where key points were read.
        records: metric's place in the run -> record.
        failures: metric's place in the run -> why there is no record.
    """

    clip: str
    _: KW_ONLY
    inputs: dict[str, Input] = field(default_factory=dict)
    lengths: dict[str, LengthPair] = field(default_factory=dict)
    layout: str | None = None
    records: dict[int, Record] = field(default_factory=dict)
    failures: dict[int, Failure] = field(default_factory=dict)
