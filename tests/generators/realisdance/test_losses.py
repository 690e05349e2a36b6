"""The losses: noise, their weights, and the adversarial term."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("diffusers")

from signbench.generators.realisdance.losses import Discriminator, adversarial, noised, weighted_error
from signbench.generators.realisdance.network import scheduler


def latents(seed=0, clips=3):
    return torch.randn((clips, 2, 4, 3, 3), generator=torch.Generator().manual_seed(seed))


def shares():
    return scheduler().alphas_cumprod


def test_noise_and_target_are_those_of_diffusers_scheduler():
    steps = torch.tensor([0, 500, 999])
    made = noised(latents(0), latents(1), steps, shares(), 5.0)
    sampler = scheduler()
    assert torch.allclose(made.noisy, sampler.add_noise(latents(0), latents(1), steps), atol=1e-6)
    assert torch.allclose(made.target, sampler.get_velocity(latents(0), latents(1), steps), atol=1e-6)


def test_the_target_gives_back_the_latents():
    made = noised(latents(0), latents(1), torch.tensor([0, 500, 999]), shares(), 5.0)
    assert torch.allclose(made.clean(made.target), latents(0), atol=1e-5)


@pytest.mark.parametrize("step", [0, 10, 250, 700, 998, 999])
def test_weights_are_the_smaller_of_the_ratio_and_gamma_divided_by_the_ratio_plus_1(step):
    share = float(shares()[step])
    made = noised(latents(clips=1), latents(1, clips=1), torch.tensor([step]), shares(), 5.0)
    ratio = share / (1 - share)
    assert float(made.weights) == pytest.approx(min(ratio, 5.0) / (ratio + 1), abs=1e-5)


def test_the_step_without_signal_has_no_weight_unless_all_weights_are_1():
    steps = torch.tensor([999, 999, 500])
    assert noised(latents(), latents(1), steps, shares(), 5.0).weights[:2].tolist() == [0, 0]
    assert noised(latents(), latents(1), steps, shares(), 0.0).weights.tolist() == [1, 1, 1]


def test_cells_count_by_their_weights_and_a_common_factor_does_not():
    made = noised(latents(), latents(1), torch.tensor([100, 200, 300]), shares(), 0.0)
    predicted = made.target.clone()
    predicted[:, :, :, 0, 0] += 1
    even = torch.ones(3, 2, 1, 3, 3)
    heavy = even.clone()
    heavy[:, :, :, 0, 0] = 4
    assert float(weighted_error(predicted, made, even)) == pytest.approx(1 / 9)
    assert float(weighted_error(predicted, made, 7 * even)) == pytest.approx(1 / 9)
    assert float(weighted_error(predicted, made, heavy)) == pytest.approx(4 / 12)


def test_hinge_losses_reach_either_the_discriminator_or_the_generator():
    torch.manual_seed(0)
    judge = Discriminator(4)
    made = torch.randn(2, 3, 64, 64, requires_grad=True)
    real = torch.randn(2, 3, 64, 64)
    found = adversarial(judge, made, real)
    found["adversarial"].backward(retain_graph=True)
    assert made.grad is not None
    assert made.grad.any()
    assert all(value.grad is None for value in judge.parameters())
    made.grad = None
    found["discriminator"].backward()
    assert made.grad is None
    assert all(value.grad is not None for value in judge.parameters())


def test_a_discriminator_learns_to_tell_pictures_apart():
    torch.manual_seed(0)
    judge = Discriminator(4)
    optimiser = torch.optim.Adam(judge.parameters(), 1e-2)
    real, made = torch.ones(4, 3, 32, 32), -torch.ones(4, 3, 32, 32)
    before = float(adversarial(judge, made, real)["discriminator"].detach())
    for _ in range(20):
        optimiser.zero_grad()
        adversarial(judge, made, real)["discriminator"].backward()
        optimiser.step()
    assert float(adversarial(judge, made, real)["discriminator"].detach()) < 0.1 < before
