"""Published files of RealisDance, Stable Diffusion's autoencoder and DINOv2, as files of the same form with other widths."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from signbench.corpora.synthsign import SynthSign
from signbench.errors import InputError
from signbench.extractors.network_loading import without_weights
from signbench.generators.realisdance import checkpoints
from signbench.generators.realisdance.checkpoints import ENCODER, VAE, Checkpoint, own_name, read_official
from signbench.generators.realisdance.config import RealisDanceConfig
from signbench.generators.realisdance.network import RealisDance, _with_own_names, _with_published_names
from signbench.generators.realisdance.training import RealisDanceTraining, Settings
from signbench.training.base import settings_of
from signbench.training.recipe import read_recipe
from signbench.weights.registry import find
from tests.generators.realisdance.models import TINY, network_of, picture, weights_of, written_model

PUBLISHED = replace(
    RealisDanceConfig.paper(),
    widths=(32, 32, 32, 32),
    blocks=1,
    longest=16,
    guider_widths=(2, 4, 4, 8),
    text_width=16,
    latent_widths=(32, 32, 32, 32),
    latent_blocks=1,
    encoder_size=28,
    encoder_width=64,
    encoder_layers=1,
    encoder_heads=1,
)
BLOCK = "temporal_transformer.transformer_blocks.0."


def published_names(name):
    """AnimateDiff's names of a tensor: two for positions, one for all others."""
    found = re.fullmatch(r"(.*motion_modules\.\d+\.)(.*)", name)
    if found is None:
        return [name]
    module, rest = found.groups()
    block = "transformer_blocks.0."
    if rest == block + "pos_embed.pe":
        return [f"{module}{BLOCK}attention_blocks.{number}.pos_encoder.pe" for number in (0, 1)]
    for own, theirs in (
        ("attn1.", "attention_blocks.0."),
        ("attn2.", "attention_blocks.1."),
        ("norm1.", "norms.0."),
        ("norm2.", "norms.1."),
        ("norm3.", "ff_norm."),
    ):
        rest = rest.replace(block + own, block + theirs)
    return [f"{module}temporal_transformer.{rest}"]


def old_autoencoder_name(name):
    for own, old in (("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")):
        name = name.replace(f"attentions.0.{own}.", f"attentions.0.{old}.")
    return name


@pytest.fixture(scope="module")
def weights():
    return weights_of(PUBLISHED)


def content(weights):
    parts = ("unet_ref.", "unet_main.", "pose_guider.", "clip_projector.")
    tensors = {theirs: tensor for name, tensor in weights.items() if name.startswith(parts) for theirs in published_names(name)}
    return {"epoch": 3, "global_step": 100_000, "state_dict": {f"module.{name}": tensor.half() for name, tensor in tensors.items()}}


@pytest.fixture
def folder(tmp_path, monkeypatch, weights):
    """The autoencoder's and the picture encoder's files, in the folder of weights."""
    monkeypatch.setenv("SIGNBENCH_WEIGHTS", str(tmp_path))
    monkeypatch.setattr("signbench.generators.realisdance.checkpoints.signed_digest", lambda name: "")
    for name, prefix, renamed in ((VAE, "vae.", old_autoencoder_name), (ENCODER, "image_encoder.", str)):
        own = {renamed(key.removeprefix(prefix)): tensor for key, tensor in weights.items() if key.startswith(prefix)}
        save_file(own, tmp_path / find(name).file)
    return tmp_path


def written(folder, given):
    torch.save(given, folder / "checkpoint-final.ckpt")
    return folder / "checkpoint-final.ckpt"


def test_a_published_checkpoint_loads_key_by_key(folder, weights):
    config, found = read_official(written(folder, content(weights)))
    assert config == PUBLISHED
    kept = {name: tensor for name, tensor in weights.items() if not name.endswith(".pe")}
    assert found.keys() == kept.keys()
    for name, tensor in kept.items():
        expected = tensor if name.startswith(("vae.", "image_encoder.")) else tensor.half().float()
        assert torch.equal(found[name], expected), name


