"""GFSLT (Zhou, Chen, Clapés, Wan, Liang, Escalera, Lei and Zhang 2023), with the names of zhoubenjia/GFSLT-VLP, ``models.py``.

A ResNet-18 processes each frame, temporal convolutions shorten the sequence, and mBART translates it. The embeddings of mBART's
encoder and decoder are one matrix, and its output layer is another; newer versions of transformers would separate all three.

A clip's result does not depend on other clips: the trunk gets frames only, and every clip is padded by repeating its own first and
last frame. The published code fills shorter clips of a batch with 1, which the temporal convolutions then read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from transformers import MBartConfig, MBartForConditionalGeneration

from signbench.networks.beam_search import Beam, beam_search
from signbench.networks.masks import frame_mask, masked_batch_norm
from signbench.networks.resnet import ResNet18

Step = Literal["K5", "K3", "P2"]
"""A step of the temporal convolutions: kernel of 5 or 3 frames without padding, or pooling of 2."""
MEAN = (0.485, 0.456, 0.406)
"""Mean of the pictures that the trunk expects, R, G and B on [0, 1]: ImageNet's."""
DEVIATION = (0.229, 0.224, 0.225)
"""Their standard deviation."""


@dataclass(frozen=True, eq=False)
class Memory:
    """The encoder's output for a batch of clips.

    Attributes:
        states: ``(N, S, D)``.
        mask: bool ``(N, S)``, false for padding.
        gloss_logits: ``(N, S, glosses)``, class 0 is CTC's blank; None without a gloss head.
    """

    states: Tensor
    mask: Tensor
    gloss_logits: Tensor | None


@dataclass(frozen=True, eq=False)
class Reading:
    """The state of the decoder for some hypotheses, of one clip or of one clip each.

    Attributes:
        words: number of words read so far.
        written: for each layer, keys and values of the words read so far, ``(B, heads, words, D / heads)`` each.
        seen: for each layer, keys and values of the encoded clips, ``(1 or B, heads, S, D / heads)`` each.
        mask: bool ``(1 or B, S)``, false for padding.
    """

    words: int
    written: tuple[tuple[Tensor, Tensor], ...]
    seen: tuple[tuple[Tensor, Tensor], ...]
    mask: Tensor


def normalised(frames: Tensor, levels: Literal["imagenet", "symmetric"] = "imagenet") -> Tensor:
    """Frames as the trunk expects them.

    Args:
        frames: on [0, 1], ``(..., 3, H, W)``.
        levels: see :class:`signbench.judges.gfslt.config.GFSLTConfig`.
    """
    if levels == "symmetric":
        return frames * 2 - 1
    mean, deviation = (torch.tensor(values, dtype=frames.dtype, device=frames.device) for values in (MEAN, DEVIATION))
    return (frames - mean[:, None, None]) / deviation[:, None, None]


