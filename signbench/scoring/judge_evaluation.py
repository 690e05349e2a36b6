"""Measures a judge on a corpus's references, clean and degraded: what it understands, and what it does not see."""

from __future__ import annotations

import inspect
import multiprocessing
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from signbench.corpora.clip import Clip
from signbench.corpora.corpus import Corpus, performance
from signbench.corpora.recordings import rotations_of
from signbench.errors import InputError, SignbenchError
from signbench.extractors.base import settled_device
from signbench.judges import registry
from signbench.judges.asking import answers
from signbench.judges.base import Gives, Judge, JudgedClip, Likelihood, Observation, Reads
from signbench.media.motion import Motion
from signbench.media.pose import Pose, in_layout
from signbench.metrics.base import Metric, Record
from signbench.metrics.pairs import LabelPair, LikelihoodPair, Pair, PosePair, TextPair
from signbench.metrics.registry import create, known
from signbench.progress import Progress, silent
from signbench.runs.protocol import Protocol
from signbench.runs.result import Level
from signbench.scoring.estimated_points import EstimatedPoints
from signbench.scoring.evaluated import EvaluatedCondition, EvaluatedScore, JudgeEvaluation
from signbench.scoring.judge_conditions import Condition, conditions_of
from signbench.scoring.judging import judged_clip, truth
from signbench.scoring.minimal_pairs import minimal_pairs_of
from signbench.scoring.task_judges import dealt_clips
from signbench.scoring.workers import ONE_THREAD, effective_workers, environment
from signbench.statistics.intervals import interval

METRICS: Mapping[Gives, tuple[str, ...]] = {
    "label": ("accuracy", "accuracy:top=5"),
    "gloss": ("wer",),
    "text": ("bleu:order=1", "bleu:order=2", "bleu:order=3", "bleu:order=4", "rouge-l", "chrf"),
    "likelihood": ("likelihood",),
    "pose": ("ape:parts=body", "ape:parts=hands", "ape:parts=face", "pck"),
}
"""The metrics of each kind of answer; key points are compared with the corpus's own, in pixels of the judge's frames."""

SEED = 1
"""Of the deal of the references to other clips."""

_HIDDEN = 0.3
"""Key points up to this confidence are hidden behind something, and are not compared."""

_NOISE_CLIPS = 8
"""Clips on which the strength of the noise on rotations is determined."""


@dataclass(frozen=True, eq=False)
class _Work:
    """What a process needs to show clips to the judge.

    Attributes:
        judge: name, path of a model's folder, or custom code.
        device: the device of its network.
        corpus: the corpus.
        reads: the form that the judge is shown.
        wanted: the kinds of answer.
        conditions: the conditions.
    """

    judge: str
    device: str
    corpus: Corpus
    reads: Reads
    wanted: tuple[Gives, ...]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, eq=False)
class _Answer:
    """The judge's answer under one condition.

    Attributes:
        said: by kind; empty if the clip cannot be judged.
        likelihood: of the text of the clip to which this one is dealt; None if the judge gives none.
        truth: the corpus's key points in pixels of what was shown, for judges that give key points.
    """

    said: Mapping[Gives, Observation]
    likelihood: Likelihood | None = None
    truth: Pose | None = None