def test_the_published_names_of_the_paper_network_become_its_own_one_to_one():
    own = {
        name for name in without_weights(lambda: RealisDance(RealisDanceConfig.paper())).state_dict() if not name.endswith(".pe")
    }
    theirs = [theirs for name in own for theirs in published_names(name)]
    assert {own_name(name) for name in theirs} == own
    assert len(theirs) == len(own)
    # AnimateDiff's names
    module = "unet_main.up_blocks.3.motion_modules.2.temporal_transformer."
    assert {
        f"{module}norm.weight",
        f"{module}proj_in.bias",
        f"{module}transformer_blocks.0.attention_blocks.1.to_out.0.bias",
        f"{module}transformer_blocks.0.norms.1.weight",
        f"{module}transformer_blocks.0.ff.net.0.proj.weight",
        f"{module}transformer_blocks.0.ff_norm.bias",
        f"{module}proj_out.weight",
        "pose_guider.backbone.blocks.5.weight",
        "pose_guider.gate_module.gate_layer.2.bias",
        "pose_guider.blocks_0.0.weight",
        "pose_guider.blocks_4.2.bias",
        "pose_guider.block_3_out_proj.weight",
        "pose_guider.motion_modules.4.temporal_transformer.proj_out.weight",
        "clip_projector.ff.net.0.proj.weight",
        "clip_projector.post_proj.bias",
    } <= set(theirs)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda tensors: tensors.pop("module.unet_main.conv_out.bias"), "missing: unet_main.conv_out.bias"),
        (lambda tensors: tensors.update({"module.unet_ref.more": torch.zeros(1)}), "not in the network: unet_ref.more"),
        (
            lambda tensors: tensors.update({"module.optimizer.more": torch.zeros(1)}),
            "is not a checkpoint of RealisDance: it has optimizer",
        ),
        (lambda tensors: tensors.update({"module.pose_guider.block_0_out_proj.bias": torch.zeros(3)}), "of another shape"),
        (
            lambda tensors: tensors.update({name: tensor + 1 for name, tensor in tensors.items() if name.endswith(".pe")}),
            "does not hold the positions",
        ),
        (
            lambda tensors: [tensors.pop(name) for name in list(tensors) if "motion_modules" in name],
            "second stage: unet_main.down_blocks.0.motion_modules",
        ),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_the_tensors_name(folder, weights, change, words):
    given = content(weights)
    change(given["state_dict"])
    with pytest.raises(InputError, match=re.escape(words)):
        read_official(written(folder, given))


def test_a_missing_autoencoder_is_named_with_the_command_that_fetches_it(tmp_path, monkeypatch, weights):
    monkeypatch.setenv("SIGNBENCH_WEIGHTS", str(tmp_path))
    with pytest.raises(InputError, match=f"signbench weights fetch {VAE}"):
        read_official(written(tmp_path, content(weights)))


def test_the_published_shapes_give_the_published_configuration():
    own = without_weights(lambda: RealisDance(RealisDanceConfig.paper())).state_dict()
    theirs = {theirs: tensor for name, tensor in own.items() for theirs in published_names(name)}
    assert checkpoints._config({**own, **theirs}, "checkpoint-final.ckpt") == RealisDanceConfig.paper()


def test_a_model_is_read_back_as_it_was_written(tmp_path):
    model = Checkpoint.found(written_model(tmp_path / "tiny").folder)
    network, expected = model.loaded("cpu", steps=7), network_of()
    assert (network.config, model.config) == (replace(TINY, steps=7), TINY)
    for name, tensor in expected.state_dict().items():
        found = network.state_dict()[name]
        assert torch.equal(found, tensor if name.endswith(".pe") else tensor.half().float()), name
    assert model.persons == ("Ada", "Gus")
    assert np.array_equal(model.person("Gus"), picture(1))


def test_a_person_that_the_model_does_not_know_is_refused(tmp_path):
    model = Checkpoint.found(written_model(tmp_path / "tiny").folder)
    with pytest.raises(InputError, match=r"no picture of gus.*Did you mean Gus"):
        model.person("gus")


def test_a_training_begins_with_published_weights(folder, weights):
    sizes = {name: value for name, value in asdict(PUBLISHED).items() if value != getattr(RealisDanceConfig.paper(), name)}
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in sizes.items()}
    recipe = read_recipe(Path(__file__).parents[3] / "reference_models/realisdance/paper.yaml")
    path = written(folder, content(weights))
    data = {**recipe.data, "published": str(path)}
    training = RealisDanceTraining(recipe.model_copy(update={"network": given, "data": data}), SynthSign())
    training.settings = settings_of(Settings, data, "data")
    state = training.build().state_dict()
    _, published = read_official(path)
    assert all(torch.equal(state[name], tensor) for name, tensor in published.items())
    other = RealisDanceTraining(recipe.model_copy(update={"network": {**given, "text_width": 32}, "data": data}), SynthSign())
    other.settings = training.settings
    with pytest.raises(InputError, match="does not fit the configuration"):
        other.build()


@pytest.mark.parametrize("own", ["q_proj", "attention.query"], ids=["newer names", "published names"])
def test_dinov2_has_its_published_names_in_files_whatever_transformers_calls_its_parts(own, weights):
    assert any("layer.0.attention.attention.query.weight" in name for name in weights)
    assert not any("layer.0.attention.q_proj" in name for name in weights)
    parts = {"attention": nn.Module()}
    encoder = nn.ModuleDict({"layer": nn.ModuleDict(parts)})
    inner = parts["attention"]
    for part in own.split(".")[:-1]:
        inner.add_module(part, nn.Module())
        inner = inner.get_submodule(part)
    inner.add_module(own.split(".")[-1], nn.Linear(2, 2))
    whole = nn.ModuleDict({"image_encoder": encoder})
    encoder.register_state_dict_post_hook(_with_published_names)
    encoder.register_load_state_dict_pre_hook(_with_own_names)
    assert list(whole.state_dict()) == [f"image_encoder.layer.attention.attention.query.{name}" for name in ("weight", "bias")]
    given = {name: torch.full_like(tensor, 3.0) for name, tensor in whole.state_dict().items()}
    whole.load_state_dict(given)
    assert all(bool((parameter == 3).all()) for parameter in whole.parameters())
