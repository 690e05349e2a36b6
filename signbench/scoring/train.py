"""Trains a model by its recipe, from Python."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from signbench.corpora.corpus import Corpus, has_performances, train_split_of
from signbench.errors import InputError, nearest
from signbench.progress import Progress, silent
from signbench.training.base import Answer, TrainingData
from signbench.training.recipe import Recipe, Selection, read_recipe

if TYPE_CHECKING:
    from signbench.media.pose import Pose
    from signbench.metrics.pairs import Pair
    from signbench.weights.reference_models import ReferenceModel

TRAININGS: dict[str, str] = {
    "stgcn": "signbench.judges.stgcn.training:STGCNTraining",
    "slt": "signbench.judges.slt.training:SLTTraining",
    "corrnet": "signbench.judges.corrnet.training:CorrNetTraining",
    "frame-trunk": "signbench.judges.frame_trunk.training:FrameTrunkTraining",
    "gfslt": "signbench.judges.gfslt.training:GFSLTTraining",
    "nslt": "signbench.judges.nslt.training:NSLTTraining",
    "pose-estimator": "signbench.judges.pose_estimator.training:PoseEstimatorTraining",
    "signavatar": "signbench.generators.signavatar.training:SignAvatarTraining",
    "pgmm": "signbench.generators.pgmm.training:PGMMTraining",
    "tpsmm": "signbench.generators.pgmm.training:PGMMTraining",
    "mimicmotion": "signbench.generators.mimicmotion.training:MimicMotionTraining",
    "signaligner": "signbench.generators.signaligner.training:SignAlignerTraining",
    "progressive-transformers": "signbench.generators.signaligner.training:SignAlignerTraining",
    "realisdance": "signbench.generators.realisdance.training:RealisDanceTraining",
}
"""The models that can be trained: the class of each one's data and losses."""

_RECIPES = {"small": "recipe.yaml", "paper": "paper.yaml"}


def train(
    model: str | Path,
    *,
    out: str | Path,
    configuration: str = "small",
    corpus: str | None = None,
    root: str | Path | None = None,
    seed: int | None = None,
    device: str | None = None,
    workers: int = 0,
    samples: int = 2,
    progress: Progress = silent,
) -> ReferenceModel:
    """Trains a model by its recipe, as ``signbench train`` does; a repeated call resumes where it stopped.

    Args:
        model: name of a reference model, whose recipe is used; or a recipe's file.
        out: the folder that becomes the model's.
        configuration: ``small`` or ``paper``: which of the model's recipes.
        corpus: another corpus than the recipe's; see :func:`on_corpus`.
        root: the folder of the corpus, if it lies on disk; None: the configured one.
        seed: another seed than the recipe's.
        device: ``cpu``, ``cuda`` or ``cuda:N``; None: the CPU.
        workers: processes that prepare data and make batches while the network computes; 0: none. The weights are the same.
        samples: number of dev clips whose answers each validation leaves in ``samples/``, for a report; 0: none. The weights are
            the same.
        progress: called with the current step and how much of it is done and to do.

    Returns:
        The trained model.

    Raises:
        InputError: there is no such recipe or corpus, the folder holds something else, or the disk or the data is too small.
        TrainingError: a loss is not a number.

    Example:
        >>> import signbench
        >>> model = signbench.train("stgcn", out="reference_models/stgcn")  # doctest: +SKIP
        >>> model.card.training.value  # doctest: +SKIP
    """
    from signbench.corpora.registry import corpus as corpus_named
    from signbench.training.loop import Settings
    from signbench.training.loop import train as trained

    recipe, folder = recipe_for(model, configuration), None if root is None else Path(root)
    if corpus is not None:
        recipe = on_corpus(recipe, corpus_named(corpus, folder))
    if seed is not None:
        recipe = recipe.model_copy(update={"seed": seed})
    data = training_data(recipe, folder)
    return trained(data, measured, Settings(Path(out), device or "cpu", progress=progress, workers=workers, samples=samples))


