"""The losses of decoders and correction."""

from __future__ import annotations

import pytest
import torch

from signbench.generators.signaligner.losses import mean_absolute, mean_squared, upcoming, weighted

MADE = torch.tensor([[[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]])
WANTED = torch.tensor([[[0.0, 0.0, 0.0], [9.0, 9.0, 9.0]]])
FIRST = torch.tensor([[[True, True, True], [False, False, False]]])


@pytest.mark.parametrize(
    ("error", "parts", "expected"),
    [
        (mean_absolute, [slice(None)], 2.0),
        (mean_absolute, [slice(0, 1), slice(1, 3)], (1 + 2.5) / 2),
        (mean_squared, [slice(None)], 14 / 3),
        (mean_squared, [slice(0, 1), slice(1, 3)], (1 + 6.5) / 2),
    ],
)
def test_only_known_numbers_count_and_parts_equally(error, parts, expected):
    assert float(error(MADE, WANTED, FIRST, parts)) == pytest.approx(expected)


def test_a_part_without_known_numbers_is_0():
    assert float(mean_absolute(MADE, WANTED, torch.zeros_like(FIRST), [slice(None)])) == 0


def test_upcoming_frames_end_with_the_clip():
    values = torch.arange(1.0, 4.0)[None, :, None]
    assert upcoming(values, 2)[0, :, :, 0].tolist() == [[1, 2], [2, 3], [3, 0]]
    assert upcoming(values > 0, 2)[0, :, :, 0].tolist() == [[True, True], [True, True], [True, False]]
    assert upcoming(values, 1)[..., 0].tolist() == [[[1], [2], [3]]]


@pytest.mark.parametrize(
    ("weighting", "total", "weights"),
    [("fixed", 0.14, [1 / 3] * 3), ("learned", 0.14, [1 / 3] * 3), ("uncertainty", 0.42, [1.0] * 3)],
)
def test_weights_begin_equal(weighting, total, weights):
    losses = torch.tensor([0.02, 0.10, 0.30])
    found, shown = weighted(losses, torch.zeros(3), weighting)
    assert float(found) == pytest.approx(total)
    assert shown.tolist() == pytest.approx(weights)


def test_learned_weights_move_to_the_smallest_loss():
    # measured: .66/.23/.11 after 1,000 steps of Adam at 1e-3
    losses, share = torch.tensor([0.02, 0.10, 0.30]), torch.nn.Parameter(torch.zeros(3))
    optimiser = torch.optim.Adam([share], lr=1e-3)
    for _ in range(1000):
        optimiser.zero_grad()
        total, _ = weighted(losses, share, "learned")
        total.backward()
        optimiser.step()
    assert torch.softmax(share, 0).tolist() == pytest.approx([0.66, 0.23, 0.11], abs=0.01)


def test_uncertain_losses_weigh_less_and_fixed_weights_have_no_gradient():
    share = torch.tensor([0.0, 1.0, -1.0], requires_grad=True)
    _, weights = weighted(torch.tensor([1.0, 1.0, 1.0]), share, "uncertainty")
    assert weights.tolist() == pytest.approx([1, 0.36788, 2.71828], abs=1e-4)
    total, _ = weighted(torch.tensor([1.0, 1.0, 1.0], requires_grad=True), share, "fixed")
    assert torch.autograd.grad(total, share, allow_unused=True)[0] is None
