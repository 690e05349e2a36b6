"""The contract of a generator: what it says of itself, what it is given, and what it hands back.

A generator sees the train split and what the task grants, never a clip's reference. Only an *anchor*, whose card says
``sees: references``, gets those: it marks the ceiling or chance, and is never ranked.
"""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, nearest

if TYPE_CHECKING:
    from signbench.corpora.recordings import PoseRecording, VideoRecording
    from signbench.generators.training import References, TrainView
    from signbench.media.layouts import Layout
    from signbench.media.pose import Pose
    from signbench.tasks.schema import Made as TaskMade

Modality = Literal["video", "pose", "motion"]
"""What may be made: RGB video, key points, or the joint positions of a body model (key points in space)."""

MODALITIES: tuple[Modality, ...] = get_args(Modality)

PromptField = Literal["text", "gloss", "word", "signer", "length", "source_image", "driving_video", "driving_pose", "motion"]
"""What a task may grant of a clip."""

PROMPT_FIELDS: tuple[PromptField, ...] = get_args(PromptField)


@dataclass(frozen=True)
class Card:
    """What a generator says of itself; it stands in every run.

    Attributes:
        name: lower case, such as ``nearest``; parameters that are not at their default belong to it (``stitched:blend=0.4``).
        version: rises when the same prompts give other productions.
        modalities: which of ``video``, ``pose`` and ``motion`` it can make.
        prompt_fields: what it needs of a prompt; ``"gloss|text"`` is met by either. Anything else that is granted is a bonus.
        licence: under which its productions may be used.
        sees: ``prompts`` (with the train split), or ``references`` for an anchor.
        checkpoint: SHA-256 of its trained weights, hexadecimal, or None where it has none.
        citation: whom to cite, or None.

    Raises:
        InputError: a field is empty or holds what it must not.
    """

    name: str
    version: str
    modalities: tuple[Modality, ...]
    prompt_fields: tuple[str, ...]
    licence: str
    sees: Literal["prompts", "references"] = "prompts"
    checkpoint: str | None = None
    citation: str | None = None

    def __post_init__(self) -> None:
        for field in ("name", "version", "licence"):
            value = getattr(self, field)
            if not isinstance(value, str) or not value.strip() or any(ord(letter) < 32 or letter == "|" for letter in value):
                raise InputError(f"a generator's card needs a {field} of one line without '|', not {value!r}.")
        for field in ("modalities", "prompt_fields"):
            value = getattr(self, field)
            if not isinstance(value, tuple):
                raise InputError(f"the card of {self.name}: {field} is a tuple of words, not {value!r}.")
        if not self.modalities:
            raise InputError(f"the card of {self.name} names no modality; it is of {', '.join(MODALITIES)}.")
        for modality in self.modalities:
            if modality not in MODALITIES:
                hint = nearest(str(modality), MODALITIES)
                raise InputError(f"the card of {self.name}: there is no modality {modality!r}. {hint}")
        for wanted in (field for needed in self.prompt_fields for field in needed.split("|")):
            if wanted not in PROMPT_FIELDS:
                raise InputError(f"the card of {self.name}: there is no prompt field {wanted!r}. {nearest(wanted, PROMPT_FIELDS)}")
        if self.sees not in ("prompts", "references"):
            raise InputError(f"the card of {self.name}: sees is 'prompts' or 'references', not {self.sees!r}.")
        if self.checkpoint is not None and not re.fullmatch(r"[0-9a-f]{64}", self.checkpoint):
            raise InputError(f"the card of {self.name}: checkpoint is a SHA-256 of 64 hexadecimal digits, not {self.checkpoint!r}.")

    def as_json(self) -> dict[str, Any]:
        """The card as plain values."""
        return {**asdict(self), "modalities": list(self.modalities), "prompt_fields": list(self.prompt_fields)}


