"""GFSLT's network: its size and names, clips that do not affect each other, and its search compared with transformers' own."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
import torch
import torchvision

from signbench.errors import InputError
from signbench.judges.gfslt.config import CLOSING, GFSLTConfig
from signbench.judges.gfslt.network import MEAN, normalised
from signbench.networks.beam_search import Beam

WORDS, LANGUAGE = 14, 12
KEYS = [
    "backbone.conv_2d.resnet.layer2.0.downsample.1.running_mean",
    "backbone.conv_1d.temporal_conv.0.weight",
    "backbone.conv_1d.temporal_conv.5.running_var",
    "sign_emb.src_emb.bias",
    "sign_emb.bn_ac.0.weight",
    "mbart.final_logits_bias",
    "mbart.model.shared.weight",
    "mbart.model.encoder.embed_tokens.weight",
    "mbart.model.encoder.layernorm_embedding.weight",
    "mbart.model.decoder.layers.2.encoder_attn.out_proj.bias",
    "mbart.lm_head.weight",
]


@pytest.fixture(scope="module")
def paper():
    with torch.device("meta"):
        return GFSLTConfig.paper().build()


@pytest.fixture(scope="module")
def network():
    """A small network that writes varied sentences, some of which end."""
    torch.manual_seed(1)
    built = GFSLTConfig.small(WORDS, LANGUAGE, glosses=9).build().eval()
    with torch.no_grad():
        for parameter in built.mbart.model.decoder.parameters():
            if parameter.dim() > 1:
                parameter.normal_(std=0.3)
        # so that the next word depends on the position too, and sentences end
        built.mbart.model.decoder.embed_positions.weight.normal_(std=4.0)
        built.mbart.lm_head.weight.normal_(std=0.2)
    return built


def clips(count=2, size=(48, 40)):
    """Clips of 13, 8, 5, ... frames, padded with noise."""
    lengths = torch.tensor([13, 8, 5, 11, 2, 7][:count])
    return torch.randn(count, 13, 3, *size, generator=torch.Generator().manual_seed(5)), lengths


def test_it_has_as_many_parameters_as_the_released_log_says(paper):
    assert sum(parameter.numel() for parameter in paper.parameters()) == 115_412_544


def test_weights_have_the_names_of_the_published_ones(paper):
    assert [key for key in KEYS if key not in paper.state_dict()] == []
    assert [key for key in paper.state_dict() if key.split(".")[0] not in ("backbone", "sign_emb", "mbart")] == []


def test_the_embeddings_of_encoder_and_decoder_are_shared_and_the_output_layer_is_not(paper):
    model = paper.mbart.model
    assert model.encoder.embed_tokens is model.shared
    assert model.decoder.embed_tokens is model.shared
    assert paper.mbart.lm_head.weight is not model.shared.weight


def test_the_trunk_takes_the_weights_of_torchvision_and_gives_the_same_features(paper):
    theirs = torchvision.models.resnet18().eval()
    theirs.fc = torch.nn.Identity()
    ours = paper.backbone.conv_2d.resnet.to_empty(device="cpu").eval()
    ours.load_state_dict(theirs.state_dict())
    pictures = torch.randn(2, 3, 64, 80)
    assert torch.equal(ours(pictures), theirs(pictures))


@pytest.mark.parametrize(
    ("config", "frames", "steps"),
    [
        (GFSLTConfig.paper(), 1, 2),
        (GFSLTConfig.paper(), 100, 26),
        (GFSLTConfig.paper(), 101, 27),
        (GFSLTConfig.small(WORDS, LANGUAGE), 1, 2),
        (GFSLTConfig.small(WORDS, LANGUAGE), 25, 14),
    ],
)
def test_a_clip_becomes_a_step_per_stride_and_one_more(config, frames, steps):
    config = replace(config, widths=(4, 4, 4, 4), width=8, heads=1, feed_forward=8)
    convolution = config.build().backbone.conv_1d
    states, mask = convolution(torch.randn(1, frames, 4), torch.tensor([frames]))
    assert states.shape == (1, steps, 8)
    assert mask.all()


def test_repeating_frames_before_the_trunk_as_the_published_code_does_gives_the_same_steps():
    convolution = replace(GFSLTConfig.paper(), widths=(4, 4, 4, 4), width=8, heads=1).build().backbone.conv_1d.eval()
    features = torch.randn(1, 21, 4)
    # 8 before, and after them as many as bring 21 to the next multiple of 4, and 8
    repeated = torch.cat([features[:, :1].expand(-1, 8, -1), features, features[:, -1:].expand(-1, 3 + 8, -1)], dim=1)
    expected = convolution.temporal_conv(repeated.transpose(1, 2)).transpose(1, 2)
    assert torch.allclose(convolution(features, torch.tensor([21]))[0], expected, atol=1e-6)


def test_the_longest_clip_fills_the_positions_of_the_encoder():
    config = replace(GFSLTConfig.small(WORDS, LANGUAGE), positions=6)
    network = config.build().eval()
    assert network.encode(torch.randn(1, config.longest, 3, 32, 32), torch.tensor([config.longest])).states.shape[1] == 6


@pytest.mark.parametrize("size", [(48, 40), (96, 96), (224, 224)])
def test_other_clips_in_the_batch_do_not_affect_a_clip(network, size):
    frames, lengths = clips(size=size)
    words = torch.randint(4, LANGUAGE, (2, 6), generator=torch.Generator().manual_seed(2))
    written = torch.ones(2, 6, dtype=torch.bool)
    together = network.encode(frames, lengths)
    alone = network.encode(frames[1:, :8], lengths[1:])
    assert together.mask.sum(dim=1).tolist() == [8, 5]
    assert (together.states[1, :5] - alone.states[0]).abs().max() < 1e-5
    assert (together.gloss_logits[1, :5] - alone.gloss_logits[0]).abs().max() < 1e-5
    both = network.decode(together, words, written)[1] - network.decode(alone, words[1:], written[1:])[0]
    assert both.abs().max() < 1e-5


def test_padding_does_not_affect_training_either():
    frames, lengths = clips()
    noisier = frames.clone()
    noisier[1, 8:] = 100.0
    found = []
    for one in (frames, noisier):
        torch.manual_seed(7)
        network = GFSLTConfig.small(WORDS, LANGUAGE).build().train()
        memory = network.encode(one, lengths)
        found.append((memory.states[memory.mask], network.state_dict()))
    assert torch.equal(found[0][0], found[1][0])
    assert all(torch.equal(found[0][1][key], found[1][1][key]) for key in found[0][1])


def test_padded_words_do_not_affect_the_words_before(network):
    memory = network.encode(*clips())
    words = torch.tensor([[LANGUAGE, 5, 6, 1, 1], [LANGUAGE, 5, 6, 7, 8]])
    scores = network.decode(memory, words, words != 1)
    changed = torch.tensor([[LANGUAGE, 5, 6, 9, 9], [LANGUAGE, 5, 6, 7, 8]])
    assert torch.equal(scores[0, :3], network.decode(memory, changed, words != 1)[0, :3])


def test_words_read_one_by_one_have_the_scores_of_words_read_together(network):
    memory = network.encode(*clips())
    words = torch.randint(4, LANGUAGE, (2, 6), generator=torch.Generator().manual_seed(2))
    words[:, 0] = LANGUAGE
    together = network.decode(memory, words, torch.ones(2, 6, dtype=torch.bool))
    reading = network.begin(memory)
    for index in range(6):
        scores, reading = network.step(reading, words[:, index])
        assert (scores - together[:, index]).abs().max() < 1e-5


SEARCHES = {
    "greedy": (Beam(1, 40), {"num_beams": 1}),
    "beam of 4 without length penalty": (Beam(4, 40), {"num_beams": 4, "length_penalty": 0.0}),
    "beam of 4 as the published evaluation has it": (Beam(4, 40, power=1.0, early=True), {"num_beams": 4}),
    "beam of 4 that looks further": (Beam(4, 40, power=1.0), {"num_beams": 4, "early_stopping": "never"}),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_sentences_equal_those_of_transformers(network, name):
    beam, options = SEARCHES[name]
    frames, lengths = clips(6)
    # At the limit we cut sentences; they replace the last word by the closing one, for free.
    network.mbart.generation_config.forced_eos_token_id = None
    ours, theirs = [], []
    # The same clips through different decoders, because random ones differ little between clips.
    for seed in range(4):
        torch.manual_seed(seed)
        with torch.no_grad():
            network.mbart.lm_head.weight.normal_(std=0.1)
            network.mbart.final_logits_bias[0, CLOSING] = 1.0
        memory = network.encode(frames, lengths)
        steps, mask = network.backbone.conv_1d(network.backbone.conv_2d(frames, lengths), lengths)
        written = network.mbart.generate(
            inputs_embeds=network.sign_emb(steps, mask), attention_mask=mask.long(), max_new_tokens=41, **options
        )
        ours += network.translate(memory, beam)
        theirs += [row[1 : [*row, CLOSING].index(CLOSING)][:40] for row in written.tolist()]
    assert len({tuple(sentence) for sentence in ours}) >= 8, "the sentences are too similar to show anything"
    assert ours == theirs


def test_frames_are_normalised_by_the_mean_of_imagenet():
    frames = torch.tensor(MEAN)[:, None, None].expand(2, 3, 4, 4)
    assert normalised(frames).abs().max() == 0
    assert torch.allclose(normalised(frames + 0.229)[:, 0], torch.ones(2, 4, 4))


def test_without_transformers_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(InputError, match=r"install signbench\[models\]"):
        GFSLTConfig.paper().build()