def evaluate_judge(
    name: str,
    *,
    split: str | None = None,
    limit: int | None = None,
    corpus: str | None = None,
    root: Path | None = None,
    estimator: str | None = None,
    device: str = "cpu",
    workers: int | None = None,
    progress: Progress = silent,
) -> JudgeEvaluation:
    """Measures a judge on a corpus's references, clean and degraded.

    Args:
        name: name of a judge or reference model, or the path of a model's folder, which contains a ``/``.
        split: of the corpus; None: the test split that belongs to the judge's train split.
        limit: only the first clips, this many.
        corpus: name of the corpus; None: that on which the judge was trained, or SynthSign.
        root: the folder of the corpus, if it lies on disk; None: the configured one.
        estimator: a judge that finds key points in videos: another condition shows what it finds. For judges of key points.
        device: the device of the judge's network.
        workers: processes; None: one per core, on a GPU one. The numbers do not depend on it.
        progress: called with the number of judged and of all clips.

    Raises:
        InputError: there is no such judge, corpus or split, the judge's model or a package is not there, or the corpus
            lacks what it reads.
    """
    from signbench.corpora.registry import corpus as corpus_named

    device = settled_device(device)
    judge = registry.create(name, device=device)
    if (missing := registry.missing_package(judge)) is not None:
        raise InputError(f"the judge {judge.name} needs {missing[0]}, which is not installed; run: {missing[1]}.")
    if judge.learns:
        raise InputError(
            f"the judge {judge.name} learns from a task's train split; its ceiling in a run is its score on references."
        )
    wanted = tuple(gives for gives in judge.gives if gives in METRICS)
    if not wanted:
        raise InputError(f"the judge {judge.name} gives {', '.join(judge.gives)}, which cannot be compared with a corpus.")
    if limit is not None and limit < 1:
        raise InputError(f"`limit` must be at least 1, not {limit}.")
    source = corpus_named(corpus or _trained_on(judge) or "synthsign", root)
    split = split or _test_split(judge)
    ids = sorted(source.ids(split))
    subset = ids[:limit]
    reads = reads_of_instance(judge)
    clips = {clip: source.clip(clip) for clip in subset}
    wanted = tuple(gives for gives in wanted if _comparable(gives, judge, clips.values()))
    if not wanted:
        raise InputError(f"the clips of {source.name} {split} lack the answers that {judge.name} could be compared with.")
    takes = "take" in inspect.signature(source.clip).parameters
    conditions = conditions_of(reads, lambda: [_rotations(source.clip(clip)) for clip in ids[:_NOISE_CLIPS]], takes=takes)
    conditions += [Condition(other, f"the rendering {other} of the same clips", rendering=other) for other in _renderings(judge)]
    if estimator is not None:
        conditions.append(_estimated(reads, estimator, device))
    dealt = dealt_clips(f"{source.name}/{split}", SEED, tuple(subset))
    given_to = {other: clip for clip, other in dealt.items()}  # the clip to which each one is dealt
    work = _Work(name, device, source, reads, wanted, tuple(conditions))
    jobs = [(clip, clips[given_to[clip]].text if clip in given_to else None) for clip in subset]
    found: dict[str, tuple[_Answer, ...]] = {}
    processes = 1 if device != "cpu" else effective_workers(workers, len(jobs))
    for clip, of_clip in zip(subset, _judged(work, jobs, processes), strict=True):
        found[clip] = of_clip
        progress("judging", len(found), len(subset))
    return JudgeEvaluation(
        judge=judge.name,
        signature=judge.signed,
        corpus=f"{source.name} {source.version}",
        split=split,
        shown="video" if reads == "frames" else reads,
        limit=None if len(subset) == len(ids) else len(subset),
        clips=len(subset),
        conditions=tuple(
            EvaluatedCondition(
                name=condition.name,
                description=condition.description,
                scores=tuple(
                    _scored(metric, gives, clips, dealt, {clip: of_clip[number] for clip, of_clip in found.items()})
                    for gives in wanted
                    for metric in METRICS[gives]
                    if metric.partition(":")[0] in known()
                ),
            )
            for number, condition in enumerate(conditions)
        ),
        minimal_pairs=minimal_pairs_of(source, clips, wanted, {clip: of_clip[0].said for clip, of_clip in found.items()}),
    )


def _estimated(reads: Reads, estimator: str, device: str) -> Condition:
    if reads != "pose":
        raise InputError(f"`estimator` is for judges that read key points; this one reads {reads}.")
    points = EstimatedPoints(estimator, device)
    signed = points.judge().signed
    return Condition(f"points of {estimator}", f"key points found in the videos by {signed}", points=points)


def reads_of_instance(judge: Judge) -> Reads:
    """The form of clips that a judge is shown: its model decides if the judge can read several."""
    if judge.size is not None and "frames" in judge.reads:
        return "frames"
    if judge.layout is not None and "pose" in judge.reads:
        return "pose"
    return judge.reads[0]


def _model_of(judge: Judge) -> Any:
    return getattr(judge, "model", None)


