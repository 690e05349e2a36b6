"""From noise to frames: windows, guidance, colours."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from signbench.generators.realisdance.denoising import Condition, colours_restored, denoised, frames_of
from tests.generators.realisdance.models import TINY, network_of


@pytest.fixture(scope="module")
def network():
    return network_of()


def condition(frames=6, seed=0):
    random = torch.Generator().manual_seed(seed)
    source = torch.rand((1, 3, 64, 64), generator=random) * 2 - 1
    return Condition(source, torch.randint(0, 256, (frames, 9, 64, 64), generator=random, dtype=torch.uint8))


@pytest.mark.parametrize("frames", [1, 3, 4, 5, 9])
def test_any_number_of_frames_is_made(network, frames):
    with torch.no_grad():
        made = frames_of(network, condition(frames), 1)
    assert made.shape == (frames, 64, 64, 3)
    assert made.dtype == torch.uint8


def test_the_same_seed_gives_the_same_frames_and_another_does_not(network):
    with torch.no_grad():
        first, again, other = (denoised(network, condition(), seed) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


def test_guidance_amplifies_the_reference_and_keeps_the_pose(network):
    guided = network_of(replace(TINY, guidance=2.0))
    calls = []
    inner = guided.predicted

    def watched(noisy, steps, reference, levels):
        calls.append((reference.bank is None, [level.abs().sum().item() > 0 for level in levels]))
        return inner(noisy, steps, reference, levels)

    guided.predicted = watched
    with torch.no_grad():
        made = denoised(guided, condition(3), 1)
        plain = denoised(network, condition(3), 1)
    assert [dropped for dropped, _ in calls] == [False, True] * TINY.steps
    assert all(all(posed) for _, posed in calls)
    assert not torch.allclose(made, plain)


def test_without_guidance_there_is_no_pass_without_reference(network):
    calls = []
    inner = network.predicted
    network.predicted = lambda *given: (calls.append(given[2].bank is None), inner(*given))[1]
    try:
        with torch.no_grad():
            denoised(network, condition(3), 1)
    finally:
        del network.predicted
    assert calls == [False] * TINY.steps


class OneStep:
    """A sampler that gives back the prediction."""

    timesteps = torch.tensor([999])

    def step(self, predicted, *_given, **_options):
        return (predicted,)


def test_windows_are_averaged_where_they_overlap(monkeypatch):
    monkeypatch.setattr("signbench.generators.realisdance.denoising.scheduler", lambda _steps: OneStep())
    network = network_of()
    numbers = iter([1.0, 2.0])
    network.predicted = lambda noisy, *_rest: torch.full_like(noisy, next(numbers))
    with torch.no_grad():
        made = denoised(network, condition(5), 1)
    # windows 0, 1, 2, 3 and 3, 4, 0, 1
    assert made[:, 0, 0, 0].tolist() == [1.5, 1.5, 1.0, 1.5, 2.0]


def test_restored_colours_have_the_source_pictures_mean_and_deviation_over_all_frames():
    random = torch.Generator().manual_seed(3)
    pictures = torch.randn((4, 3, 8, 8), generator=random) * 3 + 1
    source = torch.rand((1, 3, 8, 8), generator=random)
    made = colours_restored(pictures, source)
    assert torch.allclose(made.mean(dim=(0, 2, 3)), source.mean(dim=(0, 2, 3)), atol=1e-5)
    # torch divides by n - 1 in both, as the original does
    assert torch.allclose(made.std(dim=(0, 2, 3)), source.std(dim=(0, 2, 3)), atol=1e-5)
    # one scale for all frames, so that frames keep their differences
    scale = source.std(dim=(0, 2, 3)) / pictures.std(dim=(0, 2, 3))
    assert torch.allclose(made[1:] - made[:-1], (pictures[1:] - pictures[:-1]) * scale[:, None, None], atol=1e-5)


def test_colours_are_restored_only_if_the_configuration_says_so(network):
    restoring = network_of(replace(TINY, restore_colours=True))
    with torch.no_grad():
        assert not torch.equal(frames_of(network, condition(3), 1), frames_of(restoring, condition(3), 1))
