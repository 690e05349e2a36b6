"""Measures a generator of words as SignAvatar's paper does: raw, reconstructed and generated motion of train and test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from signbench.corpora.corpus import Corpus, train_split_of
from signbench.corpora.recordings import rotations_of
from signbench.errors import InputError
from signbench.generators.base import Generator, Made, Prompt, clip_seed
from signbench.generators.registry import create as create_generator
from signbench.generators.registry import options_of
from signbench.generators.training import TrainView, prompt_of
from signbench.judges.base import Judge, JudgedClip
from signbench.judges.registry import create as create_judge
from signbench.media.motion import Motion
from signbench.metrics.base import Metric
from signbench.metrics.pairs import FeaturePair, LabelPair, Pair
from signbench.metrics.registry import create as create_metric
from signbench.progress import Progress, silent
from signbench.scoring.evaluated_generators import EvaluatedGroup, GeneratorEvaluation, Group, GroupScore
from signbench.statistics.intervals import interval

METRICS = ("accuracy", "motion-fid", "diversity", "multimodality")
"""The paper's four; diversity of 200 pairs, and multimodality of 20 pairs a word."""

_GIVEN: Mapping[Group, tuple[str, ...]] = {"raw": (), "reconstructed": ("word", "motion"), "generated": ("word", "length")}
_SEED = 1
_AT_ONCE = 32


def evaluate_generator(
    name: str,
    *,
    checkpoint: str | Path | None = None,
    judge: str = "stgcn",
    corpus: str = "synthsign",
    split: str = "word-test",
    limit: int | None = None,
    device: str = "cpu",
    progress: Progress = silent,
) -> GeneratorEvaluation:
    """Measures a generator's reconstructions and generations of a corpus's words, next to the words themselves.

    A generation has the word and the length of a clip, a reconstruction its word and motion. Fréchet distances are those from the
    raw motion of the same split.

    Args:
        name: of the generator; it makes motion, from words and from motion.
        checkpoint: its weights: the name of a reference model, its folder, or a file; None: the generator's own.
        judge: a judge that gives labels and rows of motion.
        corpus: name of the corpus.
        split: its test split of isolated signs.
        limit: at most so many clips of each split, evenly spaced.
        device: of the networks.
        progress: called with the number of clips.

    Raises:
        InputError: there is no such generator, judge, corpus or split, or the generator does not fit.
    """
    from signbench.corpora.registry import corpus as corpus_named

    if limit is not None and limit < 1:
        raise InputError(f"`limit` must be at least 1, not {limit}.")
    generator = create_generator(name, **options_of(checkpoint, device))
    by = create_judge(judge, device=device)
    if not {"label", "rows"} <= set(by.gives) or "motion" not in by.reads:
        raise InputError(f"the judge {judge} does not give labels and rows of motion; use stgcn.")
    source = corpus_named(corpus)
    work = _Work(generator, by, source, split, progress)
    groups = []
    for one in (train_split_of(source, split), split):
        ids = source.ids(one)
        count = min(limit or len(ids), len(ids))
        groups += work.measured(one, [ids[index * len(ids) // count] for index in range(count)])
    return GeneratorEvaluation(
        generator=generator.card.name,
        checkpoint=generator.card.checkpoint,
        judge=by.signed,
        corpus=f"{source.name} {source.version}",
        limit=limit,
        groups=tuple(groups),
    )


class _Work:
    """A generator and a judge at work on a corpus."""

    def __init__(self, generator: Generator, judge: Judge, corpus: Corpus, split: str, progress: Progress) -> None:
        self.generator, self.judge, self.corpus, self.progress = generator, judge, corpus, progress
        ids = corpus.ids(split)
        fps = corpus.clip(ids[0]).fps if ids else None
        if fps is None:
            raise InputError(f"the split {split} of {corpus.name} is empty, or does not state a frame rate.")
        self.made = Made("motion", fps)
        generator.prepare(TrainView.of_task(corpus, self.made, split=split, references="motion"))

    def measured(self, split: str, ids: Sequence[str]) -> list[EvaluatedGroup]:
        """The three groups of a split."""
        found: dict[Group, list[Mapping[Any, Any]]] = {group: [] for group in _GIVEN}
        for start in range(0, len(ids), _AT_ONCE):
            part = ids[start : start + _AT_ONCE]
            for group in _GIVEN:
                shown = [self._shown(name, motion) for name, motion in zip(part, self._motions(group, split, part), strict=True)]
                found[group] += self.judge.observe(shown, ("label", "rows"))
            self.progress(f"judging {split}", start + len(part), len(ids))
        words = [self.corpus.clip(name).text or "" for name in ids]
        return [
            EvaluatedGroup(
                group=group,
                split=split,
                clips=len(ids),
                scores=tuple(_scored(create_metric(metric), words, answers, found["raw"]) for metric in METRICS),
            )
            for group, answers in found.items()
        ]

    def _motions(self, group: Group, split: str, ids: Sequence[str]) -> list[Motion]:
        if group == "raw":
            return [self._raw(name) for name in ids]
        prompts: list[Prompt] = [prompt_of(self.corpus.clip(name), self.made, _GIVEN[group], references="motion") for name in ids]
        seeds = [clip_seed(f"{self.corpus.name}/{split}", _SEED, name) for name in ids]
        productions = list(self.generator.generate(prompts, seeds))
        if any(production.motion is None for production in productions):
            raise InputError(f"the generator {self.generator.card.name} makes no rotations.")
        return [cast("Motion", production.motion) for production in productions]

    def _raw(self, name: str) -> Motion:
        clip = self.corpus.clip(name)
        motion = None if clip.motion is None else rotations_of(clip.motion, clip.fps)
        if motion is None:
            raise InputError(f"clip {name} of {self.corpus.name} has no rotations.")
        return motion

    def _shown(self, name: str, motion: Motion) -> JudgedClip:
        return JudgedClip(name, motion=motion if self.judge.rate is None else motion.at_rate(self.judge.rate))


def _scored(
    metric: Metric, words: Sequence[str], answers: Sequence[Mapping[Any, Any]], raw: Sequence[Mapping[Any, Any]]
) -> GroupScore:
    pairs: list[Pair] = []
    for word, answer, own in zip(words, answers, raw, strict=True):
        if metric.name == "accuracy":
            pairs.append(LabelPair(word, tuple(answer["label"])))
        else:
            pairs.append(FeaturePair(answer["rows"][0], own["rows"][0], word))
    records = [metric.record([pair]) for pair in pairs]
    value = float(metric.score(records, np.ones((1, len(records)), np.int64))[0])
    if not np.isfinite(value):
        return GroupScore(metric=metric.canonical, value=None, interval=None)
    return GroupScore(metric=metric.canonical, value=value, interval=interval(metric, records).bounds)
