"""The generators that exist, by name; each is imported only when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signbench.errors import InputError
from signbench.foreign.content import Content
from signbench.foreign.isolation import guarded, reset
from signbench.registry import Registry

if TYPE_CHECKING:
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
    },
    group="signbench.generators",
    custom=True,
    loads_models=True,
)


def known() -> list[str]:
    """Names of all generators, built in and installed by other packages under the entry point ``signbench.generators``."""
    return GENERATORS.known()


def generator_class(name: str) -> type[Generator]:
    """The class of a generator.

    Args:
        name: of a generator, or ``package.module:Class``, or ``path/file.py:Class``. A module is also looked for in the current
            folder.

    Raises:
        InputError: there is none of that name, it cannot be imported, or it is no generator.
    """
    return GENERATORS.class_of(name)


def create(text: str, **options: Any) -> Generator:
    """The generator that the command line spells ``name`` or ``package.module:Class``, with ``:key=value,key=value`` behind it.

    Args:
        text: what the user wrote.
        options: further arguments of its ``__init__``, such as ``checkpoint``.

    Raises:
        InputError: it is unknown, cannot be imported or made, takes no such parameter, or has no card.
    """
    from signbench.generators.base import Card

    reset()
    made = GENERATORS.create(text, **options)
    card = guarded(lambda: getattr(made, "card", None), f"generator {text} cannot be made")
    if not isinstance(card, Card):
        raise InputError(f"generator {text} has no card; set card = Card(...) in its class.")
    return made


def content(text: str, **options: Any) -> Content:
    """What a generator is by its content: the digests of its source files and of the files that it is given, and its parameters.

    Args:
        text: as for :func:`create`, which comes first.
        options: as for :func:`create`.

    Raises:
        InputError: a file cannot be read.
    """
    return GENERATORS.content(text, **options)
