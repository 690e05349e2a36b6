"""A clip and a side of a comparison, the data that everything downstream works with."""

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
        id: the name by which both sides of a comparison are paired; a relative path in NFC.
        video: handle of its video, or None.
        pose: handle of its key points, or None.
        split: train, dev or test, if the corpus has splits.
        signer: name of the signer.
        text: the spoken-language sentence or word.
        gloss: the glosses, in signing order.
        fps: frames per second, if the corpus states it.
        renderings: other videos of the same motion by name, such as ``pose``, ``hamer``, ``smplx`` and ``cross-person``.
        other_signer: the signer who performs the motion in the rendering ``cross-person``.
        motion: body-model rotations, which are read as key points of the layout ``smplx-55`` (joint positions by forward
            kinematics).
        written: its text or glosses from a file of texts, as metrics compare them.
        features: a feature vector computed by an external network, or None.
        labels: the labels that a recogniser gave it, or its true label.
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
        """The handle of its file of one modality, or None."""
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
        name: its name in messages: a folder's path, or ``references``.
        clips: clip id -> clip.
        location: the folder or file with the clips, or None for arrays in memory.
    """

    name: str
    clips: Mapping[str, Clip]
    location: str | None = None
