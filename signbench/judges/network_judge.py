"""The base of judges whose network signbench trains or reads from a checkpoint: its model, device and signature."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from signbench.errors import InputError, SignbenchError
from signbench.extractors.base import Precision
from signbench.judges.base import Gives, Judge, JudgedClip, Observation
from signbench.weights.reference_models import ReferenceModel, find_model

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

_networks: dict[tuple[object, ...], Any] = {}
"""The networks of this process: they are not a part of a judge's state, which travels to other processes."""

_MOST_NETWORKS = 4


class NetworkJudge(Judge):
    """A judge with the network of a reference model.

    Attributes:
        model: the model.
        computed: ends of the names of tensors that the network computes itself; the model's files need not have them.
        longest: the most frames of a clip, at the judge's rate; a longer clip is refused.
    """

    has_network = True
    computed: ClassVar[tuple[str, ...]] = ()
    default_model: ClassVar[str | None] = None
    longest: int = 3000

    def __init__(self, *, model: str | None = None, device: str = "cpu", precision: Precision = "float32") -> None:
        """Finds the model; its network is loaded when the first clip is judged.

        Args:
            model: name or folder of a reference model; None: the shipped one of the judge's name.
            device: as for :class:`~signbench.judges.base.Judge`.
            precision: as for :class:`~signbench.judges.base.Judge`.

        Raises:
            InputError: there is no such model, or it is of another kind.
        """
        super().__init__(device=device, precision=precision)
        self.model: ReferenceModel = find_model(model or self.default_model or type(self).name)
        if self.model.card.model != type(self).name:
            raise InputError(
                f"the model {self.model.card.name} is of the kind {self.model.card.model}, not {type(self).name}; choose another."
            )
        if model is not None:
            self.name = self.model.card.name  # an instance may have its own name

    @property
    def decoding(self) -> str:
        """How answers are made from the network's output, for the signature; empty if there is only one way."""
        return ""

    def signature(self) -> str:
        parts = [f"{type(self).name}/{self.revision}", f"{self.model.card.configuration}-{self.model.digest}"]
        return "+".join([*parts, *([self.decoding] if self.decoding else []), self.precision])

    def network(self) -> Any:
        """The network with its weights on the device, in evaluation mode.

        Raises:
            InputError: a file of the model is missing or damaged, or does not fit its configuration.
        """
        key = (str(self.model.folder), self.model.digest, self.device)
        if key not in _networks:
            while len(_networks) >= _MOST_NETWORKS:
                _networks.pop(next(iter(_networks)))
            _networks[key] = self._loaded()
        return _networks[key]

    def _loaded(self) -> Any:
        from signbench.extractors.network_loading import device_of, give_weights

        network: nn.Module = self.empty_network()
        own = {name: tensor for name, tensor in network.state_dict().items() if name.endswith(self.computed or ("\n",))}
        give_weights(network, {**own, **self.model.weights()}, f"the model {self.model.card.name}")
        return network.eval().requires_grad_(False).to(device_of(self.device))

    @abstractmethod
    def empty_network(self) -> nn.Module:
        """The network of the model's configuration, with random weights.

        Raises:
            InputError: the configuration is invalid.
        """

    @contextmanager
    def running(self) -> Iterator[None]:
        """Runs the network in the judge's precision and without gradients."""
        import torch

        from signbench.extractors.precision import counting_in

        with counting_in(self.precision, torch.device(self.device)):
            yield

    def observe(self, clips: Sequence[JudgedClip], wanted: Collection[Gives]) -> list[Mapping[Gives, Observation]]:
        for clip in clips:
            count = self.frames_of(clip)
            if count > self.longest:
                raise SignbenchError(
                    f"clip {clip.id} has {count} frames at {self.rate or 'its own'} frames per second; the judge {self.name} "
                    f"reads at most {self.longest}."
                )
        with self.running():
            return self.answers(clips, wanted)

    @abstractmethod
    def answers(self, clips: Sequence[JudgedClip], wanted: Collection[Gives]) -> list[Mapping[Gives, Observation]]:
        """The answers about clips that are not too long; called in the judge's precision, without gradients.

        Args:
            clips: as for :meth:`~signbench.judges.base.Judge.observe`.
            wanted: as for :meth:`~signbench.judges.base.Judge.observe`.
        """

    @staticmethod
    def frames_of(clip: JudgedClip) -> int:
        """The number of frames of a clip, in the form in which it is shown."""
        if clip.frames is not None:
            return len(clip.frames)
        if clip.pose is not None:
            return clip.pose.frames
        return 0 if clip.motion is None else clip.motion.frames


def configured(kind: type[Any], content: Mapping[str, Any], model: ReferenceModel) -> Any:
    """A configuration from a model's ``config.json``.

    Args:
        kind: the configuration's dataclass.
        content: the JSON object; fields that are not the dataclass's belong to others.
        model: the model, for messages.

    Raises:
        InputError: a field is missing.
    """
    from dataclasses import fields

    names = [field.name for field in fields(kind)]
    if lacking := [name for name in names if name not in content]:
        raise InputError(f"{model.folder}/config.json lacks {', '.join(lacking)}; copy the whole folder again.")
    return kind(**{name: tuple(value) if isinstance(value := content[name], list) else value for name in names})


def padded(rows: Sequence[Any], device: torch.device | str) -> tuple[Tensor, Tensor]:
    """Rows of clips as one padded batch.

    Args:
        rows: float arrays ``(T, ...)``.
        device: of the result.

    Returns:
        float32 ``(N, T, ...)``, padded with zeros, and a bool mask ``(N, T)``, true for frames.
    """
    import torch

    longest = max(len(one) for one in rows)
    batch = torch.zeros((len(rows), longest, *rows[0].shape[1:]), dtype=torch.float32)
    mask = torch.zeros((len(rows), longest), dtype=torch.bool)
    for index, one in enumerate(rows):
        batch[index, : len(one)] = torch.from_numpy(one)
        mask[index, : len(one)] = True
    return batch.to(device), mask.to(device)
