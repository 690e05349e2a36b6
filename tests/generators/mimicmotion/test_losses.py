"""The noise and the target of training, and the weights of regions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from signbench.generators.mimicmotion.losses import (
    Noised,
    cleaned,
    confidence_weights,
    dropped,
    hand_weights,
    noised,
    weighted_error,
)
from signbench.generators.mimicmotion.pose_pictures import PosePoints


def drawn(deviates, seed=1):
    draw = torch.Generator().manual_seed(seed)
    latents, noise = (torch.randn(len(deviates), 2, 4, 3, 3, generator=draw, dtype=torch.float64) for _ in range(2))
    return latents, noise, noised(latents, noise, torch.tensor(deviates, dtype=torch.float64))


def test_sigma_is_log_normal_with_stable_video_diffusion_s_mean_and_deviation():
    _, _, made = drawn([0.0, 1.0, -1.0])
    assert made.sigma.log().tolist() == pytest.approx([0.7, 2.3, -0.9])
    assert (4 * made.level).tolist() == pytest.approx([0.7, 2.3, -0.9])
    # the 5th and the 95th percentile
    assert drawn([-1.645, 1.645])[2].sigma.tolist() == pytest.approx([0.145, 28.0], rel=0.01)


def test_the_right_v_gives_back_the_latents():
    latents, _, made = drawn([-2.0, 0.0, 2.0])
    assert torch.allclose(cleaned(made.given, made.target, made.sigma), latents)
    assert made.given.std().item() == pytest.approx(1, abs=0.2)


def test_the_error_of_v_is_the_weighted_error_of_the_latents():
    latents, _, made = drawn([-1.5, 0.3, 1.5])
    guess = torch.randn(made.given.shape, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    sigma = made.sigma.reshape(-1, 1, 1, 1, 1)
    of_latents = ((sigma**2 + 1) / sigma**2 * (cleaned(made.given, guess, made.sigma) - latents) ** 2).mean()
    assert weighted_error(guess, made.target, torch.ones(1)).item() == pytest.approx(of_latents.item(), rel=1e-6)


@pytest.mark.parametrize("deviate", [-12.0, 8.0])
def test_losses_are_finite_for_hardly_any_and_for_very_much_noise(deviate):
    latents, noise = (torch.randn(1, 2, 4, 3, 3, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))
    made: Noised = noised(latents, noise, torch.tensor([deviate]))
    assert weighted_error(torch.zeros_like(latents), made.target, torch.ones(1)).isfinite()
    assert made.given.isfinite().all() and made.level.isfinite().all()
    expected = noise if deviate < 0 else -latents
    assert torch.allclose(made.target, expected, atol=1e-3)


def test_the_scheduler_s_sampling_has_the_same_parameters():
    pytest.importorskip("diffusers", reason="the scheduler is that of diffusers; install signbench[models]")
    from signbench.generators.mimicmotion.network import scheduler

    sampler = scheduler(1)
    sigma = sampler.sigmas[0].double()
    latents, noise = (torch.randn(1, 2, 4, 3, 3, generator=torch.Generator().manual_seed(seed)).double() for seed in (1, 2))
    made = noised(latents, noise, ((sigma.log() - 0.7) / 1.6)[None])
    given = sampler.scale_model_input(latents + sigma * noise, sampler.timesteps[0])
    assert torch.allclose(given, made.given, atol=1e-5)
    assert made.level.item() == pytest.approx(sampler.timesteps[0].item(), abs=1e-4)
    step = sampler.step(made.target, sampler.timesteps[0], latents + sigma * noise, return_dict=False)[0]
    assert torch.allclose(step, latents, atol=1e-3)


def test_parts_of_the_condition_are_left_out_by_one_draw():
    embedding, source, pose = dropped(torch.tensor([0.05, 0.15, 0.25, 0.35]), 0.1)
    assert embedding.tolist() == [True, True, False, False]
    assert source.tolist() == [False, True, True, False]
    assert pose.tolist() == [False, True, False, False]
    assert not any(part.any() for part in dropped(torch.tensor([0.0, 0.5]), 0.0))


def person(left=1.0, right=0.2, others=0.0):
    """Hands whose boxes are a quarter of the picture at the left top and at the right bottom."""
    points, sure = np.zeros((1, 128, 2)), np.full((1, 128), others)
    points[0, :86] = 0.5
    corners = np.linspace(0, 0.5, 21)[:, None]
    points[0, 86:107], points[0, 107:] = corners, corners + 0.5
    sure[0, 86:107], sure[0, 107:] = left, right
    return PosePoints(points, sure)


def test_only_a_hand_whose_points_are_all_sure_is_weighted():
    weights = hand_weights(person(), (4, 4))
    assert weights.shape == (1, 4, 4) and weights.dtype == np.float32
    assert (weights[0, :2, :2] == 10).all() and weights.sum() == 4 * 10 + 12
    pose = person()
    pose.confidence[0, 90] = 0.3
    assert (hand_weights(pose, (4, 4)) == 1).all()


def test_a_cell_that_is_partly_in_a_hand_has_a_part_of_its_weight():
    assert hand_weights(person(), (1, 1)).item() == pytest.approx(1 + 9 / 4)


def test_a_cell_in_which_two_hands_meet_has_their_weight():
    pose = person(right=1.0)
    pose.points[0, 86:] = 0
    pose.points[0, 86:107] += np.linspace((0, 0), (1 / 4, 1 / 8), 21)
    pose.points[0, 107:] += np.linspace((0, 1 / 8), (1 / 4, 1 / 4), 21)
    assert hand_weights(pose, (4, 4))[0, 0, 0] == pytest.approx(10)


def test_weights_by_confidence_have_mean_1_and_scale_with_a_hand_s_confidence():
    pose = person(left=0.8, right=0.2)
    weights = confidence_weights(pose, (4, 4), margin=0.0)
    assert weights.mean() == pytest.approx(1)
    assert weights[0, 0, 0] / weights[0, 0, 3] == pytest.approx(1.8 * 10)
    assert weights[0, 3, 3] / weights[0, 0, 3] == pytest.approx(1.2)
    assert confidence_weights(pose, (4, 4), margin=0.0, scale=1.0)[0, 0, 0] < weights[0, 0, 0]


def test_the_largest_weight_counts_where_regions_overlap():
    pose = person(left=0.8, right=0.0, others=0.0)
    pose.points[0, 18:86] = np.linspace(0, 1, 68)[:, None]
    pose.confidence[0, 18:86] = 0.5
    weights = confidence_weights(pose, (4, 4), margin=0.0)[0]
    assert weights[0, 0] / weights[3, 3] == pytest.approx(18 / 1.5)
    assert weights[0, 3] == pytest.approx(weights[3, 3])


def test_a_frame_without_a_person_has_equal_weights():
    nobody = PosePoints(np.zeros((2, 128, 2)), np.zeros((2, 128)))
    assert (confidence_weights(nobody, (3, 5)) == 1).all() and (hand_weights(nobody, (3, 5)) == 1).all()


def test_after_normalisation_gradients_still_have_the_ratios_of_the_weights_by_confidence():
    weights = torch.from_numpy(confidence_weights(person(left=0.8, right=0.2), (4, 4), margin=0.0))[:, None, None]
    predicted = torch.zeros(1, 1, 4, 4, 4, requires_grad=True)
    weighted_error(predicted, torch.ones_like(predicted), weights).backward()
    gradient = predicted.grad[0, 0, 0]
    assert (gradient[:2, :2] / gradient[0, 3]).unique().tolist() == pytest.approx([1.8 * 10])
    assert (gradient[2:, 2:] / gradient[0, 3]).unique().tolist() == pytest.approx([1.2])
    # the mean weight is 1, so the whole gradient is that of an unweighted error
    assert gradient.sum().item() == pytest.approx(-2 * 16 / predicted.numel())


def test_the_gradient_in_a_sure_hand_is_larger_by_the_scale():
    weights = torch.from_numpy(hand_weights(person(), (4, 4)))[:, None, None]
    predicted = torch.zeros(1, 1, 4, 4, 4, requires_grad=True)
    weighted_error(predicted, torch.ones_like(predicted), weights).backward()
    assert (predicted.grad[..., 0, 0] / predicted.grad[..., 0, 3]).unique().item() == pytest.approx(10)
