"""The videos of sentences in training: on features of a trunk that are computed once, then on frames, end to end."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.training.ahead import computed_ahead
from signbench.training.base import Answer, Batch, Report, TrainingData, settings_of
from signbench.training.clip_arrays import ArrayFile, ClipArrays
from signbench.training.frame_degradations import FrameDegradations, warped
from signbench.training.frames import FrameSource
from signbench.training.order import seed_of
from signbench.training.sentences import Sentences

if TYPE_CHECKING:
    from torch import Tensor, nn

FRAMES = "frames"
"""The phase that trains the whole network on frames; the others train on features of the trunk."""

_PIECE = 64


@dataclass(frozen=True)
class VideoSettings:
    """Settings of the data of judges of video.

    Attributes:
        trunk: the reference model whose trunk the network begins with, as the published ones begin with ImageNet's; empty: random.
        rate: frames per second.
        takes: performances of each train clip whose videos are shown; 0 is the reference.
        renderings: further renderings of the reference that are shown.
        copies: features of each clip that are kept: the first of the frames as they are, the others of degraded ones.
        warp: largest change of speed, in half of the clips.
        compressed: share of the degraded clips that are compressed.
        noise: standard deviation of the noise on features.
    """

    trunk: str = "frame-trunk"
    rate: float = 12.5
    takes: int = 3
    renderings: tuple[str, ...] = ()
    copies: int = 2
    warp: float = 0.2
    compressed: float = 0.4
    noise: float = 0.05


class VideoSentences(TrainingData):
    """Videos of sentences in several performances, as features of a trunk or as degraded frames."""

    settings_kind: type[VideoSettings] = VideoSettings

    def prepare(self, report: Report) -> None:
        self.settings: Any = settings_of(self.settings_kind, self.recipe.data, "data")
        self.degradations = FrameDegradations(codec="jpeg", compressed=self.settings.compressed)
        shown = [("video", take) for take in range(self.settings.takes)] + [(name, 0) for name in self.settings.renderings]
        sources = [self._source(split, take, name) for name, take in shown for split in self.recipe.train]
        self.frames: list[ClipArrays[np.uint8]] = [source.frames(progress=report, workers=self.workers) for source in sources]
        self.clips = [(source, clip) for source, frames in enumerate(self.frames) for clip in range(len(frames))]
        self.sentences = Sentences.of(self.corpus, [self.frames[source].ids[clip] for source, clip in self.clips])
        self.dev_frames = [
            self._source(self.recipe.dev, 0, name).frames(progress=report, workers=self.workers)
            for name in ("video", *self.settings.renderings)
        ]
        self.dev_sentences = Sentences.of(self.corpus, self.dev_ids())
        self.features: list[list[ClipArrays[np.float16]]] = []

    def _source(self, split: str, take: int, rendering: str) -> FrameSource:
        size = self.picture_size
        return FrameSource(self.corpus, split, (size, size), self.settings.rate, take, rendering)

    @property
    @abstractmethod
    def picture_size(self) -> int:
        """Height and width of the pictures, in pixels."""

    @abstractmethod
    def trunk(self, network: nn.Module) -> nn.Module:
        """The part of a network that maps single frames to features."""

    @abstractmethod
    def trunk_features(self, network: nn.Module, frames: Tensor) -> Tensor:
        """The features of frames.

        Args:
            network: in evaluation mode.
            frames: uint8 ``(n, H, W, 3)``.

        Returns:
            ``(n, D)``.
        """

    @property
    @abstractmethod
    def feature_width(self) -> int:
        """D, the width of the trunk's features."""

    @abstractmethod
    def answers_of(self, network: nn.Module, frames: NDArray[np.uint8]) -> Mapping[str, Any]:
        """The network's answers about the frames of one clip, by kind."""

    def begin(self, phase: str, network: nn.Module, report: Report) -> None:
        if phase == FRAMES or self.features:
            return
        self.features = [
            [self._kept(network, frames, copy, report) for copy in range(self.settings.copies)] for frames in self.frames
        ]

    def _kept(self, network: nn.Module, frames: ClipArrays[np.uint8], copy: int, report: Report) -> ClipArrays[np.float16]:
        """The features of one source of frames, computed on first use."""
        import torch

        trunk = self.trunk(network)
        weights = hashlib.sha256()
        for name, tensor in sorted(trunk.state_dict().items()):
            weights.update(name.encode() + tensor.detach().cpu().numpy().tobytes())
        path = getattr(frames.rows, "filename", None)
        identity = {
            "frames": None if path is None else str(path).rpartition("/")[2],
            "trunk": weights.hexdigest(),
            "copy": copy,
            "seed": self.recipe.seed,
            "degradations": repr(self.degradations) if copy else None,
        }
        lengths = tuple(frames.lengths().tolist())
        file = ArrayFile(f"features copy {copy}", identity, frames.ids, lengths, (self.feature_width,), np.float16)
        device = next(network.parameters()).device

        def shown(index: int) -> NDArray[np.uint8]:
            clip = np.array(frames[index])
            if not copy:
                return clip
            random = np.random.Generator(np.random.PCG64(seed_of(self.recipe.seed, frames.ids[index], copy, "features")))
            return self.degradations.of(clip, random)

        def features_of(clip: NDArray[np.uint8]) -> Iterator[NDArray[np.float16]]:
            for start in range(0, len(clip), _PIECE):
                piece = torch.from_numpy(clip[start : start + _PIECE]).to(device)
                yield self.trunk_features(network, piece).half().cpu().numpy()

        def computed(clips: range) -> Iterator[Iterable[NDArray[np.float16]]]:
            return map(features_of, computed_ahead(shown, clips, self.workers))

        training = network.training
        network.eval()
        try:
            with torch.no_grad():
                return file.opened(computed, progress=report)
        finally:
            network.train(training)

    def trained(self, network: nn.Module, phase: str) -> list[tuple[str, nn.Parameter]]:
        if phase == FRAMES:
            return list(network.named_parameters())
        frozen = {id(parameter) for parameter in self.trunk(network).parameters()}
        return [(name, parameter) for name, parameter in network.named_parameters() if id(parameter) not in frozen]

    def examples(self, phase: str) -> int:
        return len(self.clips)

    def lengths(self, phase: str) -> NDArray[np.int64]:
        return np.concatenate([frames.lengths() for frames in self.frames])

    def shown(self, phase: str, index: int, random: np.random.Generator) -> NDArray[Any]:
        """The frames or features of an example, degraded and at another speed.

        Args:
            phase: name of the phase.
            index: of the example.
            random: the source of all choices.

        Returns:
            uint8 ``(T, H, W, 3)`` in the phase ``frames``, else float32 ``(T, D)``.
        """
        source, clip = self.clips[index]
        count = len(self.frames[source][clip])
        speed = (1 - self.settings.warp, 1 + self.settings.warp)
        chosen = warped(count, speed, random) if random.random() < 0.5 else np.arange(count)
        if phase == FRAMES:
            return self.degradations.of(np.ascontiguousarray(self.frames[source][clip][chosen]), random)
        copy = int(random.integers(self.settings.copies))
        values = np.array(self.features[source][copy][clip][chosen], np.float32)
        return values + random.normal(0, self.settings.noise, values.shape).astype(np.float32)

    def batch(self, phase: str, indices: NDArray[np.int64], random: np.random.Generator) -> Batch:
        import torch

        shown = [self.shown(phase, index, random) for index in indices.tolist()]
        longest = max(len(one) for one in shown)
        values = np.zeros((len(shown), longest, *shown[0].shape[1:]), shown[0].dtype)
        for row, one in zip(values, shown, strict=True):
            row[: len(one)] = one
        return {
            "shown": torch.from_numpy(values),
            "lengths": torch.tensor([len(one) for one in shown]),
            **self.targets([int(index) for index in indices]),
        }

    @abstractmethod
    def targets(self, indices: list[int]) -> Mapping[str, Tensor]:
        """What a batch is compared with.

        Args:
            indices: of the examples.
        """

    def answers(self, network: nn.Module) -> Iterator[Answer]:
        for number, name in enumerate(self.dev_ids()):
            # each clip as a video or in one of the renderings, in turn
            frames = self.dev_frames[number % len(self.dev_frames)]
            said = self.answers_of(network, np.ascontiguousarray(frames[frames.ids.index(name)]))
            expected = {"text": self.dev_sentences.texts[number], "gloss": " ".join(self.dev_sentences.glosses[number])}
            yield Answer(name, said, expected)


def trunk_weights(name: str, widths: tuple[int, ...]) -> dict[str, Tensor]:
    """The ResNet of a reference model of the kind ``frame-trunk``.

    Args:
        name: name or folder of the model.
        widths: widths of the stages that it must have.

    Raises:
        InputError: there is no such model, or it has other widths.
    """
    from signbench.weights.reference_models import find_model

    model = find_model(name)
    if tuple(model.config().get("widths", ())) != tuple(widths):
        raise InputError(f"the trunk {name} has the widths {model.config().get('widths')}, and the network {list(widths)}.")
    tensors = model.weights()
    return {key.removeprefix("resnet."): tensor for key, tensor in tensors.items() if key.startswith("resnet.")}