def _trained_on(judge: Judge) -> str | None:
    model = _model_of(judge)
    return None if model is None or model.card.data is None else str(model.card.data.corpus).partition(" ")[0]


def _test_split(judge: Judge) -> str:
    model = _model_of(judge)
    if model is not None and model.card.data is not None:
        return str(model.card.data.splits[0]).replace("train", "test")
    return "test" if {"text", "gloss", "pose"} & set(judge.gives) else "word-test"


def _renderings(judge: Judge) -> list[str]:
    """The renderings besides videos that the model was trained on."""
    from signbench.training.recipe import read_recipe
    from signbench.weights.reference_models import RECIPE

    model = _model_of(judge)
    if model is None or not (model.folder / RECIPE).is_file():
        return []
    return [str(name) for name in read_recipe(model.folder / RECIPE).data.get("renderings") or () if name != "video"]


def _comparable(gives: Gives, judge: Judge, clips: Iterable[Clip]) -> bool:
    """Whether the corpus has the answers, and the model gives this kind."""
    if gives == "gloss" and getattr(getattr(judge, "config", None), "glosses", 1) == 0:
        return False
    if gives == "pose":
        return all(clip.pose is not None for clip in clips)
    kind: Literal["text", "gloss", "word"] = "gloss" if gives == "gloss" else "word" if gives == "label" else "text"
    return all(truth(clip, kind) is not None for clip in clips)


def _rotations(clip: Clip) -> Motion:
    motion = None if clip.motion is None else rotations_of(clip.motion, clip.fps)
    if motion is None:
        raise InputError(f"clip {clip.id} has no rotations for the judge.")
    return motion


_judges: dict[tuple[str, str], Judge] = {}
"""The judges of this process."""


def _judged(work: _Work, jobs: Sequence[tuple[str, str | None]], workers: int) -> Iterator[tuple[_Answer, ...]]:
    """The answers about some clips under each condition, in order.

    Args:
        work: the judge, the corpus and the conditions.
        jobs: each clip, and the text of the clip to which it is dealt.
        workers: number of processes.
    """
    if workers <= 1:
        yield from (_judged_clip(work, *job) for job in jobs)
        return
    with environment(ONE_THREAD):
        pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
        try:
            yield from pool.map(_judged_clip, [work] * len(jobs), *zip(*jobs, strict=True))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _judged_clip(work: _Work, name: str, other_text: str | None) -> tuple[_Answer, ...]:
    judge = _judges.get((work.judge, work.device))
    if judge is None:
        judge = _judges[work.judge, work.device] = registry.create(work.judge, device=work.device)
    return tuple(_answer(work, judge, condition, name, other_text) for condition in work.conditions)


def _answer(work: _Work, judge: Judge, condition: Condition, name: str, other_text: str | None) -> _Answer:
    """A judge's answer about one clip; empty if it cannot judge it."""
    clip = performance(work.corpus, name, condition.take)
    if condition.points is not None:
        clip = condition.points(clip)
    seen = condition.of(_shown(clip, work.reads, condition.rendering or "video"))
    shown = judged_clip(judge, seen, Protocol(), clip.text if "likelihood" in work.wanted else None)
    if condition.shown is not None:
        shown = condition.shown(shown, condition.random(name))
    try:
        said = answers(judge, [shown], work.wanted)[0]
        likelihood = None
        if "likelihood" in work.wanted and other_text is not None:
            likelihood = cast("Likelihood", answers(judge, [replace(shown, text=other_text)], ["likelihood"])[0]["likelihood"])
    except SignbenchError:
        return _Answer({})
    return _Answer(said, likelihood, _true_pose(clip, shown, said) if "pose" in work.wanted else None)


def _shown(clip: Clip, reads: Reads, rendering: str) -> Clip:
    """A clip with only what the judge is shown.

    Raises:
        InputError: the clip lacks it.
    """
    if reads == "frames":
        video = clip.video if rendering == "video" else clip.renderings.get(rendering)
        if video is None:
            raise InputError(f"clip {clip.id} has no {rendering} for the judge.")
        return replace(clip, video=video)
    recording = clip.pose if reads == "pose" else clip.motion
    if recording is None:
        raise InputError(f"clip {clip.id} has no {'key points' if reads == 'pose' else 'rotations'} for the judge.")
    return replace(clip, video=None, pose=recording)


