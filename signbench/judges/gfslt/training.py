"""The training of GFSLT: visual-language pre-training, then translation on features of the trunk, then on frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, nearest
from signbench.judges.gfslt.config import CLOSING, PADDING, GFSLTConfig, PretrainingConfig
from signbench.judges.gfslt.judge import GLOSSES, WORDS, Decoding, Translator, pictures
from signbench.judges.gfslt.tokenizer import WordTokenizer
from signbench.judges.key_point_sentences import gloss_loss, word_loss
from signbench.networks.vocabulary import SILENCE, Vocabulary
from signbench.training.base import Batch, Report, changed, vocabulary_file
from signbench.training.sentences import targets
from signbench.training.videos import FRAMES, VideoSentences, VideoSettings, trunk_weights

if TYPE_CHECKING:
    from torch import Tensor, nn

    from signbench.judges.gfslt.network import GFSLT
    from signbench.judges.gfslt.pretraining import PretrainedTranslator

PRETRAINING, FEATURES = "pretraining", "features"
"""The phases before ``frames``: both on features of the trunk, which they do not change."""

_LANGUAGE = "en_XX"
"""The language code of a vocabulary of whole words. It only opens sentences, so that any would do."""


@dataclass(frozen=True)
class Settings(VideoSettings):
    """Settings of the data and losses.

    Attributes:
        masked: largest share of a text's words that are masked in pre-training.
        recognition: weight of CTC on the gloss head, in all phases; 0: no gloss head, as in the paper.
        translation: weight of the cross-entropy over words, and of that of the masked language modelling.
        contrast: weight of the contrastive loss.
        label_smoothing: probability that targets give to other words; that of pre-training is .2.
        beam: hypotheses of the search for the sentence.
        alpha: its length penalty.
        longest: most words of a sentence.
    """

    masked: float = 0.15
    recognition: float = 1.0
    translation: float = 1.0
    contrast: float = 1.0
    label_smoothing: float = 0.2
    beam: int = 4
    alpha: float = 1.0
    longest: int = 30


class GFSLTTraining(VideoSentences):
    """Videos of sentences, their texts, and their glosses unless CTC has no weight.

    One network holds the translator and the networks of its pre-training, which share modules; only the translator is kept. In the
    phase ``pretraining`` clips and texts are brought together, in the phases ``features`` and ``frames`` clips are translated.
    """

    settings_kind = Settings

    def prepare(self, report: Report) -> None:
        for phase in self.recipe.phases:
            if phase.name not in (PRETRAINING, FEATURES, FRAMES):
                known = (PRETRAINING, FEATURES, FRAMES)
                raise InputError(f"the recipe has a phase {phase.name}, which gfslt has not. {nearest(phase.name, known)}")
        super().prepare(report)
        longest = max(int(frames.lengths().max()) for frames in (*self.frames, *self.dev_frames))
        # a clip may be shown more slowly
        if longest * (1 + self.settings.warp) > self.pretraining_config.longest:
            raise InputError(
                f"the corpus {self.corpus.name} has a clip of {longest} frames, and the network reads "
                f"{self.pretraining_config.longest}; set positions in the recipe's network to more."
            )

    @cached_property
    def tokenizer(self) -> WordTokenizer:
        """The words of the train clips' texts."""
        return WordTokenizer.of_texts(sorted(set(self.sentences.texts)), _LANGUAGE)

    @cached_property
    def glosses(self) -> Vocabulary:
        """The glosses of the train clips; only the blank if there is no gloss head."""
        return self.sentences.vocabularies()[1] if self.settings.recognition else Vocabulary((SILENCE,))

    def config(self) -> GFSLTConfig:
        glosses = len(self.glosses) if self.settings.recognition else 0
        return self._config(len(self.tokenizer.words), self.tokenizer.opening, glosses)

    def _config(self, words: int, language: int, glosses: int) -> GFSLTConfig:
        make = GFSLTConfig.small if self.recipe.configuration == "small" else GFSLTConfig.paper
        own = replace(make(words, language), glosses=glosses)
        if found := self.recipe.network.keys() & {"words", "language", "glosses"}:
            raise InputError(f"the recipe's network has an unknown field {min(found)}; the corpus decides it.")
        return changed(own, self.recipe.network, "network")

    @property
    def pretraining_config(self) -> PretrainingConfig:
        """The configuration of the pre-training, of the translator's sizes."""
        config = self.config()
        small = self.recipe.configuration == "small"
        make = PretrainingConfig.small if small else PretrainingConfig.paper
        return replace(make(config.words, config.language), translator=config)

    def build(self) -> nn.Module:
        import torch

        network = self.pretraining_config.build_together()
        config, trunk = self.config(), network.translator.backbone.conv_2d
        if self.settings.trunk:
            if config.levels != "symmetric":
                raise InputError(
                    f"the trunk {self.settings.trunk} reads pictures on [-1, 1]; set `levels: symmetric` in the recipe's network."
                )
            trunk.resnet.load_state_dict(trunk_weights(self.settings.trunk, config.widths))
        trunk.to(memory_format=torch.channels_last)
        return network

    def kept(self, network: nn.Module) -> nn.Module:
        return cast("PretrainedTranslator", network).translator

    @property
    def picture_size(self) -> int:
        return self._config(0, 0, 0).size

    @property
    def feature_width(self) -> int:
        return self._config(0, 0, 0).widths[-1]

    def trunk(self, network: nn.Module) -> nn.Module:
        return cast("PretrainedTranslator", network).translator.backbone.conv_2d

    def trunk_features(self, network: nn.Module, frames: Tensor) -> Tensor:
        features: Tensor = cast("PretrainedTranslator", network).translator.backbone.conv_2d.resnet(pictures(frames, self.config()))
        return features

    def trained(self, network: nn.Module, phase: str) -> list[tuple[str, nn.Parameter]]:
        # What no loss of a phase depends on is left out, since several processes wait for every gradient.
        parts = cast("PretrainedTranslator", network)
        modules: list[nn.Module] = [self.trunk(network)] if phase != FRAMES else []
        if phase == PRETRAINING and parts.translator.gloss_head is None:
            modules.append(parts.translator.sign_emb)
        without = {id(parameter) for module in modules for parameter in module.parameters()}
        if phase != PRETRAINING:
            own = {id(parameter) for parameter in parts.translator.parameters()}
            without |= {id(parameter) for parameter in network.parameters()} - own
        return [(name, parameter) for name, parameter in network.named_parameters() if id(parameter) not in without]

    def batch(self, phase: str, indices: NDArray[np.int64], random: np.random.Generator) -> Batch:
        import torch
        from torch.nn.utils.rnn import pad_sequence

        batch = dict(super().batch(phase, indices, random))
        if phase == PRETRAINING:
            from signbench.judges.gfslt.pretraining import masked_words

            texts, masked = [], []
            for index in indices.tolist():
                text = self.sentences.texts[index]
                texts.append(torch.tensor(self.tokenizer.encode(text)))
                hidden = masked_words(len(texts[-1]) - 2, random.uniform(0, self.settings.masked))
                masked.append(torch.tensor(self.tokenizer.encode(text, hidden)))
            batch["texts"] = pad_sequence(texts, batch_first=True, padding_value=PADDING)
            batch["masked"] = pad_sequence(masked, batch_first=True, padding_value=PADDING)
        return batch

    def targets(self, indices: list[int]) -> Mapping[str, Tensor]:
        import torch

        sentences = [self.tokenizer.encode(self.sentences.texts[index])[:-2] for index in indices]
        given, wanted, known = targets(sentences, self.tokenizer.opening, CLOSING, PADDING)
        found = {"given": given, "wanted": wanted, "known": known}
        if self.settings.recognition:
            glosses = [self.glosses.encode(self.sentences.glosses[index]) for index in indices]
            found["glosses"] = torch.tensor([gloss for sentence in glosses for gloss in sentence])
            found["gloss_counts"] = torch.tensor([len(sentence) for sentence in glosses])
        return found

    def losses(self, network: nn.Module, batch: Batch, phase: str) -> Mapping[str, Tensor]:
        parts = cast("PretrainedTranslator", network)
        if phase == PRETRAINING:
            return self._pretraining_losses(parts, batch)
        translator = parts.translator
        if phase == FRAMES:
            memory = translator.encode(pictures(batch["shown"], self.config()), batch["lengths"])
        else:
            memory = translator.encode_features(batch["shown"], batch["lengths"])
        logits = translator.decode(memory, batch["given"], batch["known"])
        entropy = word_loss(logits, batch["wanted"], PADDING, self.settings.label_smoothing)
        return {**self._recognition_loss(memory, batch), "entropy": self.settings.translation * entropy}

    def _pretraining_losses(self, parts: PretrainedTranslator, batch: Batch) -> Mapping[str, Tensor]:
        from signbench.judges.gfslt.pretraining import contrastive_loss, masked_language_loss

        both, lengths = parts.visual_language, batch["lengths"]
        clips = both.encode_features(batch["shown"], lengths)
        known = batch["texts"] != PADDING
        texts, _ = both.encode_texts(batch["texts"], known)
        _, states = both.encode_texts(batch["masked"], known)
        logits = parts.decoder(batch["given"], batch["known"], states, known)
        losses = {
            "contrast": self.settings.contrast * contrastive_loss(both.similarities(clips, texts)),
            "entropy": self.settings.translation * masked_language_loss(logits, batch["wanted"], PADDING),
        }
        if self.settings.recognition:
            losses |= self._recognition_loss(parts.translator.encode_features(batch["shown"], lengths), batch)
        return losses

    def _recognition_loss(self, memory: Any, batch: Batch) -> dict[str, Tensor]:
        if memory.gloss_logits is None:
            return {}
        loss = gloss_loss(memory.gloss_logits, memory.mask.sum(dim=1), batch["glosses"], batch["gloss_counts"])
        return {"ctc": self.settings.recognition * loss}

    def answers_of(self, network: nn.Module, frames: NDArray[np.uint8]) -> Mapping[str, Any]:
        translator = Translator(cast("GFSLT", network), self.config(), self.tokenizer, self.glosses, self.decoding)
        (memory,) = translator.encode([frames])
        return {"text": translator.text(memory), "gloss": translator.gloss(memory)}

    @property
    def decoding(self) -> Decoding:
        """How answers are read from the network."""
        return Decoding(self.settings.beam, self.settings.alpha, self.settings.longest)

    def files(self) -> Mapping[str, bytes]:
        vocabularies = {WORDS: vocabulary_file(self.tokenizer.words)}
        if self.settings.recognition:
            vocabularies[GLOSSES] = vocabulary_file(self.glosses.words)
        return vocabularies

    def saved_config(self) -> Mapping[str, Any]:
        return {**super().saved_config(), **asdict(self.decoding), "rate": self.settings.rate}
