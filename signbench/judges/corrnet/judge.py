"""The judge: glosses of a video."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from signbench.extractors.base import Precision
from signbench.judges.base import Gives, JudgedClip, Observation
from signbench.judges.corrnet.checkpoints import GLOSSES
from signbench.judges.corrnet.config import CorrNetConfig
from signbench.judges.network_judge import NetworkJudge, configured
from signbench.judges.translation import glosses_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from signbench.judges.corrnet.network import CorrNet

_RATE = 12.5
_LONGEST = 1500


class CorrNetJudge(NetworkJudge):
    """Recognises the glosses of a video by correlations of neighbouring frames (CorrNet, Hu, Gao, Liu and Feng 2023).

    The glosses are read by a search over prefixes of the CTC output, without a language model. The published code then merges equal
    glosses that follow each other; so do models that were made from its checkpoints. Kernels over time reach beyond a clip's own
    padding, so that clips are judged alone, also on a GPU: in the published code, scores depend on the other clips of a batch.
    """

    name = "corrnet"
    reads = ("frames",)
    gives = ("gloss",)
    batch = 1
    longest = _LONGEST
    summary = "recognises the glosses of a video: correlations of neighbouring frames, CTC"
    licence = "Apache-2.0"
    citation = "Hu, Gao, Liu and Feng 2023: Continuous Sign Language Recognition with Correlation Network"

    def __init__(self, *, model: str | None = None, device: str = "cpu", precision: Precision = "float32") -> None:
        super().__init__(model=model, device=device, precision=precision)
        content = self.model.config()
        self.config: CorrNetConfig = configured(CorrNetConfig, content, self.model)
        self.gloss_beam = int(content.get("gloss_beam", 10))
        official = self.model.card.configuration == "official"
        self.silent, self.merged = (1, True) if official else (int(content["silent"]), False)
        self.rate = None if official else float(content["rate"])
        # The published code resizes to 256 px and cuts out the middle.
        self.cut = official and self.config.size == 224
        side = 256 if self.cut else self.config.size
        self.size = (side, side)

    @property
    def decoding(self) -> str:
        return f"gloss-beam-{self.gloss_beam}{'-merged' if self.merged else ''}"

    @cached_property
    def glosses(self) -> tuple[str, ...]:
        """The glosses by class; the blank is the first."""
        return self.model.lines(GLOSSES)

    def empty_network(self) -> nn.Module:
        return self.config.build()

    def answers(self, clips: Sequence[JudgedClip], wanted: Collection[Gives]) -> list[Mapping[Gives, Observation]]:
        return [{"gloss": self._gloss(cast("NDArray[np.uint8]", clip.frames))} for clip in clips]

    def _gloss(self, frames: NDArray[np.uint8]) -> tuple[str, ...]:
        if self.cut:
            side = self.config.size
            first = (frames.shape[1] - side) // 2
            frames = frames[:, first : first + side, first : first + side]
        found = recognised(cast("CorrNet", self.network()), self.config, frames, self.gloss_beam, self.silent)
        words = [self.glosses[index] for index in found]
        return tuple(word for word, _ in groupby(words)) if self.merged else tuple(words)


def recognised(network: CorrNet, config: CorrNetConfig, frames: NDArray[np.uint8], beam: int, silent: int) -> list[int]:
    """The glosses of one clip.

    Args:
        network: in evaluation mode.
        config: its configuration.
        frames: uint8 ``(T, H, W, 3)`` RGB.
        beam: prefixes that are kept.
        silent: number of special classes.

    Returns:
        Indices of classes.
    """
    import torch

    index = padded_index(len(frames), config)
    shown = pictures(torch.from_numpy(np.ascontiguousarray(frames[index]))[None].to(next(network.parameters()).device))
    scores = network(shown, torch.tensor([len(index)]))
    return glosses_of(scores.sequence[0], beam, silent)


def padded_index(count: int, config: CorrNetConfig, longest: int | None = None) -> NDArray[np.int64]:
    """The frames of a clip with repetitions of its first and last frame.

    Args:
        count: frames of the clip.
        config: the configuration, which says how many are repeated.
        longest: frames of the longest clip of a batch: the last frame is repeated until the clip is as long.
    """
    stride, padding = config.stride, config.padding
    whole = -(-max(count, longest or 0) // stride) * stride
    return np.clip(np.arange(-padding, whole + padding), 0, count - 1)


def padded_length(count: int, config: CorrNetConfig) -> int:
    """The number of frames of a clip with its own repetitions, without those for longer clips of its batch."""
    return -(-count // config.stride) * config.stride + 2 * config.padding


def pictures(frames: Tensor) -> Tensor:
    """Frames as the network expects them: on [-1, 1].

    Args:
        frames: uint8 ``(N, T, H, W, 3)``.

    Returns:
        float32 ``(N, 3, T, H, W)``.
    """
    values: torch.Tensor = frames.permute(0, 4, 1, 2, 3).float() / 127.5 - 1
    return values
