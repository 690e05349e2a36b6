"""The interface of a generator: its card, its input, and its output.

A generator sees the train split and what the task grants, never a clip's reference. Only an *anchor*, whose card says
``sees: references``, gets those: it marks the ceiling or chance, and is never ranked.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from signbench.errors import InputError, nearest
from signbench.media.modalities import MODALITIES, Modality
from signbench.predictions.prompts import PROMPT_FIELDS, Made, Production, Prompt, PromptField, clip_seed

__all__ = ["Anchor", "Card", "Generator", "Made", "Modality", "Production", "Prompt", "PromptField", "check_fit", "clip_seed"]

if TYPE_CHECKING:
    from signbench.generators.training import References, TrainView


@dataclass(frozen=True, kw_only=True)
class Card:
    """The description of a generator, which is recorded in every run.

    Attributes:
        name: lower case, such as ``nearest``; parameters that differ from their default are part of it (``stitched:blend=0.4``).
        version: rises when the same prompts give different productions.
        modalities: which of ``video``, ``pose`` and ``motion`` it can make.
        prompt_fields: required fields of a prompt; ``"gloss|text"`` means either. Other granted fields are optional.
        licence: the licence of its productions.
        sees: ``prompts`` (with the train split), or ``references`` for an anchor.
        checkpoint: SHA-256 of its trained weights, hexadecimal, or None if it has none.
        citation: what to cite, or None.

    Raises:
        InputError: a field is empty or invalid.
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
                raise InputError(f"the card of {self.name}: {field} must be a tuple of words, not {value!r}.")
        if not self.modalities:
            raise InputError(f"the card of {self.name} names no modality; choose from {', '.join(MODALITIES)}.")
        for modality in self.modalities:
            if modality not in MODALITIES:
                hint = nearest(str(modality), MODALITIES)
                raise InputError(f"the card of {self.name}: there is no modality {modality!r}. {hint}")
        for wanted in (field for needed in self.prompt_fields for field in needed.split("|")):
            if wanted not in PROMPT_FIELDS:
                raise InputError(f"the card of {self.name}: there is no prompt field {wanted!r}. {nearest(wanted, PROMPT_FIELDS)}")
        if self.sees not in ("prompts", "references"):
            raise InputError(f"the card of {self.name}: sees must be 'prompts' or 'references', not {self.sees!r}.")
        if self.checkpoint is not None and not re.fullmatch(r"[0-9a-f]{64}", self.checkpoint):
            raise InputError(
                f"the card of {self.name}: checkpoint must be a SHA-256 of 64 hexadecimal digits, not {self.checkpoint!r}."
            )

    def as_json(self) -> dict[str, Any]:
        """The card as plain values."""
        return {**asdict(self), "modalities": list(self.modalities), "prompt_fields": list(self.prompt_fields)}


class Generator(ABC):
    """Turns prompts into productions.

    A production depends only on its own prompt, its seed and the train split: any subset, order or sharding of the clips gives the
    same files.

    Attributes:
        card: its description; an attribute of the class, or set in ``__init__``.
        batch: preferred number of prompts per call.
        choices: what the generator's source leaves open, and what was chosen.
    """

    card: Card
    batch: int = 8
    choices: Mapping[str, str | int | float | bool] = MappingProxyType({})

    def prepare(self, train: TrainView) -> None:
        """Learns from the train split, once, before the first prompt.

        Args:
            train: the clips that it may learn from, read lazily.
        """

    @abstractmethod
    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Production]:
        """Yields one production for each prompt, in the prompts' order.

        An exception fails only the clip that it was raised for; the others continue.

        Args:
            prompts: at most :attr:`batch` of them.
            seeds: one of :func:`clip_seed` for each prompt; the only source of randomness.
        """


class Anchor(Generator):
    """A generator that sees the references: a ceiling or chance level, never ranked. Its card says ``sees: references``."""

    @abstractmethod
    def see(self, references: References) -> None:
        """Receives the references, before :meth:`~Generator.prepare`.

        Args:
            references: of all expected clips of the task, even if only some of them are generated.
        """


def check_fit(card: Card, made: Made, given: Collection[str]) -> None:
    """Checks that a generator fits a task, before any work starts.

    Args:
        card: card of the generator.
        made: the task's requirements.
        given: the prompt fields that the task grants.

    Raises:
        InputError: it does not make that modality, or needs what the task does not grant.
    """
    if made.modality not in card.modalities:
        raise InputError(f"generator {card.name} makes {' and '.join(card.modalities)}; the task requires {made.modality}.")
    lacking = [needed for needed in card.prompt_fields if not set(needed.split("|")) & set(given)]
    if lacking:
        raise InputError(
            f"generator {card.name} needs {' and '.join(needed.replace('|', ' or ') for needed in lacking)}; "
            f"the task grants {', '.join(given) or 'nothing'}."
        )
