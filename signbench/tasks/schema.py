"""The fields of a task file, all of them required, and their allowed values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from signbench.errors import InputError, SignbenchError, nearest
from signbench.media.modalities import Modality
from signbench.media.timelines import FramesRule
from signbench.runs.plan import Tier
from signbench.runs.protocol import Protocol, parse_size

Grant = Literal[
    "text", "gloss", "word", "signer", "length", "source_image", "other_source_image", "driving_video", "driving_pose", "motion"
]
ReferenceKind = Literal["video", "pose", "motion", "rendering:pose", "rendering:hamer", "rendering:smplx", "rendering:cross-person"]

SUFFIXES: dict[Modality, tuple[str, ...]] = {
    "video": (".mkv", ".mp4", ".webm", ".avi", ".mov"),
    "pose": (".pose", ".npz"),
    "motion": (".npz",),
}
"""Suffixes that a task may require; the first is the one that signbench's generators write."""

_VIEWS = {
    "frames": "images",
    "observations": "a network's features of images",
    "pose": "key points",
    "lengths": "lengths",
    "text": "text",
    "features": "features",
    "labels": "labels",
    "likelihood": "a judge's likelihood of the text",
    "judged": "a judge's output",
}


def _listed(kind: Any) -> str:
    return ", ".join(get_args(kind))


def _distinct(items: tuple[str, ...]) -> tuple[str, ...]:
    doubled = sorted({item for item in items if items.count(item) > 1})
    if doubled:
        raise ValueError(f"names {doubled[0]} twice")
    return items


def _word(text: str) -> str:
    if not text.strip() or text != text.strip() or not text.isprintable():
        raise ValueError(f"is {text!r}")
    return text


def _is_size(text: str) -> str:
    try:
        height, width = parse_size(text)
    except SignbenchError:
        raise ValueError(f"is {text!r}") from None
    if not (1 <= height <= 16384 and 1 <= width <= 16384):
        raise ValueError(f"is {text!r}, but a side must be from 1 to 16384")
    return text


def _is_layout(name: str) -> str:
    from signbench.media.layouts import known_layouts

    if name not in known_layouts():
        raise ValueError(f"is {name!r}. {nearest(name, known_layouts())}")
    return name


def _is_metric(text: str) -> str:
    from signbench.metrics import registry

    if "@" in text:
        raise ValueError(f"is {text!r}; write the part after the @ into the field on")
    try:
        canonical = registry.create(text).canonical
    except SignbenchError as error:
        raise ValueError(f"is {text!r}: {str(error).rstrip('.')}") from error
    if canonical != text:
        raise ValueError(f"is {text!r}, whose canonical name is {canonical}")
    return text


_Word = Annotated[str, AfterValidator(_word)]


