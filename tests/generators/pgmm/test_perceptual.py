"""The networks of perceptual losses."""

from __future__ import annotations

import pytest
import torch
import torchvision

from signbench.errors import InputError
from signbench.extractors.network_loading import random_weights, without_weights
from signbench.generators.pgmm.layers import Reduction
from signbench.generators.pgmm.perceptual import of_vgg
from tests.extractors.official_files import save
from tests.generators.pgmm.models import pictures

VGG = "vgg19-dcbb9e9d"
ENDS = (1, 6, 11, 20, 29)


def test_vggs_loss_is_the_sum_over_five_layers_and_four_sizes(monkeypatch, tmp_path):
    features = without_weights(lambda: torchvision.models.vgg19(weights=None).features)
    weights = {f"features.{name}": tensor for name, tensor in random_weights(features).items()}
    save(monkeypatch, tmp_path, VGG, {**weights, "classifier.0.bias": torch.zeros(4)})
    distance = of_vgg()
    network = torchvision.models.vgg19(weights=None).features.eval()
    network.load_state_dict({name.removeprefix("features."): tensor for name, tensor in weights.items()})
    mean, deviation = (torch.tensor(values)[:, None, None] for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))

    def seen(picture):
        x, found = (picture - mean) / deviation, []
        for number, layer in enumerate(network[:30]):
            x = layer(x)
            if number in ENDS:
                found.append(x.clone())
        return found

    made, true = pictures(1, 128), pictures(1, 128, seed=1)
    with torch.no_grad():
        expected = sum(
            float((one - other).abs().mean())
            for scale in (1.0, 0.5, 0.25, 0.125)
            for one, other in zip(seen(Reduction(3, scale)(made)), seen(Reduction(3, scale)(true)), strict=True)
        )
        assert float(distance(made, true)) == pytest.approx(expected, rel=1e-4)
        assert float(distance(true, true)) == 0


def test_without_its_weights_the_message_says_how_to_get_them(monkeypatch, tmp_path):
    monkeypatch.setenv("SIGNBENCH_WEIGHTS", str(tmp_path))
    with pytest.raises(InputError, match=f"signbench weights fetch {VGG}"):
        of_vgg()