def _true_pose(clip: Clip, shown: JudgedClip, said: Mapping[Gives, Observation]) -> Pose | None:
    """The corpus's key points in pixels of the shown frames, in the judge's layout and at its rate; hidden ones are not seen."""
    found = cast("Pose", said["pose"])
    if clip.pose is None or shown.frames is None or found.fps is None:
        return None
    pose = in_layout(clip.pose.pose(clip.fps), found.layout).at_rate(found.fps)
    drawn = getattr(clip.pose, "size", None)
    height, width = shown.frames.shape[1:3]
    wide, high = pose.picture or ((drawn, drawn) if drawn else (width, height))
    scale = np.array([width / wide, height / high], np.float32)
    seen = pose.confidence > _HIDDEN
    points = np.where(seen[..., None], (pose.points[..., :2] + 0.5) * scale - 0.5, 0).astype(np.float32)
    return replace(pose, points=points, confidence=np.where(seen, pose.confidence, 0).astype(np.float32), picture=(width, height))


def _scored(
    name: str, gives: Gives, clips: Mapping[str, Clip], dealt: Mapping[str, str], found: Mapping[str, _Answer]
) -> EvaluatedScore:
    """A metric under one condition, and its chance level."""
    metric = create(name)
    own = [_pair(gives, clips[clip], found[clip], found[clip]) for clip in clips]
    value, bounds = _value(metric, own)
    other = [_pair(gives, clips[clip], found[dealt[clip]], found[clip], dealt=True) for clip in clips if clip in dealt]
    level, spread = _value(metric, other)
    return EvaluatedScore(
        metric=metric.canonical,
        gives=gives,
        value=value,
        interval=bounds,
        chance=Level(value=level, interval=spread, clips=sum(pair is not None for pair in other)),
        unit="px" if gives == "pose" and metric.unit == "input units" else metric.unit,
        direction=metric.direction,
        clips=sum(pair is not None for pair in own),
    )


def _pair(gives: Gives, clip: Clip, answer: _Answer, of_clip: _Answer, *, dealt: bool = False) -> Pair | None:
    """An answer and the correct one; None if the judge gave none.

    Args:
        gives: the kind of answer.
        clip: the clip whose correct answer counts.
        answer: what is compared: the answer about that clip, or about the one dealt to it.
        of_clip: the answer about the clip, with its true key points.
        dealt: whether it is about the clip dealt to it.
    """
    if gives not in answer.said:
        return None
    said = answer.said[gives]
    if gives == "likelihood":
        likelihood = answer.likelihood if dealt else cast("Likelihood", said)
        return None if likelihood is None else LikelihoodPair(likelihood.log_probability, likelihood.tokens)
    if gives == "pose":
        expected, points = of_clip.truth, cast("Pose", said)
        if expected is None:
            return None
        frames = min(points.frames, expected.frames)
        return PosePair(points, expected, points.first(frames), expected.first(frames))
    if gives == "label":
        labels = tuple(unicodedata.normalize("NFC", word) for word in cast("tuple[str, ...]", said))
        return LabelPair(truth(clip, "word") or "", labels)
    words = said if isinstance(said, str) else " ".join(cast("tuple[str, ...]", said))
    return TextPair(words, truth(clip, "gloss" if gives == "gloss" else "text") or "")


def _value(metric: Metric, pairs: Sequence[Pair | None]) -> tuple[float | None, tuple[float, float] | None]:
    """A metric over clips; a clip without an answer has the metric's worst value, or is left out if there is none."""
    records: list[Record] = []
    for pair in pairs:
        try:
            record = metric.missing() if pair is None else metric.record([pair])
        except SignbenchError:  # such as a part of the body that the reference does not show
            continue
        if record is not None:
            records.append(record)
    if not records:
        return None, None
    value = float(metric.score(records, np.ones((1, len(records)), np.int64))[0])
    bounds = interval(metric, records).bounds
    return (value, bounds) if np.isfinite(value) else (None, None)
