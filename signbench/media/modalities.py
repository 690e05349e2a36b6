"""The modalities of signing, and the kinds of file that a side of a comparison may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Modality = Literal["video", "pose", "motion"]
"""How signing is recorded or generated: RGB video, key points, or the motion of a body model."""

MODALITIES: tuple[Modality, ...] = get_args(Modality)

FileKind = Literal["video", "pose", "text", "features", "labels"]
"""What a file holds of a clip. Motion is read as key points in 3D, so its files are of the kind ``pose``."""

FILE_KINDS: tuple[FileKind, ...] = get_args(FileKind)

FILE_KIND_WORDS: Mapping[FileKind, str] = {
    "video": "video",
    "pose": "key points",
    "text": "text",
    "features": "features",
    "labels": "labels",
}
"""The names of file kinds in messages."""
