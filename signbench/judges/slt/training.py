"""The training of the sign language transformer: CTC over glosses and cross-entropy over words, on degraded key points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from signbench.judges.key_point_rows import width
from signbench.judges.key_point_sentences import KeyPointSentences, gloss_loss, word_loss
from signbench.judges.slt.config import SLTConfig
from signbench.judges.slt.judge import GLOSSES, POSITIONS, WORDS, Reading, Translator
from signbench.networks.vocabulary import PADDING
from signbench.training.base import Answer, Batch, changed, vocabulary_file

if TYPE_CHECKING:
    from torch import Tensor, nn

    from signbench.judges.slt.network import SLT


class SLTTraining(KeyPointSentences):
    """CTC over glosses and cross-entropy over words."""

    def config(self) -> SLTConfig:
        make = SLTConfig.small if self.recipe.configuration == "small" else SLTConfig.paper
        return changed(make(width(), len(self.glosses), len(self.words)), self.recipe.network, "network")

    def losses(self, network: nn.Module, batch: Batch, phase: str) -> Mapping[str, Tensor]:
        slt = cast("SLT", network)
        memory = slt.encode(batch["rows"], batch["mask"])
        logits = slt.decode(memory, batch["given"], batch["known"])
        return {
            "ctc": self.settings.recognition
            * gloss_loss(memory.gloss_logits, batch["mask"].sum(dim=1), batch["glosses"], batch["gloss_counts"]),
            "entropy": self.settings.translation
            * word_loss(logits, batch["wanted"], self.words.indices[PADDING], self.settings.label_smoothing),
        }

    def answers(self, network: nn.Module) -> Iterator[Answer]:
        translator = Translator(cast("SLT", network), self.words, self.glosses, self.decoding)
        for number, name, rows in self.dev_rows():
            (memory,) = translator.encode([rows])
            said = {"text": translator.text(memory), "gloss": translator.gloss(memory)}
            expected = {"text": self.dev_sentences.texts[number], "gloss": " ".join(self.dev_sentences.glosses[number])}
            yield Answer(name, said, expected)

    def tensors(self, network: nn.Module) -> Mapping[str, Tensor]:
        return {name: tensor for name, tensor in network.state_dict().items() if not name.endswith(POSITIONS)}

    def files(self) -> Mapping[str, bytes]:
        return {WORDS: vocabulary_file(self.words.words), GLOSSES: vocabulary_file(self.glosses.words)}

    def saved_config(self) -> Mapping[str, Any]:
        return {**super().saved_config(), **asdict(Reading()), **asdict(self.decoding)}
