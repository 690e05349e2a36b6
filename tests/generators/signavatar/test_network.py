"""SignAvatar's network: the paper's size, ACTOR's names and computation, and that padding and hidden frames have no effect."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

from signbench.generators.signavatar.config import SignAvatarConfig
from signbench.generators.signavatar.joints import UPPER
from signbench.generators.signavatar.network import Posterior
from tests.generators.signavatar.tiny import TINY, TINY_CLIP, tiny_network

LAYER = ["self_attn.in_proj_weight", "self_attn.in_proj_bias", "self_attn.out_proj.weight", "self_attn.out_proj.bias"]
CROSS = [name.replace("self_attn", "multihead_attn") for name in LAYER]
REST = [f"{part}.{kind}" for part in ("linear1", "linear2", "norm1", "norm2") for kind in ("weight", "bias")]
PERCEPTRON = [f"{layer}.{kind}" for layer in (0, 2, 4) for kind in ("weight", "bias")]
ACTORS = {
    *("encoder.skelEmbedding.weight", "encoder.skelEmbedding.bias", "encoder.sequence_pos_encoder.pe"),
    *("decoder.sequence_pos_encoder.pe", "decoder.finallayer.weight", "decoder.finallayer.bias"),
    *(f"encoder.seqTransEncoder.layers.{index}.{name}" for index in range(8) for name in [*LAYER, *REST]),
    *(
        f"decoder.seqTransDecoder.layers.{index}.{name}"
        for index in range(8)
        for name in [*LAYER, *CROSS, *REST, "norm3.weight", "norm3.bias"]
    ),
    *(f"{part}.{name}" for part in ("encoder.muQuery", "encoder.sigmaQuery", "decoder.actionBiases") for name in PERCEPTRON),
}


def clip(frames=7, count=2, seed=1, config=TINY):
    draw = torch.Generator().manual_seed(seed)
    motion = torch.randn(count, frames, 53, 6, generator=draw)
    embedding = torch.randn(count, 12, generator=draw)
    latent = torch.randn(count, config.latent, generator=draw)
    return motion, torch.ones(count, frames, dtype=torch.bool), embedding, latent


def test_the_paper_s_network_has_its_size_and_actor_s_names():
    with torch.device("meta"):
        network = SignAvatarConfig.paper().build()
    assert sum(parameter.numel() for parameter in network.parameters()) == 15_683_902
    assert set(network.state_dict()) == ACTORS
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert shapes["encoder.skelEmbedding.weight"] == (256, 264)
    assert shapes["encoder.sequence_pos_encoder.pe"] == (5000, 1, 256)
    assert shapes["encoder.muQuery.0.weight"] == (256, 512)
    assert shapes["decoder.finallayer.weight"] == (318, 256)


def test_the_small_network_is_below_the_size_of_a_shipped_file():
    with torch.device("meta"):
        network = SignAvatarConfig.small().build()
    assert sum(parameter.numel() for parameter in network.parameters()) == 1_317_822
    assert sum(tensor.numel() * 4 for name, tensor in network.state_dict().items() if not name.endswith(".pe")) < 8e6


def positions(table, states):
    return states + table[: len(states)]


def actor(network, motion, embedding, latent):
    """ACTOR's computation on one clip without padding, written as its authors write it: time first, tokens of mean and variance."""
    encoder, decoder = network.encoder, network.decoder
    layer = nn.TransformerEncoderLayer(16, 4, 32, 0.1, activation="gelu")
    stack = nn.TransformerEncoder(layer, len(encoder.seqTransEncoder.layers), enable_nested_tensor=False)
    stack.load_state_dict(encoder.seqTransEncoder.state_dict())
    frames = encoder.skelEmbedding(motion[:, list(UPPER)].reshape(len(motion), 1, -1))
    tokens = torch.stack([encoder.muQuery(embedding), encoder.sigmaQuery(embedding)])[:, None]
    states = stack.eval()(positions(encoder.sequence_pos_encoder.pe, torch.cat([tokens, frames])))
    layer = nn.TransformerDecoderLayer(16, 4, 32, 0.1, activation="gelu")
    stack = nn.TransformerDecoder(layer, len(decoder.seqTransDecoder.layers))
    stack.load_state_dict(decoder.seqTransDecoder.state_dict())
    times = positions(decoder.sequence_pos_encoder.pe, torch.zeros(len(motion), 1, 16))
    latent = torch.cat([latent, torch.zeros(16 - len(latent))])
    made = decoder.finallayer(stack.eval()(times, (latent + decoder.actionBiases(embedding))[None, None]))
    return states[0, 0], states[1, 0], made.reshape(len(motion), 53, 6)


