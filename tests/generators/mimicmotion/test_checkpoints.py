"""Published files of MimicMotion and Stable Video Diffusion, as files of the same form with other widths."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

pytest.importorskip("diffusers", reason="MimicMotion's networks are those of diffusers; install signbench[models]")

from signbench.errors import InputError
from signbench.generators.mimicmotion.checkpoints import ENCODER, VAE, read_official
from signbench.generators.mimicmotion.config import MimicMotionConfig
from signbench.generators.mimicmotion.generator import MimicMotionGenerator
from signbench.weights.registry import find
from tests.generators.mimicmotion.models import TINY, weights_of
from tests.judges.dwpose import stand_in

SIZES = ("widths", "heads", "blocks", "time_width", "embedding", "latent_widths", "latent_blocks")
ENCODERS = ("encoder_size", "encoder_patch", "encoder_width", "encoder_inner", "encoder_layers", "encoder_heads")
EXPECTED = replace(MimicMotionConfig.paper(), **{name: getattr(TINY, name) for name in (*SIZES, *ENCODERS)})


@pytest.fixture(scope="module")
def halves():
    return {name: tensor.half() for name, tensor in weights_of().items()}


def part(tensors, prefix):
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


@pytest.fixture
def folder(tmp_path, monkeypatch, halves):
    """Stable Video Diffusion's files, in the folder of weights."""
    monkeypatch.setenv("SIGNBENCH_WEIGHTS", str(tmp_path))
    monkeypatch.setattr("signbench.generators.mimicmotion.checkpoints.signed_digest", lambda name: "")
    save_file(part(halves, "vae."), tmp_path / find(VAE).file)
    positions = {"vision_model.embeddings.position_ids": torch.arange(5)[None]}
    save_file({**part(halves, "image_encoder."), **positions}, tmp_path / find(ENCODER).file)
    return tmp_path


def authors(halves):
    """What the authors' file holds."""
    return OrderedDict((name, tensor) for name, tensor in halves.items() if name.startswith(("unet.", "pose_net.")))


def written(folder, content, name="MimicMotion_1-1.pth"):
    torch.save(content, folder / name)
    return folder / name


def test_the_authors_file_loads_key_by_key(folder, halves):
    found = read_official(written(folder, authors(halves)))
    assert found.config == EXPECTED
    assert found.weights.keys() == halves.keys()
    assert all(torch.equal(tensor, halves[name].float()) for name, tensor in found.weights.items())
    assert [path.name for path in found.files] == ["MimicMotion_1-1.pth", find(VAE).file, find(ENCODER).file]


def test_the_merged_file_without_a_prefix_loads_with_that_of_pose_net(folder, halves):
    save_file(part(halves, "unet."), folder / "merged.safetensors")
    save_file(part(halves, "pose_net."), folder / "pose.safetensors")
    found = read_official(folder / "merged.safetensors", folder / "pose.safetensors")
    assert found.config == EXPECTED and found.weights.keys() == halves.keys()
    with pytest.raises(InputError, match="name the file of PoseNet"):
        read_official(folder / "merged.safetensors")
    with pytest.raises(InputError, match="has a PoseNet itself"):
        read_official(written(folder, authors(halves)), folder / "pose.safetensors")


def test_the_published_shapes_give_the_published_configuration():
    from signbench.extractors.network_loading import without_weights
    from signbench.generators.mimicmotion import checkpoints
    from signbench.generators.mimicmotion.network import MimicMotion

    weights = without_weights(lambda: MimicMotion(MimicMotionConfig.paper())).state_dict()
    assert checkpoints._config(weights, "MimicMotion_1-1.pth") == MimicMotionConfig.paper()


def changed(**parts):
    def change(content):
        return {name: tensor for name, tensor in {**content, **parts}.items() if tensor is not None}

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (changed(**{"unet.conv_out.bias": None}), "missing: unet.conv_out.bias"),
        (changed(**{"pose_net.scale": None}), "missing: pose_net.scale"),
        (changed(**{"unet.other": torch.zeros(1)}), "not in the network: unet.other"),
        (changed(**{"unet.conv_out.bias": torch.zeros(3)}), "of another shape: unet.conv_out.bias"),
        (changed(ema=torch.zeros(1)), "it has ema"),
        (changed(**{"unet.add_embedding.linear_1.weight": None}), "unet.add_embedding.linear_1.weight is missing"),
    ],
)
def test_a_missing_and_a_surplus_tensor_are_named(folder, halves, change, words):
    with pytest.raises(InputError, match=re.escape(words)):
        read_official(written(folder, change(authors(halves))))


def test_a_surplus_tensor_of_stable_video_diffusion_is_named(folder, halves):
    save_file({**part(halves, "vae."), "more": torch.zeros(1)}, folder / find(VAE).file)
    with pytest.raises(InputError, match=r"weights of Stable Video Diffusion: not in the network: vae\.more"):
        read_official(written(folder, authors(halves)))


def test_a_missing_file_of_stable_video_diffusion_is_named_with_the_command_that_fetches_it(tmp_path, monkeypatch, halves):
    monkeypatch.setenv("SIGNBENCH_WEIGHTS", str(tmp_path))
    with pytest.raises(InputError, match=f"signbench weights fetch {VAE}"):
        read_official(written(tmp_path, authors(halves)))


def test_a_file_that_is_not_safetensors_is_refused(folder):
    (folder / "merged.safetensors").write_bytes(b"nothing")
    with pytest.raises(InputError, match="is not a safetensors file"):
        read_official(folder / "merged.safetensors", folder / "merged.safetensors")


def test_a_published_file_is_a_generators_checkpoint(folder, halves, monkeypatch):
    stand_in.put(monkeypatch, folder, found=stand_in.detector((64, 64)), estimated=stand_in.estimator((64, 48)))
    path = written(folder, authors(halves))
    generator = MimicMotionGenerator(path, size="64", steps="2", guidance="1.5")
    assert generator.card.name == "mimicmotion:checkpoint=MimicMotion_1-1.pth,size=64,steps=2,guidance=1.5"
    assert "research" in generator.card.licence
    assert generator._estimator.name == "dwpose"
    assert generator._network.config == replace(EXPECTED, size=64, steps=2, guidance=1.5)
    other = MimicMotionGenerator(written(folder, changed(**{"unet.conv_out.bias": torch.ones(4).half()})(authors(halves)), "b.pth"))
    assert other.card.checkpoint != generator.card.checkpoint
    assert MimicMotionGenerator(path, estimator="pose-estimator")._estimator.name == "pose-estimator"
    with pytest.raises(InputError, match="the configuration of MimicMotion: steps"):
        MimicMotionGenerator(path, steps="0")
    find_file(folder, "yolox-l").unlink()
    with pytest.raises(InputError, match="signbench weights fetch yolox-l"):
        MimicMotionGenerator(path)


def find_file(folder, name):
    return folder / find(name).file
