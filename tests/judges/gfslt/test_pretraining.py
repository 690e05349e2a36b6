"""GFSLT's visual-language pre-training: its size and names, its losses, and clips and texts that do not affect each other."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from signbench.judges.gfslt.config import PADDING, PretrainingConfig
from signbench.judges.gfslt.pretraining import contrastive_loss, masked_language_loss, masked_words

WORDS, LANGUAGE = 14, 12
KEYS = [
    "model_images.model.conv_2d.resnet.conv1.weight",
    "model_images.model.conv_1d.temporal_conv.4.bias",
    "model_images.trans_encoder.embed_tokens.weight",
    "model_images.trans_encoder.layers.2.fc1.weight",
    "model_images.cls_token",
    "model_images.lm_head.weight",
    "model_txt.model_txt.layers.11.self_attn.q_proj.weight",
    "model_txt.model_txt.embed_positions.weight",
    "logit_scale",
]


@pytest.fixture(scope="module")
def paper():
    with torch.device("meta"):
        return PretrainingConfig.paper().build()


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(2)
    return PretrainingConfig.small(WORDS, LANGUAGE).build().eval()


def test_it_has_as_many_parameters_as_the_released_log_says(paper):
    assert sum(parameter.numel() for parameter in paper.parameters()) == 216_175_169


def test_weights_have_the_names_of_the_published_ones(paper):
    names = list(paper.state_dict())
    assert [key for key in KEYS if key not in names] == []
    known = ("model_images.model.", "model_images.trans_encoder.", "model_txt.model_txt.")
    assert [key for key in names if not key.startswith(known) and key not in KEYS] == []


def test_the_text_decoder_has_the_names_of_the_published_one():
    with torch.device("meta"):
        names = list(PretrainingConfig.paper().build_decoder().state_dict())
    assert "text_decoder.layers.2.encoder_attn.k_proj.weight" in names
    assert [name for name in names if not name.startswith("text_decoder.")] == ["final_logits_bias", "lm_head.weight"]


def test_other_clips_in_the_batch_do_not_affect_a_clip(model):
    frames, lengths = torch.randn(2, 13, 3, 48, 40), torch.tensor([13, 8])
    together, alone = model.encode_clips(frames, lengths)[1], model.encode_clips(frames[1:, :8], lengths[1:])[0]
    assert (together - alone).abs().max() < 1e-5


def test_the_longest_clip_and_its_token_fill_the_positions_of_the_encoder():
    small = PretrainingConfig.small(WORDS, LANGUAGE)
    config = replace(small, translator=replace(small.translator, positions=6))
    found = config.build().eval().encode_clips(torch.randn(1, config.longest, 3, 32, 32), torch.tensor([config.longest]))
    assert found.shape == (1, 128)


def test_other_texts_in_the_batch_do_not_affect_a_text(model):
    words = torch.tensor([[5, 6, 7, 2, LANGUAGE], [8, 2, LANGUAGE, PADDING, PADDING]])
    features, states = model.encode_texts(words, words != PADDING)
    alone, _ = model.encode_texts(words[1:, :3], torch.ones(1, 3, dtype=torch.bool))
    assert (features[1] - alone[0]).abs().max() < 1e-5
    assert torch.equal(features[1], states[1, 2]), "a text's features are the states of its language code"


def test_similarities_are_cosines_over_a_temperature(model):
    rows = torch.tensor([[3.0, 0.0], [0.0, 0.5]])
    assert torch.allclose(model.similarities(rows, rows), torch.eye(2) / 0.07)


def divergence(similarities):
    """The loss of one direction, from its definition."""
    total = 0.0
    for row, logits in enumerate(similarities):
        weights = [math.exp(10.0 if row == column else 0.0) for column in range(len(similarities))]
        logarithm = math.log(sum(map(math.exp, logits)))
        for weight, logit in zip(weights, logits, strict=True):
            target = weight / sum(weights)
            total += target * (math.log(target) - (logit - logarithm))
    return total / len(similarities)


def test_the_contrastive_loss_is_the_mean_divergence_of_both_directions():
    rows = [[2.0, -1.0, 0.5], [0.0, 3.0, 1.0], [1.0, 1.0, -2.0]]
    columns = [list(column) for column in zip(*rows, strict=True)]
    expected = (divergence(rows) + divergence(columns)) / 2
    assert float(contrastive_loss(torch.tensor(rows))) == pytest.approx(expected, rel=1e-5)


def test_the_contrastive_loss_is_lowest_for_the_true_pairs():
    right, wrong = contrastive_loss(10 * torch.eye(4)), contrastive_loss(10 * torch.eye(4).flip(0))
    assert float(right) == pytest.approx(0, abs=1e-6)
    assert right < wrong


def test_a_single_pair_teaches_nothing():
    assert contrastive_loss(torch.tensor([[3.0]])) == 0


def test_the_masked_language_loss_smooths_labels_and_ignores_padding():
    logits = torch.randn(1, 3, WORDS, generator=torch.Generator().manual_seed(0))
    targets = torch.tensor([[5, 2, PADDING]])
    logs = torch.log_softmax(logits[0], dim=1)
    each = [-(0.8 * logs[row, word] + 0.2 * logs[row].mean()) for row, word in enumerate((5, 2))]
    assert float(masked_language_loss(logits, targets, PADDING)) == pytest.approx(float(sum(each)) / 2, rel=1e-5)


@pytest.mark.parametrize(("words", "share", "masked"), [(10, 0.0, 0), (10, 0.01, 1), (10, 0.149, 2), (3, 0.1, 1), (0, 0.1, 0)])
def test_masked_words_are_rounded_up(words, share, masked):
    assert masked_words(words, share) == masked


def test_the_text_decoder_trains_without_moving_the_text_encoder(model):
    decoder = PretrainingConfig.small(WORDS, LANGUAGE).build_decoder()
    words = torch.tensor([[5, 6, 7, 2, LANGUAGE], [8, 2, LANGUAGE, PADDING, PADDING]])
    mask = words != PADDING
    _, states = model.encode_texts(words, mask)
    masked_language_loss(decoder(words, mask, states, mask), words, PADDING).backward()
    assert all(parameter.grad is not None for parameter in decoder.parameters())
    assert all(parameter.grad is None for parameter in model.parameters())
