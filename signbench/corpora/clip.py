"""A clip and a corpus, as everything downstream sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field

from signbench.corpora.recordings import (
    FeatureRecording,
    LabelRecording,
    PoseRecording,
    Recording,
    TextRecording,
    VideoRecording,
)
from signbench.media.modalities import FileKind


@dataclass(frozen=True, eq=False)
class Clip:
    """One clip of a corpus, or one production.

    Attributes:
        id: the name under which both sides of a comparison meet; a relative path in NFC.
        video: its moving images, unread, or None.
        pose: its key points, unread, or None.
        split: train, dev or test, where the corpus has splits.
        signer: who signs.
        text: the spoken-language sentence or word.
        gloss: the glosses, in signing order.
        fps: frames per second, where the corpus says so.
        renderings: other videos of the same motion by name, such as ``pose``, ``hamer``, ``smplx`` and ``cross-person``.
        other_signer: who performs the motion in the rendering ``cross-person``.
        motion: body-model rotations, which read as key points of the layout ``smplx-55`` (joint positions by forward kinematics).
        written: its text or glosses from a file of texts, as metrics compare them.
        features: a feature vector that somebody else computed, or None.
        labels: what a recogniser said of it, or what it is.
    """

    id: str
    _: KW_ONLY
    video: VideoRecording | None = None
    pose: PoseRecording | None = None
    split: str | None = None
    signer: str | None = None
    text: str | None = None
    gloss: tuple[str, ...] = ()
    fps: float | None = None
    other_signer: str | None = None
    renderings: Mapping[str, VideoRecording] = field(default_factory=dict)
    motion: PoseRecording | None = None
    written: TextRecording | None = None
    features: FeatureRecording | None = None
    labels: LabelRecording | None = None

    def recording(self, modality: FileKind) -> Recording | None:
        """Its file of one modality, unread, or None."""
        files: dict[FileKind, Recording | None] = {
            "video": self.video,
            "pose": self.pose,
            "text": self.written,
            "features": self.features,
            "labels": self.labels,
        }
        return files[modality]


@dataclass(frozen=True, eq=False)
class Side:
    """The clips of one side of a comparison.

    Attributes:
        name: how messages name it: a folder's path, or ``references``.
        clips: clip id -> clip.
        location: where the files lie, or None for arrays in memory.
    """

    name: str
    clips: Mapping[str, Clip]
    location: str | None = None
