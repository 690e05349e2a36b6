"""The interface between a model and the trainer: what a model contributes to its training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.corpus import Corpus
from signbench.errors import InputError, nearest
from signbench.training.recipe import Recipe

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from torch import Tensor, nn

_Fields = TypeVar("_Fields", bound="DataclassInstance")

Batch = Mapping[str, Any]
"""Tensors by name, and plain values; tensors are moved to the device."""

Report = Callable[[str, int, int], None]
"""Called with the step of the preparation, and how much of it is done and to do."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a model answered about one dev clip.

    Attributes:
        clip: the clip's id.
        said: by kind of answer, as a judge gives them: ``text``, ``gloss``, ``label``, ``pose``, ``rows``. Several answers of one
            kind have a suffix each, such as ``label.generated``.
        expected: the correct answer of each kind: the text, the glosses joined by spaces, the word, the key points, the rows of the
            reference.
    """

    clip: str
    said: Mapping[str, Any]
    expected: Mapping[str, Any]


class TrainingData(ABC):
    """A model's data, losses and answers; it has no loop of its own.

    Random choices come only from the generators that the trainer passes, and from torch's, which the trainer seeds before each
    step; so a training that was interrupted and resumed gives the same weights.

    Attributes:
        recipe: how the model is trained.
        corpus: the corpus.
        workers: processes that prepare data and make batches while the network computes; 0: none, all is done in turn.
        device: what networks that prepare data are computed on.
        epoch: finished epochs of the phase that is being trained, for losses that change with them.
        kind: what the model serves as, for its card.
    """

    workers: int = 0
    device: str = "cpu"
    epoch: int = 0
    kind: ClassVar[Literal["judge", "generator", "trunk"]] = "judge"

    def __init__(self, recipe: Recipe, corpus: Corpus) -> None:
        self.recipe = recipe
        self.corpus = corpus

    @abstractmethod
    def prepare(self, report: Report) -> None:
        """Reads the clips and makes vocabularies; called once, before everything else.

        Raises:
            InputError: the corpus lacks what the model needs, or a setting of the recipe's ``data`` is unknown.
        """

    @abstractmethod
    def config(self) -> Any:
        """The configuration, a frozen dataclass with a method ``build``."""

    @abstractmethod
    def examples(self, phase: str) -> int:
        """The number of examples in an epoch; it does not change in a phase, nor do their lengths."""

    def lengths(self, phase: str) -> NDArray[np.int64] | None:
        """The length of each example, int64 ``(examples,)``, so that batches have examples of similar length; None: any."""
        return None

    @abstractmethod
    def batch(self, phase: str, indices: NDArray[np.int64], random: np.random.Generator) -> Batch:
        """The batch of some examples, with random degradations.

        Args:
            phase: name of the phase.
            indices: of the examples.
            random: the source of all random choices.
        """

    @abstractmethod
    def losses(self, network: nn.Module, batch: Batch, phase: str) -> Mapping[str, Tensor]:
        """The losses of a batch, each a scalar with its weight; their sum is minimised.

        Args:
            network: in training mode.
            batch: on the network's device.
            phase: name of the phase.
        """

    @abstractmethod
    def answers(self, network: nn.Module) -> Iterator[Answer]:
        """The answers about the dev clips, one after the other.

        Args:
            network: in evaluation mode.
        """

    def begin(self, phase: str, network: nn.Module, report: Report) -> None:
        """Called before a phase begins or is resumed, such as to compute features with frozen parts of the network."""

    def capturable(self, phase: str) -> bool:
        """Whether :meth:`losses` may be recorded on a GPU, see :class:`signbench.training.captured.CapturedStep`.

        Losses that follow :attr:`epoch` may not: a recording keeps that of its first step.
        """
        return False

    def build(self) -> nn.Module:
        """The network with random weights, or with those that it begins with."""
        network: nn.Module = self.config().build()
        return network

    def trained(self, network: nn.Module, phase: str) -> Iterable[tuple[str, nn.Parameter]]:
        """The parameters that a phase trains, with their names; all by default."""
        return network.named_parameters()

    def kept(self, network: nn.Module) -> nn.Module:
        """The part of a network that is validated and kept; all of it by default."""
        return network

    def tensors(self, network: nn.Module) -> Mapping[str, Tensor]:
        """The tensors that are kept, by name; a network that computes some of them itself need not keep them."""
        return network.state_dict()

    def saved_config(self) -> Mapping[str, Any]:
        """The content of ``config.json``: the configuration's fields, and how answers are made."""
        from dataclasses import asdict

        return asdict(self.config())

    def choices(self) -> Mapping[str, str | int | float | bool]:
        """What the model's source leaves open, and what was chosen, for its card."""
        return {}

    def files(self) -> Mapping[str, bytes]:
        """Further files of the model, such as vocabularies."""
        return {}

    def dev_ids(self) -> list[str]:
        """Ids of the dev clips of the recipe."""
        ids = self.corpus.ids(self.recipe.dev)
        count = min(self.recipe.dev_clips or len(ids), len(ids))
        return [ids[index * len(ids) // count] for index in range(count)]


def chosen(config: object, network: Sequence[str], settings: object, data: Sequence[str]) -> Mapping[str, str | int | float | bool]:
    """Fields that a model's source leaves open, with their values: those of the recipe's network, and with ``data.`` of its data.

    Args:
        config: the network's.
        network: names of its fields.
        settings: of the data and the losses.
        data: names of their fields.
    """
    return {name: getattr(config, name) for name in network} | {f"data.{name}": getattr(settings, name) for name in data}


def settings_of(kind: type[Any], given: Mapping[str, Any], what: str) -> Any:
    """A dataclass of settings, all of which have defaults, from a recipe's fields.

    Args:
        kind: the dataclass.
        given: the fields.
        what: the field of the recipe, for messages.

    Raises:
        InputError: a field is unknown, or has a value of another type, or one that is not among those of its type.
    """
    return changed(kind(), given, what)


def changed(made: _Fields, given: Mapping[str, Any], what: str) -> _Fields:
    """A dataclass with a recipe's fields instead of its own.

    Args:
        made: settings or a configuration.
        given: the fields; lists stand for tuples.
        what: the field of the recipe, for messages.

    Raises:
        InputError: a field is unknown, or has a value of another type, or one that is not among those of its type.
    """
    from dataclasses import fields, replace

    hints = get_type_hints(type(made))
    known = {field.name: hints[field.name] for field in fields(made)}
    values = {}
    for name, value in given.items():
        if name not in known:
            raise InputError(f"the recipe's {what} has an unknown field {name}. {nearest(name, known)}")
        values[name] = tuple(value) if isinstance(value, list) else value
        if fault := _fault(values[name], known[name], getattr(made, name)):
            raise InputError(f"the recipe's {what}: {name} is {value!r}, but should be {fault}.")
    return replace(made, **values)


_EXAMPLES: Mapping[object, object] = {float: 0.5, int: 1, str: "text", bool: True}
"""What stands for a field whose default is None, in messages."""


def _fault(value: Any, kind: Any, default: Any) -> str | None:
    """What a value should be that is not of a field's type; None if it is."""
    choices = get_args(kind)
    if get_origin(kind) is Literal:
        return None if value in choices else f"one of {', '.join(map(str, choices))}"
    if get_origin(kind) is tuple and isinstance(value, tuple):
        each = choices[:1] * len(value) if choices[1:] == (...,) else choices
        if len(each) != len(value):
            return f"like {list(default)}"
        return next((fault for one, part in zip(value, each, strict=True) if (fault := _fault(one, part, one))), None)
    if get_origin(kind) in (Union, UnionType):
        if any(_fault(value, one, default) is None for one in choices):
            return None
        named = [one for one in choices if one is not NoneType]
        return f"like {default!r}" if default is not None else _fault(value, named[0], _EXAMPLES.get(named[0]))
    wanted = (int, float) if kind is float else get_origin(kind) or kind
    if kind is Any or (isinstance(value, wanted) and (kind is bool or not isinstance(value, bool))):
        return None
    return f"like {list(default) if isinstance(default, tuple) else default!r}"


def vocabulary_file(words: Sequence[str]) -> bytes:
    """The content of a vocabulary's file: one word a line."""
    return "".join(f"{word}\n" for word in words).encode()
