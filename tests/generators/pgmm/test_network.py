"""The networks of PGMM and TPSMM: their sizes, their names, the reference implementation's numbers, and what affects what."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch

from signbench.errors import InputError
from signbench.extractors.network_loading import random_weights
from signbench.generators.pgmm.config import POINTS, PGMMConfig
from signbench.generators.pgmm.dense_motion import dropout_softmax
from signbench.generators.pgmm.layers import Reduction, enlarged_flow, grid, resized_flow, warped
from signbench.generators.pgmm.losses import background_cycle, warp_distance
from signbench.generators.pgmm.network import MotionModel
from signbench.generators.pgmm.pose_fusion import PoseFusion, attended
from signbench.generators.pgmm.transformations import between
from signbench.networks.resnet import ResNet18
from tests.generators.pgmm.models import TINY, WITHOUT_POSE, built, heat_maps, pictures

PAPER = PGMMConfig.paper()
TPSMM = PAPER.as_tpsmm()

COUNTS = {
    "PGMM": (PAPER, 96_004_768),
    "PGMM with pose features halved from the picture's size": (replace(PAPER, pose_scales="down-from-picture"), 105_106_336),
    "PGMM with pose features doubled from half of the deepest size": (replace(PAPER, pose_scales="up-from-below"), 105_189_280),
    "TPSMM with 20 transformations": (TPSMM, 85_570_040),
    "TPSMM with masks of 3 x 3": (replace(TPSMM, mask_kernel=3), 85_543_840),
}
PARTS = {
    "kp_detector": (TPSMM, 11_279_112),
    "bg_predictor": (TPSMM, 11_188_998),
    "dense_motion_network": (TPSMM, 38_364_647),
    "inpainting_network": (TPSMM, 24_737_283),
    "pose_net": (PAPER, 1_495_488),
}


def on_meta(config):
    with torch.device("meta"):
        return MotionModel(config)


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("name", COUNTS)
def test_the_papers_network_has_as_many_parameters_as_stated(name):
    config, count = COUNTS[name]
    assert parameters(on_meta(config)) == count


@pytest.mark.parametrize("part", PARTS)
def test_each_part_has_as_many_parameters_as_the_reference(part):
    config, count = PARTS[part]
    assert parameters(on_meta(config).get_submodule(part)) == count


@pytest.mark.parametrize(("channels", "count"), [(64, 111_168), (128, 443_520), (256, 1_771_776), (512, 7_082_496)])
def test_a_pose_fusion_module_has_three_convolutions(channels, count):
    assert parameters(PoseFusion(channels)) == count


UNIT = r"(?:conv|norm)\.(?:weight|bias)"
BATCH = r"(?:weight|bias|running_mean|running_var|num_batches_tracked)"
RESNET = (
    rf"(?:conv1\.weight|bn1\.{BATCH}|fc\.(?:weight|bias)"
    rf"|layer[1234]\.[01]\.(?:conv[12]\.weight|bn[12]\.{BATCH}|downsample\.(?:0\.weight|1\.{BATCH})))"
)
KEYS = (
    rf"kp_detector\.fg_encoder\.{RESNET}",
    rf"bg_predictor\.bg_encoder\.{RESNET}",
    rf"dense_motion_network\.hourglass\.encoder\.down_blocks\.[0-4]\.{UNIT}",
    rf"dense_motion_network\.hourglass\.decoder\.up_blocks\.[0-4]\.{UNIT}",
    rf"dense_motion_network\.(?:down\.weight|maps\.(?:weight|bias)|up\.[01]\.{UNIT}|occlusion\.[0-3]\.(?:weight|bias))",
    rf"inpainting_network\.(?:first|down_blocks\.[012]|up_blocks\.[012])\.{UNIT}",
    r"inpainting_network\.(?:resblock\.[0-5]\.(?:conv|norm)[12]\.(?:weight|bias)|final\.(?:weight|bias))",
    rf"inpainting_network\.pose_fusion\.[123]\.(?:query|key|value)\.{UNIT}",
    rf"pose_net\.blocks\.[012]\.{UNIT}",
)


@pytest.mark.parametrize(("config", "count"), [(TPSMM, 381), (PAPER, 429)])
def test_weights_have_tpsmms_names_and_those_of_the_pose_modules(config, count):
    names = list(on_meta(config).state_dict())
    assert [name for name in names if not any(re.fullmatch(pattern, name) for pattern in KEYS)] == []
    assert len(names) == count


def test_36_of_133_points_are_seen():
    assert (len(POINTS), len(set(POINTS))) == (36, 36)
    assert sum(91 <= point <= 111 for point in POINTS) == sum(point >= 112 for point in POINTS) == 11


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"size": 36}, "cannot be halved"),
        ({"size": 64, "motion_blocks": 5}, "cannot be halved"),
        ({"motion_scale": 0.125}, "a half or a quarter"),
        ({"halvings": 1, "fusion": "none"}, "too few"),
        ({"pose_points": ()}, "needs pose_points"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(changed, words):
    with pytest.raises(InputError, match=re.escape(words)):
        MotionModel(replace(TINY, **changed))


# Numbers of the reference implementation (yoyo-nb/Thin-Plate-Spline-Motion-Model, c616878) in float64, with the same weights.

SMALLER = replace(TPSMM, transformations=2, width=8, most_width=32, motion_width=8, most_motion_width=32, identity_width=(128, 128))


def waves(phase):
    down, across = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    return torch.stack([0.5 + 0.5 * torch.sin(f * across / 40 + g * down / 30 + phase) for f, g in ((1, 2), (3, -1), (-2, 2))])[
        None
    ].double()


@pytest.fixture(scope="module")
def reference():
    """The network with the weights that the reference was given, and what it makes of two pictures."""
    torch.manual_seed(0)
    network = MotionModel(SMALLER)
    weights = random_weights(network)
    weights["kp_detector.fg_encoder.fc.weight"] *= 0.1
    weights["bg_predictor.bg_encoder.fc.weight"] *= 0.001
    weights["bg_predictor.bg_encoder.fc.bias"] = torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
    network.load_state_dict(weights)
    network = network.double().eval()
    network.inpainting_network.training = True
    with torch.no_grad():
        return network, network(waves(0.0), waves(0.7))


FOUND = {
    "source points": (
        lambda _, made: made.source_points[0, :3],
        [0.448504, -0.680737, -0.263237, -0.833102, 0.328193, -0.935212],
    ),
    "background": (
        lambda _, made: made.background[0, :2],
        [0.958941, -0.03424, 0.064996, 0.002249, 1.022325, -0.015549],
    ),
    "flow": (
        lambda _, made: made.motion.flow[0, [3, 16, 28], [20, 9, 28]],
        [0.350582, -0.833608, -0.34299, 0.018467, 0.813839, 0.815861],
    ),
    "masks": (
        lambda _, made: torch.stack([mask[0, 0, mask.shape[2] // 3, mask.shape[3] // 2] for mask in made.motion.masks]),
        [0.281267, 0.482932, 0.599679, 0.519295],
    ),
    "picture": (
        lambda _, made: made.picture[0, :, [5, 64, 100], [90, 64, 20]].T,
        [0.595963, 0.798247, 0.868782, 0.445101, 0.551936, 0.784536, 0.499046, 0.365432, 0.764255],
    ),
    "mean of the picture": (lambda _, made: made.picture.mean(), [0.561479]),
    "key points with the source's build": (
        lambda network, made: network.avd_network(made.source_points, made.driving_points)[0, :2],
        [3.749403, 0.81786, -0.231037, 0.259379],
    ),
    "warp loss": (
        lambda network, made: warp_distance(made.decoded.visible, network.inpainting_network.encode(waves(0.7)), made.motion),
        [0.477989],
    ),
    "background loss": (
        lambda network, made: background_cycle(made.background, network.bg_predictor(waves(0.7), waves(0.0))),
        [0.03977],
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_the_network_without_pose_gives_the_reference_implementations_numbers(name, reference):
    of, expected = FOUND[name]
    with torch.no_grad():
        assert of(*reference).flatten().tolist() == pytest.approx(expected, abs=2e-6)


def test_splines_map_driving_points_nearly_to_the_sources():
    given = torch.rand(2, 10, 2, generator=torch.Generator().manual_seed(3)) * 1.6 - 0.8
    wanted = given + 0.1 * torch.randn(2, 10, 2, generator=torch.Generator().manual_seed(4))
    moved = between(wanted, given).moved(given)
    own = torch.stack([moved[:, 0, :5], moved[:, 1, 5:]], dim=1).flatten(1, 2)
    # 0.01 on the diagonal keeps them from passing through the points exactly
    assert float((own - wanted).abs().mean()) < 0.08


def test_equal_key_points_give_the_identity_but_for_the_ridge():
    points = torch.rand(1, 10, 2, generator=torch.Generator().manual_seed(5)) * 1.6 - 0.8
    grids = between(points, points).grids(16, 16)
    assert float((grids - grid(16, 16, points)).abs().max()) < 0.12


def test_a_source_that_is_its_own_driving_picture_gives_nearly_the_identity_flow():
    network, source = built(WITHOUT_POSE), pictures(1)
    with torch.no_grad():
        made = network(source, source, background=False)
    flow = made.motion.flow[0]
    assert float((flow - grid(*flow.shape[:2], flow)).abs().max()) < 0.12
    still, other = (warped(source, resized_flow(made.motion.flow, (32, 32))), pictures(1, seed=1))
    assert float((still - source).abs().mean()) < 0.5 * float((other - source).abs().mean())


@pytest.mark.parametrize("mask", ["sigmoid", "softmax"])
def test_masks_are_inside_zero_and_one_and_receive_a_gradient(mask):
    network = built(replace(TINY, mask=mask))
    made = network(pictures(2), pictures(2, seed=1), heat_maps(2))
    made.picture.sum().backward()
    for values, convolution in zip(made.motion.masks, network.dense_motion_network.occlusion, strict=True):
        assert values.shape[1] == 1
        assert 0 < float(values.detach().min()) < float(values.detach().max()) < 1
        assert float(convolution.weight.grad.abs().sum()) > 0


def test_a_fusion_whose_values_are_zero_leaves_the_features_as_they_are():
    fusion = PoseFusion(8)
    with torch.no_grad():
        for parameter in (fusion.value.conv.weight, fusion.value.conv.bias, fusion.value.norm.weight, fusion.value.norm.bias):
            parameter.zero_()
    features, pose = torch.randn(2, 8, 4, 4), torch.randn(2, 8, 4, 4)
    assert torch.equal(fusion(features, pose), features)


def test_attention_is_the_softmax_of_products_over_the_root_of_the_channels():
    query, key, value = (torch.randn(2, 8, 4, 3, generator=torch.Generator().manual_seed(seed)) for seed in range(3))
    products = torch.einsum("nci,ncj->nij", query.flatten(2), key.flatten(2)) / 8**0.5
    expected = torch.einsum("nij,ncj->nci", products.softmax(dim=2), value.flatten(2)).view(2, 8, 4, 3)
    assert torch.allclose(attended(query, key, value), expected, atol=1e-5)


def test_attention_does_not_depend_on_the_order_of_positions():
    query, key, value = (torch.randn(1, 8, 4, 4, generator=torch.Generator().manual_seed(seed)) for seed in range(3))
    order = torch.randperm(16, generator=torch.Generator().manual_seed(9))

    def mixed(x):
        return x.flatten(2)[:, :, order].view(x.shape)

    assert torch.allclose(attended(mixed(query), mixed(key), mixed(value)), mixed(attended(query, key, value)), atol=1e-5)


def test_attention_of_a_part_of_the_positions_is_that_part_of_the_whole():
    query, key, value = (torch.randn(1, 8, 8, 4, generator=torch.Generator().manual_seed(seed)) for seed in range(3))
    parts = torch.cat([attended(part, key, value) for part in query.split(2, dim=2)], dim=2)
    assert torch.allclose(parts, attended(query, key, value), atol=1e-5)


@pytest.mark.parametrize("fusion", ["sum", "attention"])
@pytest.mark.parametrize("scales", ["up-from-deepest", "up-from-below", "down-from-picture"])
def test_the_pose_changes_the_picture(fusion, scales):
    network = built(replace(TINY, fusion=fusion, pose_scales=scales))
    source, driving, maps = pictures(2), pictures(2, seed=1), heat_maps(2)
    with torch.no_grad():
        made = network(source, driving, maps).picture
        without = network(source, driving, torch.zeros_like(maps)).picture
        exchanged = network(source, driving, maps.flip(0)).picture
    for other in (without, exchanged):
        assert float((made - other).abs().mean()) > 1e-4


def test_a_picture_does_not_depend_on_its_batch():
    network = built().double()
    source, driving, maps = pictures(3).double(), pictures(3, seed=1).double(), heat_maps(3).double()
    with torch.no_grad():
        whole = network(source, driving, maps).picture
        alone = torch.cat([network(source[i : i + 1], driving[i : i + 1], maps[i : i + 1]).picture for i in range(3)])
    assert torch.allclose(whole, alone, atol=1e-9)


def test_only_the_resnets_have_batch_normalisation():
    network = on_meta(PAPER)
    outside = [
        name
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm) and ".fg_encoder." not in name and ".bg_encoder." not in name
    ]
    assert outside == []
    assert isinstance(network.kp_detector.fg_encoder, ResNet18)


def test_dropout_never_leaves_out_the_background():
    torch.manual_seed(0)
    shares = dropout_softmax(torch.randn(64, 5, 2, 2), 0.5)
    assert float(shares[:, 0].min()) > 0
    left_out = (shares[:, 1:, 0, 0] == 0).float().mean()
    assert 0.4 < float(left_out) < 0.6
    assert torch.allclose(shares.sum(dim=1), torch.ones(64, 2, 2), atol=1e-4)


def test_a_reduction_to_the_same_size_changes_nothing_and_others_keep_the_mean():
    x = pictures(1)
    assert torch.equal(Reduction(3, 1.0)(x), x)
    assert Reduction(3, 0.25).weight.shape == (3, 1, 13, 13)
    level = torch.full((1, 3, 64, 64), 0.5)
    assert torch.allclose(Reduction(3, 0.25)(level)[:, :, 4:-4, 4:-4], torch.tensor(0.5), atol=1e-6)


def test_a_flow_for_larger_pictures_moves_by_the_same_share():
    # each pixel of 8 looks one pixel to the right: two pixels of 16
    flow = grid(8, 8, torch.zeros(1))[None] + torch.tensor([2 / 7, 0.0])
    larger = enlarged_flow(flow, (16, 16))
    assert torch.allclose(larger - grid(16, 16, flow), torch.tensor([4 / 15, 0.0]).expand(1, 16, 16, 2), atol=1e-6)
    assert enlarged_flow(flow, (8, 8)) is flow