@pytest.mark.parametrize("config", [TINY, TINY_CLIP], ids=["small", "paper"])
def test_it_computes_what_actor_computes(config):
    network = tiny_network(config)
    motion, mask, embedding, latent = clip(config=config)
    with torch.no_grad():
        posterior = network.encode(motion, mask, embedding)
        made = network.decode(latent, mask, embedding)
        for index in range(2):
            mean, variance, frames = actor(network, motion[index], embedding[index], latent[index])
            torch.testing.assert_close(posterior.mean[index], mean[: config.latent], rtol=1e-4, atol=1e-5)
            torch.testing.assert_close(posterior.log_variance[index], variance[: config.latent], rtol=1e-4, atol=1e-5)
            torch.testing.assert_close(made[index], frames, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("training", [False, True], ids=["evaluating", "training"])
def test_padding_never_reaches_a_frame(training):
    network = tiny_network().train(training)  # without dropout, so training differs only in the kernels
    motion, mask, embedding, latent = clip()
    longer = torch.cat([motion, torch.full((2, 5, 53, 6), 1e3)], dim=1)
    wide = torch.cat([mask, torch.zeros(2, 5, dtype=torch.bool)], dim=1)
    with torch.no_grad():
        made = network.decode(latent, wide, embedding)
        torch.testing.assert_close(made[:, :7], network.decode(latent, mask, embedding), rtol=1e-4, atol=1e-5)
        assert not made[:, 7:].any()
        for padded, alone in zip(network.encode(longer, wide, embedding), network.encode(motion, mask, embedding), strict=True):
            torch.testing.assert_close(padded, alone, rtol=1e-4, atol=1e-5)


def test_a_clip_is_the_same_alone_and_in_a_batch_of_any_order():
    network = tiny_network()
    motion, mask, embedding, latent = clip(count=3)
    with torch.no_grad():
        whole = network.decode(latent, mask, embedding)
        for order in ([2, 0, 1], [1]):
            torch.testing.assert_close(
                network.decode(latent[order], mask[order], embedding[order]), whole[order], rtol=1e-4, atol=1e-5
            )
            one = network.encode(motion[order], mask[order], embedding[order]).mean
            torch.testing.assert_close(one, network.encode(motion, mask, embedding).mean[order], rtol=1e-4, atol=1e-5)


def test_the_encoder_sees_neither_hidden_frames_nor_legs_and_jaw():
    network = tiny_network()
    motion, mask, embedding, _ = clip()
    hidden = torch.zeros_like(mask)
    hidden[:, 2:4] = True
    other = motion.clone()
    other[:, 2:4] += 5
    unread = motion.clone()
    unread[:, :, [1, 2, 4, 5, 7, 8, 10, 11, 52]] += 5
    with torch.no_grad():
        seen = network.encode(motion, mask, embedding).mean
        covered = network.encode(motion, mask, embedding, hidden).mean
        assert torch.equal(network.encode(other, mask, embedding, hidden).mean, covered)
        assert not torch.allclose(covered, seen, atol=1e-3)
        assert torch.equal(network.encode(unread, mask, embedding).mean, seen)


def test_the_motion_depends_on_the_latent_vector_and_on_the_word():
    network = tiny_network()
    _, mask, embedding, latent = clip()
    with torch.no_grad():
        made = network.decode(latent, mask, embedding)
        assert (network.decode(latent + 1, mask, embedding) - made).abs().mean() > 0.01
        assert (network.decode(latent, mask, embedding + 1) - made).abs().mean() > 0.01


def test_the_divergence_is_that_of_the_normal_distributions():
    draw = torch.Generator().manual_seed(3)
    mean, log_variance = torch.randn(4, 5, generator=draw), torch.randn(4, 5, generator=draw)
    expected = kl_divergence(Normal(mean, torch.exp(log_variance / 2)), Normal(0.0, 1.0))
    torch.testing.assert_close(Posterior(mean, log_variance).divergence(), expected)
    torch.manual_seed(0)
    drawn = torch.stack([Posterior(mean, log_variance).sample() for _ in range(4000)])
    torch.testing.assert_close(drawn.mean(dim=0), mean, rtol=0, atol=0.15)
    torch.testing.assert_close(drawn.std(dim=0), torch.exp(log_variance / 2), rtol=0.1, atol=0.05)


def test_pictures_and_words_have_embeddings_of_one_size():
    network = tiny_network()
    with torch.no_grad():
        pictures = network.pictures(torch.randint(0, 256, (3, 32, 32, 3)).float())
        words = network.words(torch.tensor([[1, 2, 3], [4, 0, 0]]), torch.tensor([[True, True, True], [True, False, False]]))
        longer = network.words(torch.tensor([[4, 9, 9]]), torch.tensor([[True, False, False]]))
    assert pictures.shape == (3, 12)
    torch.testing.assert_close(words[1], longer[0])
    for found in (pictures, words):
        torch.testing.assert_close(found.square().mean(dim=1), torch.ones(len(found)), rtol=1e-2, atol=1e-2)


def test_the_paper_s_network_has_no_encoders_of_its_own():
    assert not [name for name in ACTORS if re.match("words|pictures", name)]
    assert tiny_network(TINY_CLIP).words is None