class _Fields(BaseModel):
    """Every field is required, and no other is allowed. The descriptions say what to write, for error messages."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Made(_Fields):
    """The required output for each clip.

    Attributes:
        modality: video, pose (key points) or motion (body-model rotations).
        file: suffix of the files, which are named by clip id.
        size: ``WIDTHxHEIGHT`` in pixels: of the frames of a video, or of the image that key points refer to; None for other units.
        fps: frames per second, or None: those of the reference.
        joints: name of the key points' layout, or None for video.
    """

    modality: Modality = Field(description=f"one of {_listed(Modality)}")
    file: _Word = Field(description="the suffix of a clip's file, such as .mkv, .pose or .npz")
    size: Annotated[str, AfterValidator(_is_size)] | None = Field(description="WIDTHxHEIGHT in pixels, such as 128x128, or null")
    fps: float | None = Field(gt=0, le=1000, description="frames per second, such as 25, or null")
    joints: Annotated[str, AfterValidator(_is_layout)] | None = Field(
        description="the name of a key-point layout, or null for video"
    )

    @model_validator(mode="after")
    def _fits(self) -> Made:
        if self.file not in SUFFIXES[self.modality]:
            raise ValueError(f"file {self.file!r} cannot hold {self.modality}; write one of {', '.join(SUFFIXES[self.modality])}")
        if self.modality == "video" and (self.joints is not None or self.size is None):
            raise ValueError("of video needs a size and no joints; write the frames' WIDTHxHEIGHT and joints: null")
        if self.modality != "video" and self.joints is None:
            raise ValueError(f"of {self.modality} needs joints; write the name of a key-point layout")
        return self

    @property
    def height_width(self) -> tuple[int, int] | None:
        """``(height, width)`` in pixels, or None."""
        return parse_size(self.size) if self.size is not None else None


class Expected(_Fields):
    """The clips of one split, so that a changed corpus is noticed.

    Attributes:
        count: their number, or None if the paper does not say.
        ids_sha256: :func:`ids_digest` of their ids; None if the author of the task did not have the corpus.
    """

    count: Annotated[int, Field(ge=1)] | None = Field(description="the number of clips, or null if unknown")
    ids_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        description="the SHA-256 of the sorted ids joined by newlines, or null; signbench tasks freeze fills it in"
    )


class TaskMetric(_Fields):
    """One metric of a task.

    Attributes:
        metric: its canonical name.
        on: the judge through which it is measured, or ``judge.gives`` if the compared output is not the judge's first choice; None:
            it is computed from the clips themselves.
        tier: ``core`` needs only what signbench ships; ``extended`` needs fetched weights.
        headline: whether it is in the leaderboard's first columns.
    """

    metric: Annotated[str, AfterValidator(_is_metric)] = Field(description="a metric from signbench metrics list")
    on: _Word | None = Field(description="a judge from signbench judges list, such as nearest, or null")
    tier: Tier = Field(description=f"one of {_listed(Tier)}")
    headline: bool = Field(description="true or false")

    @property
    def key(self) -> str:
        """Its key in scores and leaderboards: ``metric`` or ``metric@judge``."""
        return self.metric if self.on is None else f"{self.metric}@{self.on}"

    @property
    def judge(self) -> str | None:
        """Name of the judge, or None."""
        from signbench.metrics.judged import judge_of

        return None if self.on is None else judge_of(self.on)

    @model_validator(mode="after")
    def _has_its_judge(self) -> TaskMetric:
        from signbench.metrics import registry

        if self.on is not None:
            if any(sign in self.on for sign in "|,@"):
                raise ValueError(f"on is {self.on!r}; a judge's name has no vertical bar, comma or @, also as a file")
            try:
                canonical = registry.create(self.key).canonical
            except SignbenchError as error:
                raise ValueError(f"on is {self.on!r}: {str(error).rstrip('.')}") from error
            if canonical != self.key:
                raise ValueError(f"on is {self.on!r}; its canonical name is {canonical.partition('@')[2]!r}")
        return self


def _distinct_metrics(items: tuple[TaskMetric, ...]) -> tuple[TaskMetric, ...]:
    _distinct(tuple(item.key for item in items))
    return items


class Paper(_Fields):
    """The published table that a task corresponds to.

    Attributes:
        citation: authors, title, venue.
        table: the table or figure.
    """

    citation: _Word = Field(description="authors and title of the paper")
    table: _Word = Field(description="the table or figure, such as Table 2")


class Task(_Fields):
    """A task, which makes two numbers comparable.

    Attributes:
        name: its path below ``tasks/`` without the suffix.
        version: rises when corpus, splits, prompts, grants, submission format or length rule change; not for a new metric.
        corpus: name of the data set.
        splits: the splits that can be scored, the default first.
        given: everything that a generator is given for each clip.
        made: the required output.
        length: how a production with a different length from its reference is handled.
        references: the kind of references.
        clips: the expected clips of each split.
        seed: the seed from which each clip's own seed is derived.
        samples_per_clip: productions for each clip.
        coverage_floor: share of the clips below which a run is incomplete.
        cluster: ``signer`` if clips of one signer are dependent; None if all are independent.
        metrics: in printed order.
        paper: the table that the task corresponds to, or None.
        open_in_paper: what the paper leaves open, and how signbench handles it.
    """

    name: _Word = Field(description="the file's path below tasks/ without its suffix, such as synthsign/text-to-pose")
    version: int = Field(ge=1, description="an integer of at least 1")
    corpus: _Word = Field(description="the name of a corpus, such as synthsign")
    splits: Annotated[tuple[_Word, ...], AfterValidator(_distinct)] = Field(
        strict=False, min_length=1, description="a list of the corpus's splits, the default first"
    )
    given: Annotated[tuple[Grant, ...], AfterValidator(_distinct)] = Field(
        strict=False, min_length=1, description=f"a list of some of {_listed(Grant)}"
    )
    made: Made = Field(description="the fields modality, file, size, fps and joints")
    length: FramesRule = Field(description=f"one of {_listed(FramesRule)}")
    references: ReferenceKind = Field(description=f"one of {_listed(ReferenceKind)}")
    clips: dict[str, Expected] = Field(description="for each split its count and ids_sha256")
    seed: int = Field(ge=0, description="an integer of at least 0")
    samples_per_clip: int = Field(ge=1, description="an integer of at least 1")
    coverage_floor: float = Field(gt=0, le=1, description="a share above 0 and up to 1")
    cluster: Literal["signer"] | None = Field(description="signer or null")
    metrics: Annotated[tuple[TaskMetric, ...], AfterValidator(_distinct_metrics)] = Field(
        strict=False, min_length=1, description="a list of entries with the fields metric, on, tier and headline"
    )
    paper: Paper | None = Field(description="the fields citation and table, or null")
    open_in_paper: tuple[_Word, ...] = Field(strict=False, description="a list of sentences; [] if nothing is open")

    @model_validator(mode="after")
    def _agrees(self) -> Task:
        kind = "video" if self.references.startswith("rendering:") else self.references
        if kind != self.made.modality:
            raise ValueError(f"references {self.references!r} cannot be compared with {self.made.modality}; write references of it")
        if set(self.clips) != set(self.splits):
            raise ValueError(
                f"clips names {', '.join(self.clips) or 'no split'}, but splits {', '.join(self.splits)}; write the same"
            )
        if not self.headlines:
            keys = ", ".join(item.key for item in self.metrics)
            raise ValueError(f"metrics: none of {keys} is a headline; write headline: true for at least one")
        for item in self.metrics:
            self._check_fit(item)
        return self

    def _check_fit(self, item: TaskMetric) -> None:
        from signbench.judges.registry import is_custom, judge_class
        from signbench.metrics import registry
        from signbench.metrics.judged import JudgedMetric, reads_of

        metric = registry.create(item.key)
        view = metric.view
        if isinstance(metric, JudgedMetric):
            if is_custom(metric.judge):  # its code is not imported by reading a task
                return
            judge = judge_class(metric.judge)
            if reads_of(judge, self.made.modality) is None:
                raise ValueError(
                    f"metrics: the judge {metric.judge} reads {' or '.join(judge.reads)}, but the output is "
                    f"{self.made.modality}; choose another judge"
                )
            return
        if metric.extractor is not None and item.tier == "core":
            raise ValueError(f"metrics: {item.metric} needs weights that signbench does not ship; write tier: extended")
        if metric.extractor is not None and metric.extractor.weights == "random":
            raise ValueError(f"metrics: {item.metric} has random weights, which a task must not use; remove weights")
        fitting = ("frames", "observations", "lengths") if self.made.modality == "video" else ("pose", "lengths")
        if view not in fitting:
            raise ValueError(
                f"metrics: {item.metric} measures {_VIEWS[view]}, but the output is {self.made.modality}; choose one of "
                f"{' or '.join(_VIEWS[name] for name in fitting)}"
            )

    @property
    def default_split(self) -> str:
        """The split that is scored by default."""
        return self.splits[0]

    @property
    def headlines(self) -> tuple[str, ...]:
        """Keys of the metrics in a leaderboard's first columns."""
        return tuple(item.key for item in self.metrics if item.headline)

    def split(self, name: str | None) -> str:
        """The selected split: the named one, or the default.

        Raises:
            InputError: the task is not scored on that split.
        """
        if name is None:
            return self.default_split
        if name not in self.splits:
            raise InputError(f"the task {self.name} is not scored on a split {name}. {nearest(name, self.splits)}")
        return name

    def digest(self) -> str:
        """SHA-256 over the fields that can change a metric's number, hexadecimal.

        Comments, citations and the choice of metrics, splits and expected clips are not among them.
        """
        fields = self.model_dump(mode="json", include=_DECIDING)
        return hashlib.sha256(json.dumps(fields, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def protocol(self) -> Protocol:
        """How the two sides of a clip are aligned: the length rule, and the size, rate and layout of submissions."""
        size = self.made.height_width if self.made.modality == "video" else None
        return Protocol(frames=self.length, size=size, fps=self.made.fps, layout=self.made.joints)


_DECIDING = {
    "name",
    "version",
    "corpus",
    "given",
    "made",
    "length",
    "references",
    "seed",
    "samples_per_clip",
    "coverage_floor",
    "cluster",
}


def ids_digest(ids: Iterable[str]) -> str:
    """SHA-256 of clip ids, sorted and joined by newlines, hexadecimal."""
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()
