"""The interface of a judge: a recogniser, translator or estimator that answers about a clip.

A judge gets whole clips, one side at a time, and returns one observation of each kind for each clip. An observation is compared
with the corpus (text, glosses, word), or with the same judge's observation of the reference (rows, key points).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.recordings import PoseRecording, VideoRecording
from signbench.errors import InputError
from signbench.extractors.base import Precision
from signbench.foreign.content import code_digest
from signbench.media.motion import Motion
from signbench.media.pose import Pose

Reads = Literal["frames", "pose", "motion"]
"""What a judge reads: RGB frames, key points, or a body model's rotations and joints."""

Gives = Literal["text", "gloss", "label", "rows", "pose", "likelihood"]
"""What a judge returns for a clip:

- ``text``: the spoken-language sentence, str.
- ``gloss``: the glosses in signing order, tuple of str.
- ``label``: labels from the most to the least likely, tuple of str; empty if nothing was recognised.
- ``rows``: features, float32 ``(n, D)``, one row per frame or one for the whole clip.
- ``pose``: key points, :class:`~signbench.media.pose.Pose`.
- ``likelihood``: how likely the corpus's text is given the clip, :class:`Likelihood`.
"""

READS: tuple[Reads, ...] = get_args(Reads)

GIVES: tuple[Gives, ...] = get_args(Gives)

COMPARED_WITH_CORPUS: frozenset[Gives] = frozenset({"text", "gloss", "label", "likelihood"})
"""The kinds that are compared with the corpus, so that a ceiling and a chance level can be measured."""


@dataclass(frozen=True)
class Likelihood:
    """How likely a text is, given a clip.

    Attributes:
        log_probability: natural logarithm of the probability, summed over the tokens.
        tokens: number of tokens, including the end of the sentence.
    """

    log_probability: float
    tokens: int


Observation = str | tuple[str, ...] | NDArray[np.float32] | Pose | Likelihood
"""An observation of any kind in :data:`Gives`."""


@dataclass(frozen=True, eq=False)
class JudgedClip:
    """One side of a clip, as a judge gets it.

    Attributes:
        id: the clip's id; only for messages, an answer must not depend on it.
        frames: uint8 ``(T, H, W, 3)`` RGB at the judge's rate and size, or None if it does not read frames.
        pose: key points or joints at the judge's rate and in its layout, or None if it reads frames.
        motion: the rotations behind those joints, with the same frames, if it reads motion and the recording holds rotations; else
            None. Some of a body's motion, such as a turn of the jaw, moves no joint and is only here.
        text: the corpus's text if its likelihood is wanted, else None.
        fps: frames per second of ``frames``, or None if it is not known.
    """

    id: str
    frames: NDArray[np.uint8] | None = None
    pose: Pose | None = None
    motion: Motion | None = None
    text: str | None = None
    fps: float | None = None


_SIGNATURE = re.compile(r"[!-+\--9;-{}~]+")
"""The characters allowed in a judge's signature: printable ASCII except the space, ``|``, ``:`` and ``,``."""


class LabelledClip(Protocol):
    """One clip of a train split, as a judge that needs no training may read it."""

    @property
    def id(self) -> str:
        """The clip's id."""

    @property
    def word(self) -> str | None:
        """The spoken word, if the clip is an isolated sign."""

    @property
    def media(self) -> VideoRecording | PoseRecording:
        """The recording, which is not read yet."""


class TrainClips(Protocol):
    """The train split that belongs to the scored split; recordings are read on demand."""

    def __len__(self) -> int:
        """Number of clips."""

    def __iter__(self) -> Iterator[LabelledClip]:
        """The clips in the corpus's order."""


