"""The contract of a judge: a recogniser, translator or estimator that answers about a clip.

A judge is shown whole clips, one side at a time, and gives one observation of each kind for each clip. What it gives is compared
with what the corpus says of the clip (text, glosses, word), or with what the same judge gives of the reference (rows, key points).
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
from signbench.media.pose import Pose

Reads = Literal["frames", "pose", "motion"]
"""What a judge looks at: RGB frames, key points, or the joints of a body model."""

Gives = Literal["text", "gloss", "label", "rows", "pose", "likelihood"]
"""What a judge says of a clip:

- ``text``: the spoken-language sentence, str.
- ``gloss``: the glosses in signing order, tuple of str.
- ``label``: labels from the most to the least likely, tuple of str; none where nothing was recognised.
- ``rows``: features, float32 ``(n, D)``, a row for each frame or one for the whole clip.
- ``pose``: key points, :class:`~signbench.media.pose.Pose`.
- ``likelihood``: how likely the corpus's text is given the clip, :class:`Likelihood`.
"""

READS: tuple[Reads, ...] = get_args(Reads)

GIVES: tuple[Gives, ...] = get_args(Gives)

COMPARED_WITH_CORPUS: frozenset[Gives] = frozenset({"text", "gloss", "label", "likelihood"})
"""What is compared with what the corpus says of the clip, so that a ceiling and a chance level can be measured."""


@dataclass(frozen=True)
class Likelihood:
    """How likely a text is, given a clip.

    Attributes:
        log_probability: natural logarithm, summed over the tokens.
        tokens: how many there are, the end of the sentence included.
    """

    log_probability: float
    tokens: int


Observation = str | tuple[str, ...] | NDArray[np.float32] | Pose | Likelihood
"""One of what :data:`Gives` lists."""


@dataclass(frozen=True, eq=False)
class JudgedClip:
    """One side of a clip, as a judge is shown it.

    Attributes:
        id: of the clip; for messages only, so that an answer never depends on it.
        frames: uint8 ``(T, H, W, 3)`` RGB at the judge's rate and size, or None where it reads no frames.
        pose: key points or joints at the judge's rate and in its layout, or None where it reads frames.
        text: the corpus's text, for the likelihood of it; else None.
    """

    id: str
    frames: NDArray[np.uint8] | None = None
    pose: Pose | None = None
    text: str | None = None


_SIGNATURE = re.compile(r"[!-+\--9;-{}~]+")
"""What may stand in a metric's signature: printable ASCII but for the space, ``|``, ``:`` and ``,``."""


class LabelledClip(Protocol):
    """One clip of a train split, as a judge that needs no training may look at it."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def word(self) -> str | None:
        """The spoken word, where it is an isolated sign."""

    @property
    def media(self) -> VideoRecording | PoseRecording:
        """Its recording, unread."""


class TrainClips(Protocol):
    """The train split that belongs to what is scored; nothing is read before it is asked for."""

    def __len__(self) -> int:
        """Number of clips."""

    def __iter__(self) -> Iterator[LabelledClip]:
        """The clips in the corpus's order."""


class Judge(ABC):
    """Answers about clips.

    An observation depends on its clip alone, not on the clips beside it: on the CPU clips come one by one; on a GPU several may
    share a batch behind masks, within the tolerance of docs/design.md. Instances are picklable; what is large is loaded on first
    use.

    Attributes:
        name: lower case, such as ``nearest``; ``on:`` in a task and ``metric@name`` name it so.
        revision: rises when its observations change.
        reads: what it can look at, the preferred first.
        gives: what it says of a clip, the preferred first where several go with a metric.
        size: ``(height, width)`` that frames are resized to, or None: as they are.
        rate: frames per second that clips are converted to, or None: as they are.
        layout: key-point layout that clips are converted to, or None: the reference's.
        learns: it looks at the train split before it answers (:meth:`prepare`).
        has_network: it computes on :attr:`device`; several workers then share one, in the process that owns the device.
        batch: how many clips it likes to see at a time on a GPU.
        seconds: how long it may take for one clip, where it is not signbench's own; longer is that clip's failure.
        summary: one sentence for ``signbench judges list``.
        licence: under which it may be used.
        citation: whom to cite, or None.
    """

    name: ClassVar[str]
    revision: ClassVar[int] = 1
    reads: ClassVar[tuple[Reads, ...]]
    gives: ClassVar[tuple[Gives, ...]]
    size: tuple[int, int] | None = None
    rate: float | None = None
    layout: str | None = None
    learns: ClassVar[bool] = False
    has_network: ClassVar[bool] = True
    batch: int = 8
    seconds: float = 3600.0
    summary: ClassVar[str]
    licence: ClassVar[str]
    citation: ClassVar[str | None] = None

    def __init__(self, *, device: str = "cpu", precision: Precision = "float32") -> None:
        """Loads nothing yet.

        Args:
            device: where it computes, such as ``cpu`` or ``cuda:0``; not signed.
            precision: of its network; signed.
        """
        self.device = device
        self.precision: Precision = precision

    @property
    def needs(self) -> tuple[str, ...]:
        """Names in the registry of weights that must be present; empty where it carries its own or has none."""
        return ()

    def prepare(self, train: TrainClips, progress: Callable[[int, int], None] | None = None) -> None:
        """Looks at the train split, once, before :meth:`signature` and the first clip; for judges that declare ``learns``.

        Args:
            train: the clips that it may look at, read lazily.
            progress: is told how many clips it has looked at, of how many.

        Raises:
            InputError: the clips lack what it needs.
        """

    @abstractmethod
    def signature(self) -> str:
        """Everything its observations depend on besides the clip, without ``|``, ``:`` or ``,``.

        Name and revision, architecture, digests of every file of weights (or of the train split that it looked at), decoding and
        precision.

        Raises:
            InputError: weights that it needs are not present.
        """

    @cached_property
    def signed(self) -> str:
        """Its signature when it is first asked for; with digits of its source files' digest where it is not signbench's own.

        Raises:
            InputError: weights that it needs are not present, or its signature would break those of metrics.
        """
        code, text = code_digest(type(self)), str(self.signature())
        if not _SIGNATURE.fullmatch(text):
            raise InputError(
                f"the judge {self.name} has the signature {text[:100]!r}; a signature is letters, digits, signs and no space, "
                "vertical bar, colon or comma."
            )
        return text if code is None else f"{text}+code-{code}"

    @abstractmethod
    def observe(self, clips: Sequence[JudgedClip], wanted: Collection[Gives]) -> list[Mapping[Gives, Observation]]:
        """Answers about some clips.

        Args:
            clips: one on the CPU; up to :attr:`batch` on a GPU.
            wanted: which of :attr:`gives` are asked for.

        Returns:
            For each clip, in order, one observation of each wanted kind.

        Raises:
            SignbenchError: a clip cannot be judged.
        """