def recipe_for(model: str | Path, configuration: str = "small") -> Recipe:
    """The recipe of a model's name, or in a file.

    Raises:
        InputError: there is none, or it is invalid.
    """
    from signbench.weights.reference_models import recipe_of

    if isinstance(model, Path) or model.endswith((".yaml", ".yml")):
        return read_recipe(Path(model))
    if configuration not in _RECIPES:
        raise InputError(f"there is no configuration {configuration}; use small or paper.")
    return read_recipe(recipe_of(model, _RECIPES[configuration]))


def on_corpus(recipe: Recipe, corpus: Corpus) -> Recipe:
    """A recipe for another corpus.

    Splits that the corpus lacks are replaced by its own: the train split, and ``dev``, or if there is none the train split, of
    which models hold some clips out. If it has one performance of each clip, so does the training.

    Args:
        recipe: as it was written.
        corpus: the corpus that it is used on.

    Raises:
        InputError: the corpus has no train split.
    """
    if corpus.name == recipe.corpus:
        return recipe
    train = tuple(split for split in recipe.train if split in corpus.splits) or (train_split_of(corpus, corpus.splits[-1]),)
    dev = next((split for split in (recipe.dev, "dev") if split in corpus.splits), train[0])
    data = dict(recipe.data)
    if not has_performances(corpus):
        data |= {name: value for name, value in _ONE_PERFORMANCE.items() if name in data}
    return recipe.model_copy(update={"corpus": corpus.name, "train": train, "dev": dev, "data": data})


_ONE_PERFORMANCE = {"takes": 1, "take": 0}


def training_data(recipe: Recipe, root: Path | None = None) -> TrainingData:
    """A model's contribution to its training.

    Args:
        recipe: the recipe.
        root: the folder of the corpus, if it lies on disk; None: the configured one.

    Raises:
        InputError: the recipe's model cannot be trained, or its corpus does not exist.
    """
    from signbench.corpora.registry import corpus as corpus_named

    if recipe.model not in TRAININGS:
        raise InputError(f"there is no training of a model {recipe.model}. {nearest(recipe.model, TRAININGS)}")
    module, _, name = TRAININGS[recipe.model].partition(":")
    kind: type[TrainingData] = getattr(importlib.import_module(module), name)
    return kind(recipe, corpus_named(recipe.corpus, root))


def measured(selection: Selection, answers: Sequence[Answer]) -> float:
    """A metric of a model's answers, by the same kernels as in a run.

    Args:
        selection: the metric, and the kind of answer.
        answers: one for each dev clip.

    Returns:
        The value; infinite, in the worse direction, if it is undefined.

    Raises:
        InputError: the metric cannot compare such answers.
    """
    import numpy as np

    from signbench.metrics.registry import create

    metric = create(selection.metric)
    records = []
    for answer in answers:
        pair = _pair(selection.gives, answer.said[selection.gives], answer.expected[selection.gives])
        records.append(metric.record([pair]))
    value = float(metric.score(records, np.ones((1, len(records)), np.int64))[0])
    if np.isfinite(value):
        return value
    return float("-inf") if selection.direction == "higher" else float("inf")


def _pair(gives: str, said: Any, expected: Any) -> Pair:
    from signbench.metrics.pairs import FeaturePair, FramePair, LabelPair, PosePair, TextPair

    kind, _, _ = gives.partition(".")
    if kind == "rows":
        return FeaturePair(said[0], expected[0])
    if kind == "video":
        return FramePair(said, expected)
    if kind == "label":
        return LabelPair(expected, tuple(said))
    if kind == "pose":
        poses = cast("tuple[Pose, Pose]", (said, expected))
        return PosePair(poses[0], poses[1], *poses)
    if kind in ("text", "gloss"):
        return TextPair(said if isinstance(said, str) else " ".join(said), expected)
    raise InputError(f"a recipe cannot select by answers of the kind {gives}; use text, gloss, label, pose, rows or video.")
