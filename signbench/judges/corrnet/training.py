"""The training of CorrNet: CTC of the recurrent and of the convolutional scores, and distillation between them (VAC)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from signbench.judges.corrnet.checkpoints import GLOSSES
from signbench.judges.corrnet.config import CorrNetConfig
from signbench.judges.corrnet.judge import padded_index, padded_length, pictures, recognised
from signbench.training.base import Batch, changed, vocabulary_file
from signbench.training.videos import FRAMES, VideoSentences, VideoSettings, trunk_weights

if TYPE_CHECKING:
    from torch import Tensor, nn

    from signbench.judges.corrnet.network import CorrNet

SPECIALS = 3
"""The blank, the unknown and the padding gloss; the last two are never an answer."""


@dataclass(frozen=True)
class Settings(VideoSettings):
    """Settings of the data and losses.

    Attributes:
        sequence: weight of CTC on the recurrent scores.
        convolution: weight of CTC on the convolutional scores.
        distillation: weight of the divergence of the convolutional from the recurrent scores.
        temperature: of that divergence.
        gloss_beam: prefixes of the search for the glosses.
    """

    sequence: float = 1.0
    convolution: float = 1.0
    distillation: float = 25.0
    temperature: float = 8.0
    gloss_beam: int = 10


class CorrNetTraining(VideoSentences):
    """Videos of sentences and their glosses.

    Phases other than ``frames`` train the temporal part on kept features of the trunk, without the correlation modules, whose
    factors begin with 0.
    """

    settings_kind = Settings

    def config(self) -> CorrNetConfig:
        make = CorrNetConfig.small if self.recipe.configuration == "small" else CorrNetConfig.paper
        classes = len(self.glosses) if hasattr(self, "frames") else 0
        return changed(make(classes), self.recipe.network, "network")

    @property
    def glosses(self) -> tuple[str, ...]:
        """The glosses by class."""
        return self.sentences.vocabularies()[1].words

    def build(self) -> nn.Module:
        config = self.config()
        network = config.build()
        if self.settings.trunk:
            weights = trunk_weights(self.settings.trunk, config.widths)
            own = network.conv2d.state_dict()
            network.conv2d.load_state_dict(
                {**own, **{name: value.unsqueeze(2) if value.dim() == 4 else value for name, value in weights.items()}}
            )
        return network

    @property
    def picture_size(self) -> int:
        return self.config().size

    @property
    def feature_width(self) -> int:
        return self.config().widths[-1]

    def trunk(self, network: nn.Module) -> nn.Module:
        return cast("nn.Module", network.conv2d)

    def trunk_features(self, network: nn.Module, frames: Tensor) -> Tensor:
        features: Tensor = cast("CorrNet", network).conv2d(pictures(frames[None]), correlated=False)[0]
        return features

    def batch(self, phase: str, indices: NDArray[np.int64], random: np.random.Generator) -> Batch:
        import torch

        config = self.config()
        shown = [self.shown(phase, index, random) for index in indices.tolist()]
        longest = max(len(one) for one in shown)
        values = np.stack([one[padded_index(len(one), config, longest)] for one in shown])
        lengths = [padded_length(len(one), config) for one in shown]
        return {"shown": torch.from_numpy(values), "lengths": torch.tensor(lengths), **self.targets(indices.tolist())}

    def targets(self, indices: list[int]) -> Mapping[str, Tensor]:
        import torch

        vocabulary = self.sentences.vocabularies()[1]
        glosses = [vocabulary.encode(self.sentences.glosses[index]) for index in indices]
        return {
            "glosses": torch.tensor([gloss for sentence in glosses for gloss in sentence]),
            "gloss_counts": torch.tensor([len(sentence) for sentence in glosses]),
        }

    def losses(self, network: nn.Module, batch: Batch, phase: str) -> Mapping[str, Tensor]:
        corrnet = cast("CorrNet", network)
        lengths = batch["lengths"].cpu()
        shown = batch["shown"]
        scores = corrnet(pictures(shown), lengths) if phase == FRAMES else corrnet.of_features(shown, lengths)
        settings = self.settings
        known = (batch["glosses"], batch["gloss_counts"])
        return {
            "sequence": settings.sequence * sentence_loss(scores.sequence, scores.lengths, *known),
            "convolution": settings.convolution * sentence_loss(scores.convolution, scores.lengths, *known),
            "distillation": settings.distillation * distillation(scores.convolution, scores.sequence, settings.temperature),
        }

    def answers_of(self, network: nn.Module, frames: NDArray[np.uint8]) -> Mapping[str, Any]:
        found = recognised(cast("CorrNet", network), self.config(), frames, self.settings.gloss_beam, SPECIALS)
        return {"gloss": tuple(self.glosses[index] for index in found)}

    def files(self) -> Mapping[str, bytes]:
        return {GLOSSES: vocabulary_file(self.glosses)}

    def saved_config(self) -> Mapping[str, Any]:
        settings = self.settings
        return {**super().saved_config(), "silent": SPECIALS, "rate": settings.rate, "gloss_beam": settings.gloss_beam}


def sentence_loss(logits: Tensor, lengths: Tensor, glosses: Tensor, counts: Tensor) -> Tensor:
    """CTC, as in VAC: the mean over clips of the loss of the whole sentence.

    Unlike there, a clip that is too short for its glosses counts 0; its infinite loss would end the training.

    Args:
        logits: ``(N, S, classes)``; class 0 is the blank.
        lengths: int ``(N,)``, steps of each clip.
        glosses: int, those of all clips, one after the other.
        counts: int ``(N,)``, glosses of each clip.
    """
    import torch

    scores = torch.log_softmax(logits.float(), dim=2).transpose(0, 1)
    each = torch.nn.functional.ctc_loss(
        scores, glosses, lengths.to(counts.device), counts, blank=0, reduction="none", zero_infinity=True
    )
    return each.mean()


def distillation(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """The divergence of the student's scores from the teacher's, without the blank, times the squared temperature.

    Source: VAC_CSLR, ``modules/criterions.py`` (SeqKD): the mean over all steps of the batch, including padding.

    Args:
        student: logits ``(N, S, classes)``.
        teacher: logits ``(N, S, classes)``; no gradient passes through them.
        temperature: by which both are divided.
    """
    import torch

    own = torch.log_softmax(student[..., 1:] / temperature, dim=-1).flatten(0, 1)
    other = torch.softmax(teacher.detach()[..., 1:] / temperature, dim=-1).flatten(0, 1)
    return torch.nn.functional.kl_div(own, other, reduction="batchmean") * temperature**2
