"""Published checkpoints of GFSLT and of its pre-training: read as their authors write them, and what does not fit is named."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

import pytest
import torch

from signbench.errors import InputError
from signbench.judges.gfslt.checkpoints import (
    DECODED,
    HEAD,
    PIECES,
    TRANSLATED,
    UNUSED,
    read_official,
    read_pretrained,
    translator_weights,
)
from signbench.judges.gfslt.config import GFSLTConfig, PretrainingConfig
from signbench.judges.gfslt.tokenizer import PieceTokenizer, SentencePieces
from tests.judges.gfslt.test_tokenizer import PIECES as SOME_PIECES
from tests.judges.gfslt.test_tokenizer import model
from tests.judges.official_checkpoints import filled

VOCABULARY = PieceTokenizer(SentencePieces(tuple(SOME_PIECES)), "de_DE")
CONFIG = replace(
    GFSLTConfig.paper(len(VOCABULARY.words), VOCABULARY.opening),
    widths=(2, 3, 4, 5),
    width=16,
    feed_forward=12,
    encoder_layers=2,
    decoder_layers=1,
    positions=9,
)
PRETRAINING = replace(PretrainingConfig.paper(), translator=CONFIG, text_layers=3, text_feed_forward=10)


def write(folder, state, *, name="best_checkpoint.pth", pieces=SOME_PIECES, **more):
    """A folder with a checkpoint as the published training writes it, with its arguments, and the vocabulary."""
    checkpoint = {
        "model": state,
        "optimizer": {"state": {0: {"momentum_buffer": torch.zeros(2)}}, "param_groups": [{"lr": 0.01, "params": [0]}]},
        "lr_scheduler": {"T_max": 200, "eta_min": 1e-8, "base_lrs": [0.01]},
        "epoch": 41,
        "args": argparse.Namespace(batch_size=2, opt="sgd", finetune="", run=None),
        **more,
    }
    torch.save(checkpoint, folder / name)
    if pieces is not None:
        (folder / "sentencepiece.bpe.model").write_bytes(model(pieces, characters=b"table"))
    return folder / name


@pytest.fixture(scope="module")
def network():
    built = CONFIG.build()
    filled(built)
    return built


@pytest.fixture(scope="module")
def pretrained():
    """The state dictionaries of the two encoders and of the text decoder."""
    return dict(filled(PRETRAINING.build(), 1)), dict(filled(PRETRAINING.build_decoder(), 2))


@pytest.mark.parametrize("whole", [True, False])
def test_a_checkpoint_gives_network_vocabulary_and_decoding(whole, network, tmp_path):
    path = write(tmp_path, network.state_dict())
    found = read_official(tmp_path if whole else path)
    assert found.config == CONFIG
    built = found.config.build()
    built.load_state_dict(dict(found.weights))
    assert all(torch.equal(tensor, network.state_dict()[name]) for name, tensor in built.state_dict().items())
    assert SentencePieces.from_lines(found.vocabularies[PIECES]) == SentencePieces(tuple(SOME_PIECES), b"table")
    assert found.settings == {"beam": 4, "alpha": 0.0, "longest": 149, "power": 1.0, "early": True}
    assert len(found.notes) == 1


def test_the_language_is_that_of_the_tokenizers_settings(network, tmp_path):
    write(tmp_path, network.state_dict())
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"src_lang": "de_DE", "tgt_lang": "zh_CN"}), encoding="utf-8")
    assert read_official(tmp_path).config.language == len(VOCABULARY.words) - 2


def without(state, name):
    return {key: tensor for key, tensor in state.items() if key != name}


TRUNK, SHARED = "backbone.conv_2d.resnet.layer3.1.conv1.weight", "mbart.model.shared.weight"
REFUSED = {
    "a missing weight": (lambda state: without(state, TRUNK), f"missing: {TRUNK}"),
    "a surplus weight": (lambda state: {**state, "sign_emb.cls_token": torch.zeros(1)}, "not in the network: sign_emb.cls_token"),
    "a weight of another shape": (
        lambda state: {**state, "sign_emb.src_emb.bias": torch.zeros(3)},
        r"sign_emb\.src_emb\.bias \(3,\)",
    ),
    "a layer that is skipped": (
        lambda state: {name.replace("encoder.layers.1.", "encoder.layers.5."): tensor for name, tensor in state.items()},
        "missing: mbart.model.encoder.layers.1.",
    ),
    "embeddings that are not shared": (lambda state: {**state, SHARED: state[SHARED] + 1}, f"unlike {SHARED}"),
    "embeddings that heads cannot share": (
        lambda state: {**state, "mbart.model.encoder.embed_tokens.weight": torch.zeros(len(VOCABULARY.words), 15)},
        "of 15 numbers",
    ),
    "another network": (lambda state: {"fc.weight": torch.zeros(2, 2)}, "not a checkpoint of GFSLT: it lacks"),
    "no network": (lambda state: {}, "no tensors by name"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_weights_that_do_not_fit_are_refused(name, network, tmp_path):
    change, reason = REFUSED[name]
    write(tmp_path, change(dict(network.state_dict())))
    with pytest.raises(InputError, match=reason):
        read_official(tmp_path)


class Run:
    """What a logger leaves in the arguments of a training."""


FOLDERS = {
    "a vocabulary of another size": (lambda folder, state: write(folder, state, pieces=SOME_PIECES[:-1]), "belongs to another"),
    "no vocabulary": (lambda folder, state: write(folder, state, pieces=None), "sentencepiece.bpe.model cannot be read"),
    "two checkpoints": (
        lambda folder, state: (write(folder, state), write(folder, state, name="checkpoint.pth")),
        r"it has best_checkpoint\.pth, checkpoint\.pth",
    ),
    "no checkpoint": (lambda folder, state: None, "it has none"),
    "a checkpoint that calls code": (
        lambda folder, state: write(folder, state, args=argparse.Namespace(run=Run())),
        r"its pickle calls \S*Run",
    ),
    "a damaged checkpoint": (lambda folder, state: (folder / "best.pth").write_bytes(b"no"), "damaged"),
    "settings that are not JSON": (
        lambda folder, state: (write(folder, state), (folder / "tokenizer_config.json").write_text("{")),
        r"tokenizer_config\.json cannot be read",
    ),
    "a language that is no text": (
        lambda folder, state: (write(folder, state), (folder / "tokenizer_config.json").write_text('{"tgt_lang": 3}')),
        "tgt_lang is 3",
    ),
    "an unknown language": (
        lambda folder, state: (write(folder, state), (folder / "tokenizer_config.json").write_text('{"tgt_lang": "de_AT"}')),
        "no language code de_AT",
    ),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_that_is_not_the_published_one_is_refused(name, network, tmp_path):
    make, reason = FOLDERS[name]
    make(tmp_path, network.state_dict())
    with pytest.raises(InputError, match=reason):
        read_official(tmp_path)


def test_a_checkpoint_of_the_pretraining_gives_both_encoders_and_the_decoder(pretrained, tmp_path):
    weights, decoder = pretrained
    wrapped = {f"module.{name}": tensor for name, tensor in decoder.items()}
    found = read_pretrained(write(tmp_path, weights, text_decoder=wrapped), VOCABULARY.opening)
    assert found.config == PRETRAINING
    assert list(found.weights) == list(weights)
    assert list(found.decoder) == list(decoder)
    assert all(torch.equal(found.weights[name], tensor) for name, tensor in weights.items())
    assert all(torch.equal(found.decoder[name], tensor) for name, tensor in decoder.items())


def test_the_first_version_of_the_pretraining_has_no_decoder(pretrained, tmp_path):
    found = read_pretrained(write(tmp_path, pretrained[0]), VOCABULARY.opening)
    assert found.decoder == {}


def test_a_translators_checkpoint_is_not_one_of_the_pretraining(network, tmp_path):
    with pytest.raises(InputError, match="it lacks model_images"):
        read_pretrained(write(tmp_path, network.state_dict()))


def test_every_weight_of_the_pretraining_has_one_use(pretrained):
    for names, known in zip(pretrained, (TRANSLATED, (*DECODED, *HEAD)), strict=True):
        for name in names:
            uses = [old for old, _ in known if name.startswith(old)] + [old for old in UNUSED if name.startswith(old)]
            assert len(uses) == 1, name


@pytest.mark.parametrize("head", [True, False])
def test_a_translator_begins_with_the_pretraining(head, pretrained, network):
    weights, decoder = pretrained
    found = translator_weights(weights, decoder, head=head)
    left = {name for name in network.state_dict() if name not in found}
    output = {"mbart.lm_head.weight", "mbart.final_logits_bias"}
    assert {name for name in left if not name.startswith("sign_emb.")} == (set() if head else output)
    assert found.keys() <= network.state_dict().keys()
    assert found[SHARED] is decoder["text_decoder.embed_tokens.weight"]
    built = CONFIG.build()
    built.load_state_dict(found, strict=False)
    state = built.state_dict()
    assert torch.equal(
        state["backbone.conv_1d.temporal_conv.4.weight"], weights["model_images.model.conv_1d.temporal_conv.4.weight"]
    )
    assert torch.equal(state["mbart.model.encoder.layers.1.fc2.bias"], weights["model_images.trans_encoder.layers.1.fc2.bias"])
    assert torch.equal(state["mbart.model.decoder.layers.0.fc2.bias"], decoder["text_decoder.layers.0.fc2.bias"])
    assert torch.equal(state["mbart.model.encoder.embed_tokens.weight"], decoder["text_decoder.embed_tokens.weight"])


def test_without_a_decoder_the_translator_keeps_its_words(pretrained):
    found = translator_weights(pretrained[0], {})
    assert not any("decoder" in name or "embed_tokens" in name or name == SHARED for name in found)
    assert "mbart.model.encoder.embed_positions.weight" in found


def test_an_unknown_name_in_the_pretraining_is_refused(pretrained):
    with pytest.raises(InputError, match=r"model_images\.sign_emb\.weight"):
        translator_weights({**pretrained[0], "model_images.sign_emb.weight": torch.zeros(1)}, {})


def test_the_paper_has_the_names_that_the_map_expects():
    with torch.device("meta"):
        paper = PretrainingConfig.paper()
        found = translator_weights(paper.build().state_dict(), paper.build_decoder().state_dict(), head=True)
        wanted = GFSLTConfig.paper().build().state_dict()
    assert {name: tensor.shape for name, tensor in found.items()} == {
        name: tensor.shape for name, tensor in wanted.items() if not name.startswith("sign_emb.")
    }
