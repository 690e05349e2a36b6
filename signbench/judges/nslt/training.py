"""The training of NSLT: cross-entropy over words; before it, optionally, the encoder by CTC over the glosses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from signbench.judges.key_point_rows import width
from signbench.judges.key_point_sentences import KeyPointSentences, gloss_loss, word_loss
from signbench.judges.key_point_sentences import Settings as SentenceSettings
from signbench.judges.nslt.config import NSLTConfig
from signbench.judges.nslt.judge import WORDS, Translator
from signbench.networks.vocabulary import PADDING
from signbench.training.base import Answer, Batch, changed, vocabulary_file

if TYPE_CHECKING:
    from torch import Tensor, nn

    from signbench.judges.nslt.network import NSLT

PRETRAINING = "glosses"
"""The phase that trains the encoder alone."""


@dataclass(frozen=True)
class Settings(SentenceSettings):
    """Settings of the data and losses; as for SLT, where ``recognition`` is the weight of CTC besides the cross-entropy."""

    recognition: float = 0.3


class NSLTTraining(KeyPointSentences):
    """The data of SLT's training, for recurrent networks.

    A phase ``glosses`` trains the encoder by CTC; the paper has no such phase, and its encoder begins with a network that was
    trained on pictures. The encoder reads from the last frame to the first, so it is given the glosses in that order.
    """

    settings_kind = Settings

    def config(self) -> NSLTConfig:
        if self.recipe.configuration == "small":
            made = NSLTConfig.small(width(), len(self.words), len(self.glosses))
        else:
            made = replace(NSLTConfig.paper(len(self.words)), reads="pose", inputs=width())
        return changed(made, self.recipe.network, "network")

    def losses(self, network: nn.Module, batch: Batch, phase: str) -> Mapping[str, Tensor]:
        nslt = cast("NSLT", network)
        memory = nslt.encode(batch["rows"], batch["mask"])
        found = {}
        if hasattr(nslt, "gloss_layer") and (phase == PRETRAINING or self.settings.recognition > 0):
            weight = 1.0 if phase == PRETRAINING else self.settings.recognition
            found["ctc"] = weight * gloss_loss(
                nslt.gloss_logits(memory), batch["mask"].sum(dim=1), batch["glosses_reversed"], batch["gloss_counts"]
            )
        if phase != PRETRAINING:
            logits = nslt.decode(memory, batch["given"])
            found["entropy"] = self.settings.translation * word_loss(
                logits, batch["wanted"], self.words.indices[PADDING], self.settings.label_smoothing
            )
        return found

    def batch(self, phase: str, indices: Any, random: np.random.Generator) -> Batch:
        import torch

        made = dict(super().batch(phase, indices, random))
        parts = torch.split(made["glosses"], made["gloss_counts"].tolist())
        return {**made, "glosses_reversed": torch.cat([part.flip(0) for part in parts])}

    def answers(self, network: nn.Module) -> Iterator[Answer]:
        translator = Translator(cast("NSLT", network), self.words, self.decoding)
        for number, name, rows in self.dev_rows():
            (memory,) = translator.encode([rows])
            yield Answer(name, {"text": translator.text(memory)}, {"text": self.dev_sentences.texts[number]})

    def files(self) -> Mapping[str, bytes]:
        return {WORDS: vocabulary_file(self.words.words)}

    def saved_config(self) -> Mapping[str, Any]:
        return {**asdict(self.config()), **asdict(self.decoding)}
