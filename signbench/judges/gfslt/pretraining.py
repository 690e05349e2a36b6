"""Visual-language pre-training of GFSLT (Zhou et al. 2023), with the names of zhoubenjia/GFSLT-VLP, ``models.py``.

One encoder reads clips, another one reads texts, and a contrastive loss brings a clip and its own text together. A decoder also
learns to restore masked words from the text encoder's states. The translator then begins with the encoder of clips and the decoder.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from transformers import MBartConfig
from transformers.models.mbart.modeling_mbart import MBartDecoder, MBartEncoder

from signbench.judges.gfslt.network import GFSLT, FeatureExtractor, Step

LABEL_SMOOTHING = 0.2
"""Of the masked language modelling, and of the translator's training."""
_TEMPERATURE = 0.07
_SHARPNESS = 10.0


class VisualLanguageModel(nn.Module):
    """An encoder of clips and an encoder of texts with comparable features."""

    def __init__(self, visual: MBartConfig, text: MBartConfig, widths: Sequence[int], steps: Sequence[Step]) -> None:
        """Builds both with random weights.

        Args:
            visual: sizes of the translator's mBART, whose encoder reads clips.
            text: sizes of the mBART whose encoder reads texts; it has the same width.
            widths: widths of the four stages of the ResNet.
            steps: steps of the temporal convolutions.
        """
        super().__init__()
        self.model_images = _ClipEncoder(visual, widths, steps)
        self.model_txt = _TextEncoder(text)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / _TEMPERATURE)))

    def encode_clips(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """The features ``(N, D)`` of clips, which are given as for :meth:`signbench.judges.gfslt.network.GFSLT.encode`."""
        return self.encode_features(self.model_images.model.conv_2d(frames, lengths), lengths)

    def encode_features(self, features: Tensor, lengths: Tensor) -> Tensor:
        """The features ``(N, D)`` of clips, from the trunk's output ``(N, T, D)``, such as one that was kept."""
        found: Tensor = self.model_images(features, lengths)
        return found

    def encode_texts(self, words: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Encodes texts.

        Args:
            words: int ``(N, L)``, each ending with the closing word and the language code.
            mask: bool ``(N, L)``, false for padding.

        Returns:
            The features ``(N, D)``, and the states of all words ``(N, L, D)``, for :class:`TextDecoder`.
        """
        states: Tensor = self.model_txt(words, mask)
        # The published code takes the highest index in the sentence, which is the language code unless a word is masked.
        last = mask.sum(dim=1) - 1
        return states[torch.arange(len(states), device=states.device), last], states

    def similarities(self, clips: Tensor, texts: Tensor) -> Tensor:
        """How well each clip fits each text.

        Args:
            clips: features ``(N, D)``.
            texts: features ``(M, D)``.

        Returns:
            Logits ``(N, M)``: cosines, divided by a temperature that is learned.
        """
        cosines = nn.functional.normalize(clips, dim=1) @ nn.functional.normalize(texts, dim=1).T
        return self.logit_scale.exp() * cosines


class TextDecoder(nn.Module):
    """Restores masked words from the states of the text encoder."""

    final_logits_bias: Tensor

    def __init__(self, mbart: MBartConfig) -> None:
        """Builds it with random weights.

        Args:
            mbart: sizes of the translator's mBART, whose decoder this is.
        """
        super().__init__()
        self.text_decoder = MBartDecoder(mbart)
        self.lm_head = nn.Linear(mbart.d_model, mbart.vocab_size, bias=False)
        nn.init.normal_(self.lm_head.weight, std=mbart.init_std)
        self.register_buffer("final_logits_bias", torch.zeros(1, mbart.vocab_size))

    def forward(self, words: Tensor, mask: Tensor, states: Tensor, states_mask: Tensor) -> Tensor:
        """Computes the scores of the word after each of the given ones.

        Args:
            words: int ``(N, L)``, beginning with the language code.
            mask: bool ``(N, L)``, false for padding.
            states: ``(N, M, D)``, of the text encoder for the text with masked words; no gradient goes into them.
            states_mask: bool ``(N, M)``, false for padding.

        Returns:
            Logits ``(N, L, words)``.
        """
        written = self.text_decoder(
            input_ids=words,
            attention_mask=mask.long(),
            encoder_hidden_states=states.detach(),
            encoder_attention_mask=states_mask.long(),
            use_cache=False,
        )
        logits: Tensor = self.lm_head(written.last_hidden_state) + self.final_logits_bias
        return logits


class PretrainedTranslator(nn.Module):
    """A translator and the networks of its pre-training, in one.

    The encoder of clips and the decoder of the masked language modelling are the translator's own modules. What
    :func:`signbench.judges.gfslt.checkpoints.translator_weights` copies from one training to the next, they have in common from the
    beginning.
    """

    def __init__(self, translator: GFSLT, visual_language: VisualLanguageModel, decoder: TextDecoder) -> None:
        """Replaces modules of the pre-training by the translator's.

        Args:
            translator: the translator.
            visual_language: the two encoders, of the same sizes.
            decoder: the decoder of the masked language modelling, of the same sizes.
        """
        super().__init__()
        visual_language.model_images.model = translator.backbone
        visual_language.model_images.trans_encoder = translator.mbart.model.encoder
        decoder.text_decoder = translator.mbart.model.decoder
        decoder.lm_head = translator.mbart.lm_head
        self.translator = translator
        self.visual_language = visual_language
        self.decoder = decoder


def contrastive_loss(similarities: Tensor) -> Tensor:
    """Mean, over both directions, of the divergence of the similarities from the true pairs.

    The targets are the softmax of 10 on the diagonal and 0 elsewhere. For a single pair it is always 0.

    Args:
        similarities: logits ``(N, N)``; clip n belongs to text n.
    """
    pairs = torch.softmax(_SHARPNESS * torch.eye(len(similarities), dtype=similarities.dtype, device=similarities.device), dim=1)
    by_clip, by_text = (
        nn.functional.kl_div(torch.log_softmax(logits, dim=1), pairs, reduction="batchmean")
        for logits in (similarities, similarities.T)
    )
    return (by_clip + by_text) / 2


def masked_language_loss(logits: Tensor, targets: Tensor, padding: int) -> Tensor:
    """Mean cross-entropy of the words, with smoothed labels.

    Args:
        logits: ``(N, L, words)``.
        targets: int ``(N, L)``, ending with the closing word and the language code.
        padding: index of the padding word, which is left out.
    """
    return nn.functional.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=padding, label_smoothing=LABEL_SMOOTHING
    )


def masked_words(words: int, share: float) -> int:
    """How many words at the end of a text are masked.

    Args:
        words: number of words.
        share: drawn evenly from 0 to .15 for each text in the published training.
    """
    return math.ceil(words * share)


class _ClipEncoder(nn.Module):
    def __init__(self, mbart: MBartConfig, widths: Sequence[int], steps: Sequence[Step]) -> None:
        super().__init__()
        self.model = FeatureExtractor(widths, steps, mbart.d_model)
        self.trans_encoder = MBartEncoder(mbart)
        self.cls_token = nn.Parameter(torch.randn(1, 1, mbart.d_model))
        self.lm_head = nn.Linear(mbart.d_model, mbart.d_model, bias=False)

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        steps, mask = self.model.conv_1d(features, lengths)
        rows = torch.cat([self.cls_token.expand(len(steps), -1, -1), steps], dim=1)
        read = self.trans_encoder(inputs_embeds=rows, attention_mask=nn.functional.pad(mask.long(), (1, 0), value=1))
        found: Tensor = self.lm_head(read.last_hidden_state[:, 0])
        return found


class _TextEncoder(nn.Module):
    def __init__(self, mbart: MBartConfig) -> None:
        super().__init__()
        self.model_txt = MBartEncoder(mbart)

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        states: Tensor = self.model_txt(input_ids=words, attention_mask=mask.long()).last_hidden_state
        return states
