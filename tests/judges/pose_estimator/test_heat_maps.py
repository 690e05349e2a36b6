"""Heat maps: that coordinates survive them, and what the losses reward."""

from __future__ import annotations

import pytest
import torch

from signbench.judges.pose_estimator.heat_maps import Grid, dark_means, gaussian_losses, gaussian_maps, local_means

POINTS = torch.tensor([[[4.0, 6.0], [10.3, 3.4], [7.49, 12.51], [2.2, 13.7], [20.6, 9.0]]])
"""In cells of a map of 16 x 24."""

INNER = POINTS + 8
"""In cells of a map of 32 x 40, far from its border."""


def logarithm(cells, sigma, height=16, width=24):
    return gaussian_maps(cells, height, width, sigma).clamp(min=1e-30).log()


def test_a_local_mean_finds_the_centre_of_a_gaussian():
    assert torch.allclose(local_means(logarithm(POINTS, 0.8), reach=3), POINTS, atol=0.02)


def test_dark_finds_the_centre_of_a_gaussian():
    assert torch.allclose(dark_means(gaussian_maps(INNER, 32, 40, 2.0)), INNER, atol=0.02)


def test_a_second_smaller_maximum_does_not_displace_a_local_mean():
    one, two = logarithm(POINTS, 0.8), logarithm(POINTS.flip(2) * 0.5 + 12, 0.8) - 1.5
    assert torch.allclose(local_means(torch.logaddexp(one, two)), local_means(one), atol=0.05)


def test_a_maximum_in_a_corner_stays_in_the_map():
    corner = torch.full((1, 1, 16, 24), -9.0)
    corner[0, 0, 15, 0] = 3
    assert torch.allclose(local_means(corner), torch.tensor([[[0.0, 15.0]]]), atol=0.01)
    assert dark_means(corner.exp()).tolist() == [[[0.0, 15.0]]]


def test_the_losses_of_the_right_gaussian_are_zero_and_of_others_are_not():
    entropy, distance = gaussian_losses(logarithm(INNER, 1.0, 32, 40), INNER, 1.0)
    assert torch.allclose(entropy, torch.zeros(1, 5), atol=1e-3)
    assert torch.allclose(distance, torch.zeros(1, 5), atol=0.02)
    entropy, distance = gaussian_losses(logarithm(INNER + torch.tensor([1.0, 0.0]), 1.0, 32, 40), INNER, 1.0)
    assert (entropy > 0.3).all()
    assert torch.allclose(distance, torch.full((1, 5), 0.5), atol=0.02)


def test_descending_the_losses_finds_the_points():
    torch.manual_seed(0)
    logits = torch.randn(1, 5, 16, 24, requires_grad=True)
    optimiser = torch.optim.Adam([logits], 0.3)
    for _ in range(80):
        entropy, distance = gaussian_losses(logits, POINTS, 1.0)
        optimiser.zero_grad()
        (entropy + distance).mean().backward()
        optimiser.step()
    assert torch.allclose(local_means(logits.detach()), POINTS, atol=0.2)


def test_a_point_outside_the_map_gives_finite_losses():
    losses = gaussian_losses(torch.zeros(1, 1, 16, 24), torch.tensor([[[-40.0, 300.0]]]), 1.0)
    assert all(torch.isfinite(loss).all() for loss in losses)


@pytest.mark.parametrize(("centred", "first"), [(True, 1.5), (False, 0.0)])
def test_the_first_cell_is_where_the_convention_says(centred, first):
    grid, points = Grid(4, centred), torch.tensor([0.0, 3.0])
    assert grid.pixels(points).tolist() == [first, first + 12]
    assert torch.allclose(grid.cells(grid.pixels(points)), points)
