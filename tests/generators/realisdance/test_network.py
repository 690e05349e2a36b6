"""RealisDance's networks: sizes of the published ones, and what reaches the main U-Net."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from signbench.errors import InputError
from signbench.extractors.network_loading import without_weights
from signbench.generators.realisdance.config import RealisDanceConfig
from signbench.generators.realisdance.frame_norms import AcrossFrames, EachFrame
from signbench.generators.realisdance.network import RealisDance, scheduler
from tests.generators.realisdance.models import TINY, network_of

FRAMES = 3


@pytest.fixture(scope="module")
def paper():
    return without_weights(lambda: RealisDance(RealisDanceConfig.paper()))


@pytest.fixture(scope="module")
def network():
    return network_of()


def parameters(module, *, motion=None):
    return sum(
        value.numel() for name, value in module.named_parameters() if motion is None or (("motion_modules." in name) == motion)
    )


@pytest.mark.parametrize(
    ("part", "motion", "count"),
    [
        ("unet_ref", None, 859_520_964),
        ("unet_main", False, 859_520_964),
        ("unet_main", True, 417_137_600),
        ("pose_guider", False, 65_080_883),
        ("pose_guider", None, 150_767_923),
        ("clip_projector", None, 7_151_360),
        ("vae", None, 83_653_863),
        ("image_encoder", None, 304_368_640),
    ],
)
def test_the_published_networks_have_their_numbers_of_parameters(paper, part, motion, count):
    assert parameters(getattr(paper, part), motion=motion) == count


def test_the_main_unet_without_motion_modules_has_the_reference_unets_names(paper):
    main = {name for name in paper.unet_main.state_dict() if "motion_modules" not in name}
    assert main == set(paper.unet_ref.state_dict())
    assert not any("mid_block" in name for name in paper.unet_main.state_dict() if "motion_modules" in name)


def test_sixteen_attentions_are_paired_widest_first(paper):
    main, reference = paper._reading, paper._writing
    assert len(main) == len(reference) == 16
    widths = {
        processor: block.norm1.normalized_shape[0] for block in blocks_of(paper.unet_main) for processor in [block.attn1.processor]
    }
    assert [widths[processor] for processor in main] == [1280] * 6 + [640] * 5 + [320] * 5


def blocks_of(unet):
    from diffusers.models.attention import BasicTransformerBlock

    return [part for name, part in unet.named_modules() if isinstance(part, BasicTransformerBlock) and "motion_modules" not in name]


def test_the_small_network_fits_into_eight_megabytes():
    network = without_weights(lambda: RealisDance(RealisDanceConfig.small()))
    kept = {name: tensor for name, tensor in network.state_dict().items() if not name.endswith(".pe")}
    # 16 bits a number, and about 80 bytes of a tensor's description
    assert sum(2 * tensor.numel() + len(name) + 80 for name, tensor in kept.items()) < 8_000_000


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"widths": (8, 8, 8)}, "four numbers"),
        ({"groups": 3}, "multiples of groups"),
        ({"motion_heads": 3}, "motion_heads"),
        ({"size": 60}, "multiples of 8"),
        ({"overlap": 4}, "overlap < window"),
        ({"window": 9}, "window <= longest"),
        ({"steps": 1}, "steps is at least 2"),
    ],
)
def test_an_impossible_configuration_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        replace(TINY, **changes)


def given(network, seed=1, clips=1, frames=FRAMES):
    random = torch.Generator().manual_seed(seed)
    source = torch.rand((clips, 3, 64, 64), generator=random) * 2 - 1
    return {
        "source": source,
        "noisy": torch.randn((clips, frames, 4, 8, 8), generator=random),
        "conditions": torch.rand((clips * frames, 9, 64, 64), generator=random),
    }


def predicted(network, noisy, conditions, source, *, shown=None, drop=False, zero_latents=False, frames=FRAMES):
    tokens = network.tokens(source)
    latents = network.latents(source, sampled=False)
    if drop:
        reference = network.nothing(tokens)
    else:
        reference = network.reference(torch.zeros_like(latents) if zero_latents else latents, tokens, shown)
    levels = network.pose_guider.levels(network.pose_guider.gated(conditions), frames)
    return network.predicted(noisy, torch.tensor([500]), reference, levels)


def test_without_pose_features_the_main_unet_is_diffusers_own(network):
    inputs = given(network)
    reference = network.nothing(network.tokens(inputs["source"]))
    made = network.predicted(inputs["noisy"], torch.tensor([500]), reference, None)
    tokens = reference.tokens.repeat_interleave(FRAMES, dim=0)
    plain = network.unet_main(inputs["noisy"].transpose(1, 2), torch.tensor([500]), encoder_hidden_states=tokens).sample
    assert torch.equal(made, plain.transpose(1, 2))


def test_the_skip_of_each_down_block_carries_the_pose(network):
    inputs = given(network)
    seen = {}

    def keep(number):
        def hook(_block, _arguments, options, _made):
            seen[number] = options["res_hidden_states_tuple"]

        return hook

    hooks = [
        block.register_forward_hook(keep(number), with_kwargs=True) for number, block in enumerate(network.unet_main.up_blocks)
    ]

    def skips(levels):
        seen.clear()
        reference = network.nothing(network.tokens(inputs["source"]))
        network.predicted(inputs["noisy"], torch.tensor([500]), reference, levels)
        return [skip for number in range(4) for skip in reversed(seen[number])][::-1]

    shapes = [(8, 8), (8, 4), (8, 2), (8, 1), (8, 1)]
    zeros = [torch.zeros(FRAMES, width, side, side) for width, side in shapes]
    plain = skips(zeros)
    # one residual block a stage: skips are conv_in; block 0, its reduction; block 1 ...; the last block has no reduction
    last = [0, 2, 4, 6, 7]
    for level, index in enumerate(last):
        added = [feature + (1.0 if number == level else 0.0) for number, feature in enumerate(zeros)]
        moved = skips(added)
        assert torch.allclose(moved[index], plain[index] + 1, atol=1e-5)
        assert all(torch.equal(moved[before], plain[before]) for before in range(index))
    for hook in hooks:
        hook.remove()


def test_the_reference_changes_the_video_and_dropping_it_is_not_a_black_one(network):
    inputs = given(network)
    shown = predicted(network, **inputs)
    dropped = predicted(network, **inputs, drop=True)
    zero = predicted(network, **inputs, zero_latents=True)
    other = predicted(network, **{**inputs, "source": inputs["source"].flip(3)})
    assert not torch.allclose(shown, dropped)
    assert not torch.allclose(dropped, zero)
    assert not torch.allclose(shown, other)


def test_the_pass_without_reference_has_tokens_that_are_not_zero(network):
    tokens = network.tokens(given(network)["source"])
    assert network.nothing(tokens).tokens.abs().max() > 0


def test_a_clip_that_does_not_see_the_reference_is_as_if_it_were_dropped(network):
    inputs = given(network, clips=2)
    tokens = network.tokens(inputs["source"])
    seen = torch.tensor([True, False])
    reference = network.reference(network.latents(inputs["source"], sampled=False), tokens * seen[:, None, None], seen)
    levels = network.pose_guider.levels(network.pose_guider.gated(inputs["conditions"]), FRAMES)
    both = network.predicted(inputs["noisy"], torch.tensor([500, 500]), reference, levels)
    for clip, drop in ((0, False), (1, True)):
        frames = slice(clip * FRAMES, (clip + 1) * FRAMES)
        alone = predicted(network, inputs["noisy"][[clip]], inputs["conditions"][frames], inputs["source"][[clip]], drop=drop)
        assert torch.allclose(both[[clip]], alone, atol=1e-4)


def test_clips_of_a_batch_do_not_see_each_other(network):
    inputs = given(network, clips=2)
    both = predicted(network, **inputs)
    alone = predicted(network, inputs["noisy"][[1]], inputs["conditions"][FRAMES:], inputs["source"][[1]])
    assert torch.allclose(both[[1]], alone, atol=1e-4)


def test_frames_of_a_window_see_each_other_through_motion_modules_and_normalisation(network):
    inputs = given(network)
    moved = {**inputs, "noisy": torch.cat([inputs["noisy"][:, :1], inputs["noisy"][:, 1:] + 1], dim=1)}
    assert not torch.allclose(predicted(network, **inputs)[:, 0], predicted(network, **moved)[:, 0])


def test_motion_modules_begin_as_the_identity():
    torch.manual_seed(0)
    network = RealisDance(TINY).eval()
    features = torch.randn(FRAMES, 8, 8, 8)
    for module in (network.unet_main.down_blocks[0].motion_modules[0], network.pose_guider.motion_modules[0]):
        assert torch.equal(module(features, num_frames=FRAMES), features)


def test_the_pose_guider_begins_with_nothing_at_all_levels():
    torch.manual_seed(0)
    guider = RealisDance(TINY).pose_guider
    levels = guider.levels(guider.gated(torch.rand(2, 9, 64, 64)), 2)
    assert [tuple(level.shape) for level in levels] == [(2, 8, 8, 8), (2, 8, 4, 4), (2, 8, 2, 2), (2, 8, 1, 1), (2, 8, 1, 1)]
    assert all(not level.any() for level in levels)


def test_the_backbone_keeps_the_conditions_apart(network):
    conditions = torch.rand(1, 9, 64, 64)
    other = conditions.clone()
    other[:, 3:6] = 0
    first, second = network.pose_guider.backbone(conditions), network.pose_guider.backbone(other)
    width = TINY.guider_widths[-1]
    assert torch.equal(first[:, :width], second[:, :width])
    assert torch.equal(first[:, 2 * width :], second[:, 2 * width :])
    assert not torch.equal(first[:, width : 2 * width], second[:, width : 2 * width])


def test_residual_blocks_normalise_all_frames_together_and_motion_modules_each_alone():
    torch.manual_seed(0)
    features = torch.randn(2 * FRAMES, 8, 4, 4) * torch.arange(1, 2 * FRAMES + 1)[:, None, None, None]
    across = AcrossFrames(4, 8)
    across.frames = FRAMES
    joint = across(features).unflatten(0, (2, FRAMES))
    groups = joint.unflatten(2, (4, 2))
    assert torch.allclose(groups.mean(dim=(1, 3, 4, 5)), torch.zeros(2, 4), atol=1e-5)
    assert not torch.allclose(groups.mean(dim=(3, 4, 5)).std(), torch.zeros(()), atol=1e-3)
    alone = EachFrame(4, 8)(features.unflatten(0, (2, FRAMES)).transpose(1, 2)).transpose(1, 2).flatten(0, 1)
    assert torch.allclose(alone, torch.nn.functional.group_norm(features, 4), atol=1e-6)


def test_the_networks_have_these_normalisations_where_the_original_has_them(network):
    kinds = {name: type(part) for name, part in network.unet_main.named_modules() if isinstance(part, torch.nn.GroupNorm)}
    for name, kind in kinds.items():
        if ".resnets." in name or name == "conv_norm_out":
            assert kind is AcrossFrames, name
        elif "motion_modules." in name:
            assert kind is EachFrame, name
        else:
            assert kind is torch.nn.GroupNorm, name


def test_the_reference_unet_is_always_run_at_step_0(network):
    inputs = given(network)
    steps = []
    hook = network.unet_ref.register_forward_pre_hook(lambda _unet, args: steps.append(args[1].tolist()))
    predicted(network, **inputs)
    hook.remove()
    assert steps == [[0]]


def test_the_last_step_of_the_noise_has_no_signal_and_is_the_first_of_denoising():
    made = scheduler(50)
    assert made.alphas_cumprod[-1] == 0
    assert made.timesteps[0] == 999
    assert made.timesteps[-1] == 0
    assert made.config.prediction_type == "v_prediction"


@pytest.mark.parametrize(("height", "width", "size"), [(1024, 768, (768, 576)), (260, 210, (704, 576)), (128, 128, (576, 576))])
def test_pictures_keep_their_shape(height, width, size):
    assert RealisDanceConfig.paper().picture_size(height, width) == size
