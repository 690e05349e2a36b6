"""The curriculum of masked frames and the reconstruction loss."""

from __future__ import annotations

import pytest
import torch

from signbench.generators.signavatar.curriculum import hidden_frames, mask_ratio, reconstruction
from signbench.networks.masks import frame_mask


@pytest.mark.parametrize(
    ("epoch", "epochs", "ratio"),
    [
        (0, 5000, 0.0),
        (499, 5000, 0.0),
        (500, 5000, 0.1),
        (1500, 5000, 0.3),
        (2999, 5000, 0.5),
        (3000, 5000, 0.6),
        (4999, 5000, 0.6),
        (5000, 5000, 0.6),
        (3, 30, 0.1),
        (9, 30, 0.3),
        (7, 10, 0.6),
    ],
)
def test_the_ratio_is_that_of_equation_3_scaled_to_the_length_of_the_training(epoch, epochs, ratio):
    assert mask_ratio(epoch / epochs) == pytest.approx(ratio)


@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.3, 0.6])
def test_hidden_frames_are_the_rounded_share_of_the_valid_frames_and_never_padding(ratio):
    torch.manual_seed(2)
    mask = frame_mask(torch.tensor([20, 7, 1, 13]), 20)
    hidden = hidden_frames(mask, ratio)
    assert not (hidden & ~mask).any()
    assert hidden.sum(dim=1).tolist() == [round(count * ratio) for count in (20, 7, 1, 13)]


def test_every_frame_is_hidden_equally_often():
    torch.manual_seed(2)
    mask = frame_mask(torch.full((4000,), 10), 12)
    shares = hidden_frames(mask, 0.3).float().mean(dim=0)
    torch.testing.assert_close(shares[:10], torch.full((10,), 0.3), rtol=0, atol=0.03)
    assert not shares[10:].any()


def test_the_loss_sums_over_a_pose_and_averages_over_the_frames_of_a_clip_and_over_clips():
    torch.manual_seed(4)
    made, motion = torch.randn(2, 6, 53, 6), torch.randn(2, 6, 53, 6)
    mask = frame_mask(torch.tensor([6, 4]), 6)
    expected = []
    for index, frames in enumerate((6, 4)):
        distances = [((made[index, t] - motion[index, t]) ** 2).sum() for t in range(frames)]
        expected.append(sum(distances) / frames)
    torch.testing.assert_close(reconstruction(made, motion, mask), sum(expected) / 2)
    moved = made.clone()
    moved[1, 4:] = 1e6
    assert torch.equal(reconstruction(moved, motion, mask), reconstruction(made, motion, mask))