class Judge(ABC):
    """Answers about clips.

    An observation depends on its clip alone, not on other clips in the batch: on the CPU clips come one by one; on a GPU several
    may share a masked batch, within the tolerance of docs/design.md. Instances are picklable; large things are loaded on first use.

    Attributes:
        name: lower case, such as ``nearest``; used in a task's ``on:`` and in ``metric@name``. An instance with other weights under
            another name sets its own in ``__init__``.
        revision: a number that rises when its observations change.
        reads: what it can read, the preferred first. An instance whose weights read only some of its class's forms sets its own in
            ``__init__``.
        gives: what it returns for a clip; the first that fits a metric is preferred.
        size: ``(height, width)`` that frames are resized to, or None: unchanged.
        rate: frames per second that clips are converted to, or None: unchanged.
        layout: key-point layout that clips are converted to, or None: the reference's.
        learns: whether it reads the train split before it answers (:meth:`prepare`).
        learns_from: the medium of the train clips that it learns from, such as ``pose``; None: that of the task's references.
        has_network: whether it runs on :attr:`device`; workers then share one judge, in the process that owns the device.
        batch: the preferred number of clips in a batch on a GPU.
        seconds: the time limit for one clip, if the judge is not signbench's own; a clip that takes longer has failed.
        packages: packages that it imports and that signbench's core does not bring, by import name, each with the command that
            installs it; on a machine without one, extended metrics through the judge are not measured.
        summary: one sentence for ``signbench judges list``.
        licence: the licence of the judge.
        citation: what to cite, or None.
    """

    name: str
    revision: ClassVar[int] = 1
    reads: tuple[Reads, ...]
    gives: ClassVar[tuple[Gives, ...]]
    size: tuple[int, int] | None = None
    rate: float | None = None
    layout: str | None = None
    learns: ClassVar[bool] = False
    learns_from: ClassVar[str | None] = None
    has_network: ClassVar[bool] = True
    batch: int = 8
    seconds: float = 3600.0
    packages: ClassVar[Mapping[str, str]] = {}
    summary: ClassVar[str]
    licence: ClassVar[str]
    citation: ClassVar[str | None] = None

    def __init__(self, *, device: str = "cpu", precision: Precision = "float32") -> None:
        """Stores the options; nothing is loaded yet.

        Args:
            device: the device that it runs on, such as ``cpu`` or ``cuda:0``; not part of the signature.
            precision: precision of its network; part of the signature.
        """
        self.device = device
        self.precision: Precision = precision

    @property
    def needs(self) -> tuple[str, ...]:
        """Names in the registry of weights that must be present; empty if it ships with its weights or has none."""
        return ()

    def prepare(self, train: TrainClips, progress: Callable[[int, int], None] | None = None) -> None:
        """Learns from the train split, once, before :meth:`signature` and the first clip; for judges that declare ``learns``.

        Args:
            train: the clips, read lazily.
            progress: called with the number of clips that it has read, and their total number.

        Raises:
            InputError: the clips lack something that it needs.
        """

    @abstractmethod
    def signature(self) -> str:
        """Identifies everything that its observations depend on besides the clip, without ``|``, ``:`` or ``,``.

        That is name and revision, architecture, digests of all files of weights (or of the train split), decoding and precision.

        Raises:
            InputError: weights that it needs are not present.
        """

    @cached_property
    def signed(self) -> str:
        """The signature, computed once, with digits of the source files' digest if the judge is not signbench's own.

        Raises:
            InputError: weights that it needs are not present, or its signature has characters that are not allowed.
        """
        code, text = code_digest(type(self)), str(self.signature())
        if not _SIGNATURE.fullmatch(text):
            raise InputError(
                f"the judge {self.name} has the signature {text[:100]!r}; a signature has printable ASCII characters only, and no "
                "space, vertical bar, colon or comma."
            )
        return text if code is None else f"{text}+code-{code}"

    @abstractmethod
    def observe(self, clips: Sequence[JudgedClip], wanted: Collection[Gives]) -> list[Mapping[Gives, Observation]]:
        """Answers about some clips.

        Args:
            clips: one clip on the CPU, up to :attr:`batch` clips on a GPU.
            wanted: which of :attr:`gives` to return.

        Returns:
            For each clip, in order, one observation of each wanted kind.

        Raises:
            SignbenchError: a clip cannot be judged.
        """