class GFSLT(nn.Module):
    """Maps frames to words, and to glosses if it has a gloss head."""

    def __init__(
        self, mbart: MBartConfig, widths: Sequence[int], steps: Sequence[Step], ends: tuple[int, int], glosses: int = 0
    ) -> None:
        """Builds the network with random weights.

        Args:
            mbart: sizes of mBART.
            widths: widths of the four stages of the ResNet.
            steps: steps of the temporal convolutions.
            ends: indices of the words that open and end every sentence.
            glosses: size of the gloss vocabulary, including the blank; 0: no gloss head.
        """
        super().__init__()
        self.opening, self.closing = ends
        self.backbone = FeatureExtractor(widths, steps, mbart.d_model)
        self.mbart = MBartForConditionalGeneration(mbart)
        self.mbart.model.set_input_embeddings(self.mbart.model.shared)
        self.sign_emb = _SignEmbedding(mbart.d_model)
        self.gloss_head = nn.Linear(mbart.d_model, glosses) if glosses else None

    def encode(self, frames: Tensor, lengths: Tensor) -> Memory:
        """Encodes a batch of clips.

        Args:
            frames: ``(N, T, 3, H, W)`` of any size, as :func:`normalised` returns them, without padding before the first frame.
            lengths: int ``(N,)``, number of frames of each clip.
        """
        return self.encode_features(self.backbone.conv_2d(frames, lengths), lengths)

    def encode_features(self, features: Tensor, lengths: Tensor) -> Memory:
        """Encodes a batch of clips from the trunk's output, such as one that was kept.

        Args:
            features: ``(N, T, D)``, from ``backbone.conv_2d``.
            lengths: int ``(N,)``, number of frames of each clip.
        """
        shortened, mask = self.backbone.conv_1d(features, lengths)
        # mBART multiplies words by the root of its width, but not what comes instead of them.
        read = self.mbart.model.encoder(inputs_embeds=self.sign_emb(shortened, mask), attention_mask=mask.long())
        states: Tensor = read.last_hidden_state
        return Memory(states, mask, None if self.gloss_head is None else self.gloss_head(states))

    def decode(self, memory: Memory, words: Tensor, mask: Tensor) -> Tensor:
        """Computes the scores of the word after each of the given ones.

        Args:
            memory: the encoded clips.
            words: int ``(N, L)``, beginning with the language code.
            mask: bool ``(N, L)``, false for padding.

        Returns:
            Logits ``(N, L, words)``.
        """
        written = self.mbart.model.decoder(
            input_ids=words,
            attention_mask=mask.long(),
            encoder_hidden_states=memory.states,
            encoder_attention_mask=memory.mask.long(),
            use_cache=False,
        )
        return self._scores(written.last_hidden_state)

    def begin(self, memory: Memory) -> Reading:
        """The state of the decoder before the first word, with one hypothesis for each clip."""
        seen = []
        for layer in self.mbart.model.decoder.layers:
            attention = layer.encoder_attn
            seen.append((_split(attention, attention.k_proj(memory.states)), _split(attention, attention.v_proj(memory.states))))
        empty = tuple((keys[:, :, :0], values[:, :, :0]) for keys, values in seen)
        return Reading(0, empty, tuple(seen), memory.mask)

    def step(self, reading: Reading, words: Tensor) -> tuple[Tensor, Reading]:
        """Computes the scores of the next word; the words before the last ones are not computed again.

        Args:
            reading: the state of the decoder.
            words: the last words, int ``(B,)``.

        Returns:
            Logits ``(B, words)``, and the next state of the decoder.
        """
        decoder = self.mbart.model.decoder
        words = words.to(reading.mask.device)
        positions = decoder.embed_positions.weight[decoder.embed_positions.offset + reading.words]
        x = decoder.layernorm_embedding(decoder.embed_tokens(words[:, None]) + positions)
        mask = reading.mask[:, None, None].expand(len(words), -1, -1, -1)
        written = []
        for layer, before, (seen_keys, seen_values) in zip(decoder.layers, reading.written, reading.seen, strict=True):
            own, y = layer.self_attn, layer.self_attn_layer_norm(x)
            keys = torch.cat([before[0], _split(own, own.k_proj(y))], dim=2)
            values = torch.cat([before[1], _split(own, own.v_proj(y))], dim=2)
            written.append((keys, values))
            x = x + _attended(own, y, keys, values, None)
            shape = (len(words), -1, -1, -1)
            y = layer.encoder_attn_layer_norm(x)
            x = x + _attended(layer.encoder_attn, y, seen_keys.expand(shape), seen_values.expand(shape), mask)
            x = x + layer.fc2(layer.activation_fn(layer.fc1(layer.final_layer_norm(x))))
        return self._scores(decoder.layer_norm(x))[:, 0], replace(reading, words=reading.words + 1, written=tuple(written))

    @staticmethod
    def choose(reading: Reading, indices: Tensor) -> Reading:
        """The state of the hypotheses at these indices, int ``(B,)``, of one clip."""
        return replace(reading, written=tuple((keys[indices], values[indices]) for keys, values in reading.written))

    @torch.no_grad()
    def translate(self, memory: Memory, beam: Beam) -> list[list[int]]:
        """The best sentence for each clip, without the language code and the closing word.

        ``Beam(4, 149, power=1.0, early=True)`` is the published evaluation, transformers' ``generate(num_beams=4,
        max_new_tokens=150)``, except for sentences at the limit: there ``generate`` replaces the last word by the closing one
        without lowering the score.

        Args:
            memory: the encoded clips.
            beam: settings of the search.
        """
        sentences = []
        for index in range(len(memory.states)):
            kept = memory.mask[index : index + 1]
            clip = Memory(memory.states[index : index + 1, : int(kept.sum())], kept[:, : int(kept.sum())], None)
            sentences.append(beam_search(self.step, self.choose, self.begin(clip), beam, self.opening, self.closing))
        return sentences

    def _scores(self, states: Tensor) -> Tensor:
        logits: Tensor = self.mbart.lm_head(states) + self.mbart.final_logits_bias
        return logits