@dataclass(frozen=True)
class Made:
    """What a task wants handed in.

    Attributes:
        modality: ``video``, ``pose`` or ``motion``.
        fps: frames per second.
        size: ``(height, width)`` of video in pixels, or None: as the corpus has it.
        layout: joints of key points, or None: as the corpus has them.
        suffix: of the files of key points, ``.pose`` or ``.npz``; video is always written as ``.mkv``.

    Raises:
        InputError: an unknown modality, or a rate or size that is none.
    """

    modality: Modality
    fps: float
    size: tuple[int, int] | None = None
    layout: Layout | None = None
    suffix: Literal[".pose", ".npz"] = ".npz"

    def __post_init__(self) -> None:
        if self.modality not in MODALITIES:
            raise InputError(f"there is no modality {self.modality!r}. {nearest(str(self.modality), MODALITIES)}")
        if not 0 < self.fps <= 240:
            raise InputError(f"productions have a frame rate above 0 and up to 240, not {self.fps}.")
        if self.size is not None and not all(1 <= side <= 16384 for side in self.size):
            raise InputError(f"productions are 1 to 16384 pixels a side, not {self.size[1]} x {self.size[0]}.")
        if self.suffix not in (".pose", ".npz"):
            raise InputError(f"key points are written as .pose or .npz, not {self.suffix!r}.")

    @classmethod
    def of_task(cls, made: TaskMade, fps: float | None = None) -> Made:
        """What a task file's field ``made`` asks for.

        Args:
            made: that field.
            fps: the corpus's frame rate, for tasks that name none.

        Raises:
            InputError: neither names a frame rate.
        """
        from signbench.media.layouts import layout

        rate = made.fps or fps
        if rate is None:
            raise InputError("neither the task nor its corpus names a frame rate to make; write made.fps into the task.")
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


@dataclass(frozen=True, eq=False)
class Prompt:
    """What a generator is given for one clip: only the fields that the task grants are set, the others are None.

    Attributes:
        clip: id of the clip; the production carries it.
        made: what is wanted.
        text: the spoken-language sentence.
        gloss: the glosses, in signing order.
        word: the spoken word of an isolated sign.
        signer: who is to sign.
        length: number of frames wanted.
        source_image: uint8 ``(H, W, 3)`` RGB, the signer who is to be animated.
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
        """Frames per second wanted."""
        return self.made.fps

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width wanted of video."""
        return self.made.size

    @property
    def layout(self) -> Layout | None:
        """Joints wanted of key points."""
        return self.made.layout


@dataclass(frozen=True, eq=False)
class Production:
    """What a generator made for one clip: either frames or key points.

    Attributes:
        clip: id of the clip.
        frames: uint8 ``(H, W, 3)`` RGB one by one, taken once and lazily; None where key points were made.
        pose: the key points, or joint positions; None where video was made.
        fps: frames per second.
    """

    clip: str
    frames: Iterator[NDArray[np.uint8]] | None
    pose: Pose | None
    fps: float


class Generator(ABC):
    """Turns prompts into productions.

    A production depends on its own prompt, its seed and the train split, on nothing else: any subset, order or sharding of the
    clips gives the same files.

    Attributes:
        card: what it says of itself; of the class, or set in ``__init__``.
        batch: how many prompts it likes to see at a time.
    """

    card: Card
    batch: int = 8

    def prepare(self, train: TrainView) -> None:
        """Learns from the train split, once, before the first prompt.

        Args:
            train: the clips that it may learn from, read lazily.
        """

    @abstractmethod
    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Production]:
        """Makes one production for each prompt, in the prompts' order.

        What it raises is charged to the clip that it was raised for; the others go on.

        Args:
            prompts: at most :attr:`batch` of them.
            seeds: one of :func:`clip_seed` for each prompt; the only source of randomness.
        """


class Anchor(Generator):
    """A generator that is shown the references: a ceiling or chance level, never ranked. Its card says ``sees: references``."""

    @abstractmethod
    def see(self, references: References) -> None:
        """Takes the references, before :meth:`~Generator.prepare`.

        Args:
            references: of all expected clips of the task, whichever of them are to be made.
        """


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


def check_fit(card: Card, made: Made, given: Collection[str]) -> None:
    """Whether a generator can do a task, before any work.

    Args:
        card: of the generator.
        made: what the task wants.
        given: the prompt fields that the task grants.

    Raises:
        InputError: it does not make that modality, or needs what the task does not grant.
    """
    if made.modality not in card.modalities:
        raise InputError(f"generator {card.name} makes {' and '.join(card.modalities)}; the task wants {made.modality}.")
    lacking = [needed for needed in card.prompt_fields if not set(needed.split("|")) & set(given)]
    if lacking:
        raise InputError(
            f"generator {card.name} needs {' and '.join(needed.replace('|', ' or ') for needed in lacking)}; "
            f"the task grants {', '.join(given) or 'nothing'}."
        )
