"""All generators by name; each is imported only on request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signbench.errors import InputError
from signbench.foreign.content import Content
from signbench.foreign.isolation import guarded, reset
from signbench.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path

    from signbench.generators.base import Generator

GENERATORS: Registry[Generator] = Registry(
    "generator",
    "signbench.generators.base:Generator",
    {
        "ground-truth": "signbench.generators.anchors:GroundTruth",
        "shuffled": "signbench.generators.anchors:Shuffled",
        "first-frame": "signbench.generators.trivial:FirstFrame",
        "mean-pose": "signbench.generators.trivial:MeanPose",
        "noise": "signbench.generators.trivial:Noise",
        "nearest": "signbench.generators.retrieval:Nearest",
        "stitched": "signbench.generators.stitching:Stitched",
        "signavatar": "signbench.generators.signavatar.generator:SignAvatarGenerator",
        "pgmm": "signbench.generators.pgmm.generator:PGMMGenerator",
        "tpsmm": "signbench.generators.pgmm.generator:TPSMMGenerator",
        "mimicmotion": "signbench.generators.mimicmotion.generator:MimicMotionGenerator",
        "rusignbot": "signbench.generators.rusignbot.generator:RuSignBotGenerator",
        "signaligner": "signbench.generators.signaligner.generator:SignAlignerGenerator",
        "progressive-transformers": "signbench.generators.signaligner.progressive:ProgressiveTransformersGenerator",
        "progressive-transformers-leaking": "signbench.generators.signaligner.progressive:ProgressiveTransformersLeaking",
    },
    group="signbench.generators",
    custom=True,
    loads_models=True,
    where_taken=("device",),
)

MODELS = (
    *("signavatar", "pgmm", "tpsmm", "mimicmotion", "rusignbot", "signaligner", "progressive-transformers"),
    "progressive-transformers-leaking",
)
"""Built-in generators with a network, each of which needs a reference model, and the prompts that it was trained on."""


def known() -> list[str]:
    """Names of all generators: built-in ones and those of other packages with the entry point ``signbench.generators``."""
    return GENERATORS.known()


def generator_class(name: str) -> type[Generator]:
    """The class of a generator.

    Args:
        name: of a generator, or ``package.module:Class``, or ``path/file.py:Class``. A module is also looked up in the current
        folder.

    Raises:
        InputError: there is none of that name, it cannot be imported, or it is not a generator.
    """
    return GENERATORS.class_of(name)


def options_of(checkpoint: str | Path | None, device: str | None) -> dict[str, Any]:
    """Arguments for :func:`create` and :func:`content`.

    Args:
        checkpoint: trained weights: the name of a reference model, the path of its folder, or of a file; None: the generator's own.
        device: of its network; None: its default.

    Returns:
        Those that are given; the checkpoint as a path.

    Raises:
        InputError: there is neither such a model nor such a path.
    """
    from signbench.weights.reference_models import find_checkpoint

    path = None if checkpoint is None else find_checkpoint(checkpoint)
    return {name: value for name, value in (("checkpoint", path), ("device", device)) if value is not None}


def create(text: str, **options: Any) -> Generator:
    """The generator written ``name`` or ``package.module:Class``, followed by ``:key=value,key=value``.

    Args:
        text: what the user wrote.
        options: further arguments of its ``__init__``, such as ``checkpoint``. ``device``, which is also that of the networks that
            score, is left out for a generator without such a parameter.

    Raises:
        InputError: it is unknown, cannot be imported or created, takes no such parameter, or has no card.
    """
    from signbench.generators.base import Card

    reset()
    made = GENERATORS.create(text, **options)
    card = guarded(lambda: getattr(made, "card", None), f"generator {text} cannot be created")
    if not isinstance(card, Card):
        raise InputError(f"generator {text} has no card; set card = Card(...) in its class.")
    return made


def content(text: str, **options: Any) -> Content:
    """The identity of a generator by content: the digests of its source files and of files in its parameters, and its parameters.

    Args:
        text: as for :func:`create`, which must be called first.
        options: as for :func:`create`.

    Raises:
        InputError: a file cannot be read.
    """
    return GENERATORS.content(text, **options)
