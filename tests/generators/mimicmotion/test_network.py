"""Sizes of the published networks, the condition through the first convolution, and the passes of denoising."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

pytest.importorskip("diffusers", reason="MimicMotion's networks are those of diffusers; install signbench[models]")

from signbench.errors import InputError
from signbench.extractors.network_loading import without_weights
from signbench.generators.mimicmotion.config import MimicMotionConfig
from signbench.generators.mimicmotion.denoising import Condition, denoised, first_noise
from signbench.generators.mimicmotion.network import MimicMotion, scheduler
from signbench.generators.mimicmotion.picture_embedding import encoder_pictures
from signbench.generators.mimicmotion.pose_net import PoseNet
from tests.generators.mimicmotion.models import TINY, network_of


@pytest.fixture(scope="module")
def network():
    return network_of()


def test_the_paper_s_networks_have_the_published_sizes():
    network = without_weights(lambda: MimicMotion(MimicMotionConfig.paper()))
    sizes = {name: sum(tensor.numel() for tensor in part.parameters()) for name, part in network.named_children()}
    assert sizes["unet"] == 1_524_623_082
    assert sizes["vae"] == 97_742_847
    assert sizes["image_encoder"] == 632_076_800
    names = list(network.unet.state_dict())
    assert len(names) == 1428 and len(network.vae.state_dict()) == 374 and not list(network.unet.buffers())
    assert sum(name.endswith("time_mixer.mix_factor") for name in names) == 38
    tops = {top: sum(name.split(".")[0] == top for name in names) for top in ("up_blocks", "down_blocks", "mid_block", "conv_in")}
    assert tops == {"up_blocks": 795, "down_blocks": 520, "mid_block": 99, "conv_in": 2}
    # the published file has the U-Net and PoseNet in 16 bits
    assert round(2 * (sizes["unet"] + sizes["pose_net"]) / 1e9, 2) == 3.05


@pytest.mark.parametrize(
    ("changed", "expected"), [({}, 2_552_680), ({"widths": (32, 64, 64, 64), "heads": (2, 4, 4, 4), "blocks": 2}, 5_981_270)]
)
def test_a_small_unet_has_the_expected_size(changed, expected):
    config = replace(MimicMotionConfig.small(), **changed)
    assert sum(tensor.numel() for tensor in without_weights(lambda: MimicMotion(config)).unet.parameters()) == expected


@pytest.mark.parametrize("groups", [8, 32])
def test_all_normalisations_have_the_configuration_s_groups(groups):
    network = without_weights(lambda: MimicMotion(replace(TINY, groups=groups)))
    found = {part.num_groups for part in network.modules() if isinstance(part, torch.nn.GroupNorm)}
    assert found == {groups} and MimicMotionConfig.paper().groups == 32


def test_latents_have_the_configuration_s_channels():
    network = network_of(replace(TINY, latent_channels=6))
    draw = torch.Generator().manual_seed(2)
    source = network.source_latents(torch.rand(1, 3, 64, 64, generator=draw) * 2 - 1)
    assert source.shape == (1, 6, 8, 8)
    pose = torch.zeros(3, 3, 64, 64, dtype=torch.uint8)
    assert denoised(network, Condition(source, torch.randn(1, 1, 32, generator=draw), pose), 0).shape == (3, 6, 8, 8)


def test_pose_net_has_the_names_of_the_original_and_begins_at_zero():
    network = PoseNet(320)
    kernels = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items() if name.endswith("weight")}
    assert kernels == {
        "conv_layers.0.weight": (3, 3, 3, 3),
        "conv_layers.2.weight": (16, 3, 4, 4),
        "conv_layers.4.weight": (16, 16, 3, 3),
        "conv_layers.6.weight": (32, 16, 4, 4),
        "conv_layers.8.weight": (32, 32, 3, 3),
        "conv_layers.10.weight": (64, 32, 4, 4),
        "conv_layers.12.weight": (64, 64, 3, 3),
        "conv_layers.14.weight": (128, 64, 3, 3),
        "final_proj.weight": (320, 128, 1, 1),
    }
    assert network.scale.tolist() == [2.0]
    made = network(torch.rand(2, 3, 64, 40))
    assert made.shape == (2, 320, 8, 5) and not made.any()
    spread = network.conv_layers[12].weight.std().item()
    assert spread == pytest.approx((2 / (9 * 64)) ** 0.5, rel=0.05)


def inputs(frames=3):
    draw = torch.Generator().manual_seed(1)
    noisy, source = (torch.randn(1, frames, 4, 8, 8, generator=draw) for _ in range(2))
    embedding, pose = torch.randn(1, 1, 32, generator=draw), torch.randn(frames, 32, 8, 8, generator=draw)
    return noisy, source, torch.tensor(0.3), embedding, torch.tensor([[6.0, 127.0, 0.0]]), pose


def test_the_pose_is_added_to_the_first_convolution_and_none_leaves_the_unet_as_it_is(network):
    *given, pose = inputs()
    plain = network.unet(
        torch.cat(given[:2], dim=2), given[2], encoder_hidden_states=given[3], added_time_ids=given[4], return_dict=False
    )[0]
    assert torch.equal(network.predicted(*given, None), plain)
    assert torch.equal(network.predicted(*given, torch.zeros_like(pose)), plain)
    with_pose = network.predicted(*given, pose)
    assert not torch.allclose(with_pose, plain, atol=1e-3)
    seen = []
    hook = network.unet.conv_in.register_forward_hook(lambda _layer, _given, made: seen.append(made))
    network.predicted(*given, None)
    hook.remove()
    hook = network.unet.conv_in.register_forward_hook(lambda _layer, _given, _made: seen[0] + pose)
    assert torch.equal(network.predicted(*given, None), with_pose)
    hook.remove()
    assert torch.equal(network.predicted(*given, None), plain)


PUBLISHED = {
    "sample_size": 96,
    "in_channels": 8,
    "out_channels": 4,
    "down_block_types": (*("CrossAttnDownBlockSpatioTemporal",) * 3, "DownBlockSpatioTemporal"),
    "up_block_types": ("UpBlockSpatioTemporal", *("CrossAttnUpBlockSpatioTemporal",) * 3),
    "block_out_channels": (320, 640, 1280, 1280),
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 768,
    "layers_per_block": 2,
    "cross_attention_dim": 1024,
    "transformer_layers_per_block": 1,
    "num_attention_heads": (5, 10, 20, 20),
    "num_frames": 25,
}
"""The published ``unet/config.json`` of Stable Video Diffusion XT 1.1."""


def test_the_paper_s_unet_has_the_tensors_of_the_stock_class():
    from diffusers import UNetSpatioTemporalConditionModel

    stock = without_weights(lambda: UNetSpatioTemporalConditionModel(**PUBLISHED)).state_dict()
    own = without_weights(lambda: MimicMotion(MimicMotionConfig.paper())).unet.state_dict()
    assert list(own) == list(stock)
    assert all(own[name].shape == stock[name].shape for name in stock)


@pytest.fixture(scope="module")
def stock():
    """The stock class with TINY's sizes and random weights, and MimicMotion's networks before their training with the same ones."""
    from diffusers import UNetSpatioTemporalConditionModel

    config = replace(TINY, groups=32)
    sizes = {
        "sample_size": 8,
        "block_out_channels": (32, 32, 32, 32),
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 24,
        "layers_per_block": 1,
        "cross_attention_dim": 32,
        "num_attention_heads": (1, 1, 1, 1),
    }
    torch.manual_seed(5)
    unet = UNetSpatioTemporalConditionModel(**{**PUBLISHED, **sizes}).eval().requires_grad_(False)
    network = MimicMotion(config).eval().requires_grad_(False)
    network.unet.load_state_dict(unet.state_dict(), strict=True)
    return unet, network


def test_without_a_pose_the_output_is_that_of_the_stock_class_bit_by_bit(stock):
    unet, network = stock
    noisy, source, level, embedding, ids, _ = inputs()
    wanted = unet(torch.cat([noisy, source], dim=2), level, encoder_hidden_states=embedding, added_time_ids=ids).sample
    assert float(wanted.std()) > 1e-3
    assert torch.equal(network.predicted(noisy, source, level, embedding, ids, None), wanted)


def test_before_training_the_pose_changes_nothing(stock):
    unet, network = stock
    noisy, source, level, embedding, ids, _ = inputs()
    pose = network.pose_net(torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(3)) * 2 - 1)
    wanted = unet(torch.cat([noisy, source], dim=2), level, encoder_hidden_states=embedding, added_time_ids=ids).sample
    assert torch.equal(network.predicted(noisy, source, level, embedding, ids, pose), wanted)


def test_the_order_of_rate_motion_and_noise_matters(network):
    *given, pose = inputs()
    assert network.ids(2, given[0]).tolist() == [[6.0, 127.0, 0.0]] * 2
    swapped = torch.tensor([[6.0, 0.0, 127.0]])
    assert not torch.allclose(network.predicted(*given, pose), network.predicted(*given[:4], swapped, pose))


def test_the_scheduler_has_the_published_steps():
    found = scheduler(25)
    assert found.timesteps[[0, 1, 2, -2, -1]].tolist() == pytest.approx([1.6378, 1.5755, 1.5110, -1.2108, -1.5537], abs=1e-4)
    assert found.sigmas[[0, 1, -3, -2, -1]].tolist() == pytest.approx([700, 545.729, 0.0079, 0.002, 0], abs=1e-3)
    assert float(found.init_noise_sigma) == pytest.approx(700.0007, abs=1e-4)


@pytest.mark.parametrize("shape", [(57, 101), (24, 24), (16, 16), (10, 12)])
def test_pictures_are_reduced_as_in_stable_video_diffusion(shape):
    from diffusers.pipelines.stable_video_diffusion.pipeline_stable_video_diffusion import _resize_with_antialiasing

    pictures = torch.rand(2, 3, *shape, generator=torch.Generator().manual_seed(2)) * 2 - 1
    reduced = (_resize_with_antialiasing(pictures, (16, 16)) + 1) / 2
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073])[:, None, None]
    deviation = torch.tensor([0.26862954, 0.26130258, 0.27577711])[:, None, None]
    assert torch.allclose(encoder_pictures(pictures, 16), (reduced - mean) / deviation, atol=1e-5)


def condition(frames, seed=3):
    draw = torch.Generator().manual_seed(seed)
    pose = torch.randint(0, 256, (frames, 3, 64, 64), dtype=torch.uint8, generator=draw)
    return Condition(torch.randn(1, 4, 8, 8, generator=draw), torch.randn(1, 1, 32, generator=draw), pose)


@pytest.mark.parametrize("frames", [2, 3, 4, 5, 9])
def test_clips_of_any_length_are_denoised(network, frames):
    with torch.no_grad():
        made = denoised(network, condition(frames), 1)
    assert made.shape == (frames, 4, 8, 8) and made.isfinite().all()


def test_the_seed_and_the_pose_change_the_latents_and_nothing_else_does(network):
    given = condition(5)
    with torch.no_grad():
        first, again, other = (denoised(network, given, seed) for seed in (1, 1, 2))
        posed = denoised(network, replace(given, pose=given.pose.flip(0)), 1)
    assert torch.equal(first, again)
    assert not torch.allclose(first, other) and not torch.allclose(first, posed)


def test_a_long_clip_s_features_are_computed_tile_by_tile_and_are_the_same(network, monkeypatch):
    given = condition(9)
    with torch.no_grad():
        kept = denoised(network, given, 1)
        monkeypatch.setattr("signbench.generators.mimicmotion.denoising.MOST_KEPT_BYTES", 0)
        seen = []
        hook = network.pose_net.register_forward_hook(lambda _layer, given, _made: seen.append(len(given[0])))
        computed = denoised(network, given, 1)
        hook.remove()
    # normalisations of few numbers amplify rounding
    assert torch.allclose(kept, computed, rtol=1e-4, atol=1e-3)
    assert set(seen) == {TINY.tile} and len(seen) > TINY.steps


@pytest.mark.parametrize("frames", [3, 4, 5, 9])
@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_a_prediction_that_is_the_same_in_all_tiles_is_not_changed_by_joining_them(frames, guidance, monkeypatch):
    model = network_of(replace(TINY, guidance=guidance, steps=3))
    constant = torch.randn(4, 8, 8, generator=torch.Generator().manual_seed(6))
    monkeypatch.setattr(model, "predicted", lambda noisy, *_: constant.expand_as(noisy))
    with torch.no_grad():
        made = denoised(model, condition(frames), 1)
    sampler = scheduler(3)
    wanted = first_noise(frames, TINY.tile, (4, 8, 8), 1) * sampler.init_noise_sigma
    for step in sampler.timesteps:
        sampler.scale_model_input(wanted, step)
        wanted = sampler.step(constant.expand_as(wanted), step, wanted, return_dict=False)[0]
    assert torch.allclose(made, wanted[0], rtol=1e-5, atol=1e-4)


def test_guidance_1_is_the_pass_with_the_condition_alone(network, monkeypatch):
    calls = []
    model = network_of(replace(TINY, guidance=1.0))
    predicted = model.predicted
    monkeypatch.setattr(model, "predicted", lambda *given: calls.append(given[5] is None) or predicted(*given))
    with torch.no_grad():
        alone = denoised(model, condition(5), 1)
        assert calls == [False] * 4
        almost = denoised(network_of(replace(TINY, guidance=1 + 1e-6)), condition(5), 1)
    assert torch.allclose(alone, almost, rtol=1e-2, atol=1e-2)


def test_the_pass_without_condition_sees_no_picture_and_no_pose(network, monkeypatch):
    seen = []
    model = network_of()
    predicted = model.predicted
    monkeypatch.setattr(model, "predicted", lambda *given: seen.append(given) or predicted(*given))
    with torch.no_grad():
        denoised(model, condition(3), 1)
    assert [call[5] is None for call in seen] == [False, True] * TINY.steps
    assert all(not call[1].any() and not call[3].any() for call in seen[1::2])


def test_the_noise_of_a_tile_is_repeated():
    noise = first_noise(10, 4, (4, 2, 3), 5)
    assert noise.shape == (1, 10, 4, 2, 3)
    assert torch.equal(noise[:, 4:8], noise[:, :4]) and torch.equal(noise[:, 8:], noise[:, :2])
    assert torch.equal(first_noise(3, 4, (4, 2, 3), 5)[:, :1], noise[:, :1])


def test_frames_are_decoded_in_chunks(network):
    latents = torch.randn(10, 4, 8, 8, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        made = network.decoded(latents)
        assert made.shape == (10, 3, 64, 64)
        assert torch.allclose(made[8:], network.decoded(latents[8:]), atol=1e-5)


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(1280, 720, (1024, 576)), (720, 1280, (576, 1024)), (512, 512, (576, 576)), (260, 210, (704, 576)), (577, 576, (576, 576))],
)
def test_pictures_keep_their_shape(height, width, expected):
    assert MimicMotionConfig.paper().picture_size(height, width) == expected


@pytest.mark.parametrize(
    "changed",
    [
        *({"widths": (32, 32)}, {"widths": (32, 32, 32, 40)}, {"heads": (3, 1, 1, 1)}, {"heads": (0, 1, 1, 1)}, {"multiple": 12}),
        *({"overlap": 4}, {"steps": 0}, {"chunk": 0}, {"latent_scale": 0.0}, {"latent_scale": float("nan")}, {"step_rate": -1.0}),
        *({"canvas": 0}, {"encoder_heads": 0}, {"guidance": -1.0}, {"noise": float("inf")}, {"motion": -1}),
    ],
)
def test_an_impossible_configuration_is_refused(changed):
    with pytest.raises(InputError, match="the configuration of MimicMotion"):
        replace(TINY, **changed)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "diffusers", None)
    with pytest.raises(InputError, match=r"install signbench\[models\]"):
        MimicMotion(TINY)


def test_frames_are_thinned_to_the_network_s_rate():
    from signbench.generators.mimicmotion.generator import thinned

    made, nearest = thinned(6, 25.0, 12.5)
    assert made.tolist() == [0, 2, 4] and nearest.tolist() == [0, 0, 1, 1, 2, 2]
    made, nearest = thinned(4, 10.0, 15.0)
    assert made.tolist() == nearest.tolist() == [0, 1, 2, 3]
    for frames in (1, 2, 7, 50):
        made, nearest = thinned(frames, 25.0, 15.0)
        assert made[-1] < frames and np.abs(made[nearest] - np.arange(frames)).max() <= 1


@pytest.mark.parametrize(
    ("fps", "rate", "every"),
    [
        *((25.0, 15.0, 2), (30.0, 15.0, 2), (24.0, 15.0, 2), (60.0, 15.0, 4), (50.0, 15.0, 4), (15.0, 15.0, 1)),
        *((29.97, 15.0, 2), (25.0, 12.5, 2), (12.5, 12.5, 1), (30.0, 10.0, 3)),
    ],
)
def test_frames_that_are_made_are_equally_far_from_each_other(fps, rate, every):
    from signbench.generators.mimicmotion.generator import thinned

    made, nearest = thinned(12, fps, rate)
    assert made.tolist() == list(range(0, 12, every))
    assert np.array_equal(made[nearest], [min(made, key=lambda one: abs(one - frame)) for frame in range(12)])