def _split(attention: Any, rows: Tensor) -> Tensor:
    """Rows ``(N, L, D)`` as ``(N, heads, L, D / heads)``."""
    count, length, width = rows.shape
    heads = int(attention.num_heads)
    parts: Tensor = rows.view(count, length, heads, width // heads).transpose(1, 2)
    return parts


def _attended(attention: Any, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
    """What ``queries`` ``(B, 1, D)`` find in the keys and values of an attention layer."""
    mixed = nn.functional.scaled_dot_product_attention(_split(attention, attention.q_proj(queries)), keys, values, attn_mask=mask)
    found: Tensor = attention.out_proj(mixed.transpose(1, 2).reshape(queries.shape))
    return found


class FeatureExtractor(nn.Module):
    """The trunk ``conv_2d``, and the temporal convolutions ``conv_1d``."""

    def __init__(self, widths: Sequence[int], steps: Sequence[Step], width: int) -> None:
        """Builds both.

        Args:
            widths: widths of the four stages of the ResNet.
            steps: steps of the temporal convolutions.
            width: width of their output.
        """
        super().__init__()
        self.conv_2d = Trunk(widths)
        self.conv_1d = TemporalConvolution(widths[-1], steps, width)


class Trunk(nn.Module):
    """A ResNet-18 that processes each frame."""

    def __init__(self, widths: Sequence[int]) -> None:
        """Builds it.

        Args:
            widths: widths of the four stages.
        """
        super().__init__()
        self.resnet = ResNet18(widths)

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Features ``(N, T, D)`` of frames ``(N, T, 3, H, W)``, of which each clip has ``lengths``; 0 for padding."""
        mask = frame_mask(lengths.to(frames.device), frames.shape[1])
        found: Tensor = self.resnet(frames[mask])
        features = found.new_zeros(*mask.shape, found.shape[1])
        features[mask] = found
        return features


class TemporalConvolution(nn.Module):
    """Convolutions and poolings over time, after padding by each clip's first and last frame.

    A clip of T frames becomes ceil(T / stride) + 1 steps. The published code repeats the frames before the trunk, which gives the
    same result; only statistics that are collected in training differ.
    """

    def __init__(self, inputs: int, steps: Sequence[Step], width: int) -> None:
        """Builds it.

        Args:
            inputs: width of the features.
            steps: steps of the convolutions.
            width: width of their output.
        """
        super().__init__()
        layers: list[nn.Module] = []
        # a step reads `reach` frames, and begins `stride` frames after the one before
        self.stride, self.reach = 1, 1
        for step in steps:
            self.reach += self.stride * (int(step[1:]) - 1)
            if step == "P2":
                layers.append(nn.MaxPool1d(2))
                self.stride *= 2
            else:
                layers += [nn.Conv1d(inputs, width, int(step[1:])), nn.BatchNorm1d(width), nn.ReLU()]
                inputs = width
        self.temporal_conv = nn.Sequential(*layers)

    def forward(self, features: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Steps ``(N, S, D)`` and their mask, bool ``(N, S)``, from features ``(N, T, D)``."""
        lengths = lengths.to(features.device)
        steps = (lengths + self.stride - 1) // self.stride
        padded = int(steps.max()) * self.stride + self.reach
        # Beyond its own padding, a clip's last frame is repeated further; no step that counts reads that far.
        source = torch.arange(padded, device=features.device)[None] - self.reach // 2
        source = torch.minimum(source.clamp(min=0), lengths[:, None] - 1)
        states = features.gather(1, source[:, :, None].expand(-1, -1, features.shape[2]))
        counts = steps * self.stride + self.reach
        for layer in self.temporal_conv:
            if isinstance(layer, nn.BatchNorm1d):
                states = masked_batch_norm(layer, states, frame_mask(counts, states.shape[1]))
                continue
            if isinstance(layer, nn.Conv1d):
                counts = counts - layer.kernel_size[0] + 1
            elif isinstance(layer, nn.MaxPool1d):
                counts = counts // 2
            states = layer(states.transpose(1, 2)).transpose(1, 2)
        return states, frame_mask(counts, states.shape[1])


class _SignEmbedding(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.src_emb = nn.Linear(width, width)
        self.bn_ac = nn.Sequential(nn.BatchNorm1d(width), nn.ReLU())
        nn.init.xavier_uniform_(self.src_emb.weight, gain=nn.init.calculate_gain("relu"))

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        norm, activation = self.bn_ac
        embedded: Tensor = activation(masked_batch_norm(cast(nn.BatchNorm1d, norm), self.src_emb(states), mask))
        return embedded
