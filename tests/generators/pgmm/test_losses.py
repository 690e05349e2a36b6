"""The losses of PGMM and TPSMM: their definitions, and where their gradients go."""

from __future__ import annotations

import pytest
import torch

from signbench.generators.pgmm.losses import (
    FeatureDistance,
    PyramidDistance,
    alignment,
    equivariance,
    moved_pictures,
    peaks,
    pose_distance,
)
from signbench.generators.pgmm.pose_maps import PoseMaps
from signbench.generators.pgmm.transformations import random_plates
from tests.generators.pgmm.models import TINY, built, heat_maps, pictures, written_estimator


def gaussian(x, y, height=1.0, noise=0.0, size=64, sigma=2.0):
    cells = torch.arange(size, dtype=torch.float32)
    made = height * torch.exp(-((cells[None, :] - x) ** 2 + (cells[:, None] - y) ** 2) / (2 * sigma**2))
    return (made + noise * torch.rand(size, size, generator=torch.Generator().manual_seed(1)))[None, None]


@pytest.mark.parametrize("height", [0.9, 0.3, 0.1])
@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_the_soft_arg_max_finds_low_and_noisy_peaks(height, noise):
    found = peaks(gaussian(50, 10, height, noise * height / 0.9))[0, 0]
    assert found.tolist() == pytest.approx([50, 10], abs=0.6)


def test_the_pose_distance_of_equal_maps_is_zero_and_grows_with_the_displacement():
    true = torch.cat([gaussian(20, 30), gaussian(40, 12)], dim=1)
    assert float(pose_distance(true, true)) == 0
    moved = torch.cat([gaussian(23, 30), gaussian(40, 12)], dim=1)
    assert float(pose_distance(moved, true)) == pytest.approx(3 / 2, abs=0.01)
    both = torch.cat([gaussian(23, 28), gaussian(40, 12)], dim=1)
    assert float(pose_distance(both, true)) == pytest.approx((3 + 2) / 2, abs=0.01)


def test_a_point_that_is_not_seen_in_the_driving_picture_has_no_distance():
    true = torch.cat([gaussian(20, 30), gaussian(40, 12, height=0.1)], dim=1)
    made = torch.cat([gaussian(20, 30), gaussian(10, 50)], dim=1)
    assert float(pose_distance(made, true)) == pytest.approx(0, abs=1e-4)
    assert float(pose_distance(made, torch.zeros_like(true))) == 0


@pytest.fixture(scope="module")
def estimator(tmp_path_factory):
    model = written_estimator(tmp_path_factory.mktemp("models") / "estimator")
    return PoseMaps(model.folder, TINY.pose_points, 32)


def test_the_gradient_of_the_pose_distance_reaches_the_picture_and_never_the_estimator(estimator):
    before = {name: tensor.clone() for name, tensor in estimator.state_dict().items()}
    picture = pictures(2).requires_grad_()
    estimator.train()
    loss = pose_distance(estimator(picture), estimator(pictures(2, seed=1)), least=0.0)
    loss.backward()
    assert float(loss.detach()) > 0 and float(picture.grad.abs().sum()) > 0
    assert all(torch.equal(tensor, before[name]) for name, tensor in estimator.state_dict().items())
    assert not any(module.training for module in estimator.network.modules())
    assert all(parameter.grad is None for parameter in estimator.parameters())


def test_maps_of_logits_are_gaussians_with_a_peak_of_one_times_the_confidence(estimator):
    maps = estimator(pictures(2))
    assert maps.shape == (2, 5, 8, 8)
    logits, seen = estimator.network((pictures(2) - 0.5) / 0.5)
    sums = maps.sum(dim=(2, 3)) / (2 * torch.pi)
    assert torch.allclose(sums, seen[:, list(TINY.pose_points)].sigmoid(), atol=1e-4)
    assert torch.equal(maps.flatten(2).argmax(2), logits[:, list(TINY.pose_points)].flatten(2).argmax(2))


@pytest.mark.parametrize("stopped", [False, True])
def test_the_gradient_of_the_alignment_reaches_the_driving_pictures_features_unless_stopped(stopped):
    network = built()
    inpainting = network.inpainting_network
    made = network(pictures(2), pictures(2, seed=1), heat_maps(2))
    own = [features.detach().requires_grad_() for features in inpainting.encode(pictures(2, seed=1))]
    still = inpainting.still(own, made.pose)
    assert len(still) == TINY.halvings
    loss = alignment(made.decoded.modules, still, stopped=stopped)
    if stopped:
        assert torch.autograd.grad(loss, own, allow_unused=True, retain_graph=True) == (None,) * len(own)
    else:
        # the features of the picture's own size are not decoded
        reached = torch.autograd.grad(loss, own[:-1], retain_graph=True)
        assert all(float(gradient.abs().sum()) > 0 for gradient in reached)


def test_the_alignment_is_a_sum_over_modules_or_a_mean():
    one, other = [torch.zeros(1, 2, 2, 2), torch.zeros(1, 1, 4, 4)], [torch.ones(1, 2, 2, 2), torch.full((1, 1, 4, 4), 3.0)]
    assert float(alignment(one, other)) == 4
    assert float(alignment(one, other, summed=False)) == 2


def test_key_points_that_move_with_the_picture_have_no_equivariance_loss():
    torch.manual_seed(0)
    plates = random_plates(3, 0.05, 0.005, 5, torch.zeros(1))
    of_moved = torch.rand(3, 10, 2) - 0.5
    assert float(equivariance(plates.moved(of_moved)[:, 0], of_moved, plates)) == 0
    assert float(equivariance(of_moved, of_moved, plates)) > 0


def test_random_splines_are_near_the_identity_and_move_pictures_smoothly():
    torch.manual_seed(0)
    plates = random_plates(2, 0.0, 0.0, 5, torch.zeros(1))
    assert torch.allclose(moved_pictures(pictures(2), plates), pictures(2), atol=1e-5)
    moved = moved_pictures(pictures(2), random_plates(2, 0.05, 0.005, 5, torch.zeros(1)))
    assert 0.001 < float((moved - pictures(2)).abs().mean()) < 0.2


@pytest.mark.parametrize("pixels", [False, True])
def test_a_perceptual_distance_is_zero_for_equal_pictures_alone_and_leaves_its_network_as_it_is(pixels):
    stages = [torch.nn.Conv2d(3, 4, 3, 1, 1), torch.nn.BatchNorm2d(4)]
    distance = FeatureDistance(stages, (0.5,) * 3, (0.5,) * 3, scales=(1.0, 0.5), pictures=pixels)
    distance.train()
    made, true = pictures(2).requires_grad_(), pictures(2, seed=1)
    assert float(distance(true, true)) == 0
    loss = distance(made, true)
    loss.backward()
    assert float(loss.detach()) > 0 and float(made.grad.abs().sum()) > 0
    assert int(stages[1].num_batches_tracked) == 0 and stages[0].weight.grad is None


def test_the_pyramids_distance_is_the_sum_over_four_sizes():
    level = torch.zeros(1, 3, 64, 64)
    assert float(PyramidDistance()(level, level)) == 0
    assert float(PyramidDistance()(level + 0.25, level)) == pytest.approx(4 * 0.25, rel=0.15)
