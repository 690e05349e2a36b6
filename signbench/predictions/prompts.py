"""The prompt for one clip, and the production that comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, nearest
from signbench.media.modalities import MODALITIES, Modality

if TYPE_CHECKING:
    from signbench.corpora.recordings import PoseRecording, VideoRecording
    from signbench.media.layouts import Layout
    from signbench.media.motion import Motion
    from signbench.media.pose import Pose
    from signbench.tasks.schema import Made as TaskMade

PromptField = Literal["text", "gloss", "word", "signer", "length", "source_image", "driving_video", "driving_pose", "motion"]
"""The fields that a task may grant."""

PROMPT_FIELDS: tuple[PromptField, ...] = get_args(PromptField)


@dataclass(frozen=True)
class Made:
    """The output that a task requires.

    Attributes:
        modality: ``video``, ``pose`` or ``motion``.
        fps: frames per second.
        size: ``(height, width)`` of video in pixels, or None: the corpus's.
        layout: joints of key points, or None: the corpus's.
        suffix: of the files of key points, ``.pose`` or ``.npz``; video is always written as ``.mkv``.

    Raises:
        InputError: the modality is unknown, or the rate or size is invalid.
    """

    modality: Modality
    fps: float
    _: KW_ONLY
    size: tuple[int, int] | None = None
    layout: Layout | None = None
    suffix: Literal[".pose", ".npz"] = ".npz"

    def __post_init__(self) -> None:
        if self.modality not in MODALITIES:
            raise InputError(f"there is no modality {self.modality!r}. {nearest(str(self.modality), MODALITIES)}")
        if not 0 < self.fps <= 240:
            raise InputError(f"productions must have a frame rate above 0 and at most 240, not {self.fps}.")
        if self.size is not None and not all(1 <= side <= 16384 for side in self.size):
            raise InputError(f"productions must have 1 to 16384 pixels per side, not {self.size[1]} x {self.size[0]}.")
        if self.suffix not in (".pose", ".npz"):
            raise InputError(f"key points must be written as .pose or .npz, not {self.suffix!r}.")

    @classmethod
    def of_task(cls, made: TaskMade, fps: float | None = None) -> Made:
        """The requirements in a task file's field ``made``.

        Args:
            made: that field.
            fps: the corpus's frame rate, for tasks that do not state one.

        Raises:
            InputError: neither states a frame rate.
        """
        from signbench.media.layouts import layout

        rate = made.fps or fps
        if rate is None:
            raise InputError("neither the task nor its corpus states a frame rate; add made.fps to the task.")
        return cls(
            made.modality,
            rate,
            size=made.height_width if made.modality == "video" else None,
            layout=layout(made.joints) if made.joints is not None else None,
            suffix=".pose" if made.file == ".pose" else ".npz",
        )

    @property
    def file_suffix(self) -> str:
        """Suffix of the files that are written: ``.mkv``, ``.pose`` or ``.npz``."""
        return ".mkv" if self.modality == "video" else self.suffix

    @property
    def takes_rotations(self) -> bool:
        """Whether a body model's rotations meet the requirements: motion of SMPL-X's 55 joints as ``.npz``."""
        from signbench.media.layouts import layout

        whole = self.layout is None or self.layout.joints == layout("smplx-55").joints
        return self.modality == "motion" and self.suffix == ".npz" and whole


@dataclass(frozen=True, eq=False, kw_only=True)
class Prompt:
    """The input of a generator for one clip: only the fields that the task grants are set, the others are None.

    Attributes:
        clip: id of the clip; the production carries it.
        made: the required output.
        text: the spoken-language sentence.
        gloss: the glosses, in signing order.
        word: the spoken word of an isolated sign.
        signer: the signer to show.
        length: required number of frames.
        source_image: uint8 ``(H, W, 3)`` RGB, the signer to animate.
        driving_video: the motion to follow, as video.
        driving_pose: the motion to follow, as key points.
        motion: the motion to follow, as joint positions of a body model.
    """

    clip: str
    made: Made
    text: str | None = None
    gloss: tuple[str, ...] | None = None
    word: str | None = None
    signer: str | None = None
    length: int | None = None
    source_image: NDArray[np.uint8] | None = None
    driving_video: VideoRecording | None = None
    driving_pose: PoseRecording | None = None
    motion: PoseRecording | None = None

    @property
    def fps(self) -> float:
        """Required frames per second."""
        return self.made.fps

    @property
    def size(self) -> tuple[int, int] | None:
        """Required height and width of video."""
        return self.made.size

    @property
    def layout(self) -> Layout | None:
        """Required joints of key points."""
        return self.made.layout


@dataclass(frozen=True, eq=False)
class Production:
    """The output of a generator for one clip: frames, key points or rotations.

    Attributes:
        clip: id of the clip.
        fps: frames per second.
        frames: uint8 ``(H, W, 3)`` RGB one by one, consumed once and lazily, for a task of video; else None.
        pose: the key points for a task of key points, or joint positions for one of motion; else None.
        motion: the body model's rotations, for a task of motion; else None. Joint positions follow from them, but not the reverse,
            so judges of rotations cannot judge positions.
        details: how it was made, for the manifest, such as the gloss that was found for a word; None: nothing to say.
    """

    clip: str
    _: KW_ONLY
    fps: float
    frames: Iterator[NDArray[np.uint8]] | None = None
    pose: Pose | None = None
    motion: Motion | None = None
    details: Mapping[str, str | float] | None = None


def clip_seed(task: str, seed: int, clip: str) -> int:
    """The seed of one clip: the first 8 bytes, big endian, of SHA-256 over ``task|seed|clip``.

    Args:
        task: the task's name.
        seed: the task's seed.
        clip: id of the clip.

    Returns:
        An integer from 0 to 2**64 - 1.
    """
    return int.from_bytes(hashlib.sha256(f"{task}|{seed}|{clip}".encode()).digest()[:8], "big")
