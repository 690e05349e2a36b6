"""Published checkpoints of TPSMM, as files of the same form with other widths."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch

from signbench.errors import InputError
from signbench.generators.pgmm.checkpoints import read_official
from signbench.generators.pgmm.config import PGMMConfig
from signbench.generators.pgmm.generator import TPSMMGenerator
from signbench.generators.pgmm.network import MotionModel
from tests.generators.pgmm.models import weights_of

SMALL = replace(
    PGMMConfig.paper().as_tpsmm(),
    size=256,
    transformations=3,
    width=4,
    most_width=16,
    motion_width=4,
    most_motion_width=32,
    point_widths=(4, 4, 8, 8),
    background_widths=(4, 4, 8, 8),
    identity_width=(4, 6),
)
LAYOUTS = {
    "vox": SMALL,
    "taichi": SMALL,
    "ted": replace(SMALL, size=384),
    "mgif, without a background": replace(SMALL, background_widths=()),
    "without the network of the mode avd": replace(SMALL, identity_width=()),
}


def content(config, prefix=""):
    """What a checkpoint of a network holds."""
    found = {}
    for name, tensor in weights_of(config).items():
        part, _, key = name.partition(".")
        found.setdefault(part, {})[prefix + key] = tensor
    return {**found, "optimizer": {"state": {}, "param_groups": [{"lr": 2e-4}]}, "epoch": 99}


def written(folder, made, name="vox.pth.tar"):
    torch.save(made, folder / name)
    return folder / name


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_checkpoint_loads_key_by_key(tmp_path, name, prefix):
    config = LAYOUTS[name]
    found = read_official(written(tmp_path, content(config, prefix)), config.size)
    assert found.config == config
    own = weights_of(config)
    assert set(found.weights) == set(own)
    assert all(torch.equal(found.weights[key], tensor) for key, tensor in own.items())
    MotionModel(config).load_state_dict(dict(found.weights))


@pytest.mark.parametrize("transformations", [10, 20])
def test_the_published_shapes_give_the_published_configuration(transformations):
    from signbench.generators.pgmm import checkpoints

    config = replace(PGMMConfig.paper().as_tpsmm(), transformations=transformations, size=256, identity_width=(128, 128))
    with torch.device("meta"):
        weights = MotionModel(config).state_dict()
    assert checkpoints._config(weights, "vox.pth.tar", 256) == config


def change(**parts):
    def changed(made):
        return {name: value for name, value in {**made, **parts}.items() if value is not None}

    return changed


def without(part, key):
    return lambda made: {**made, part: {name: value for name, value in made[part].items() if name != key}}


def with_more(part, key):
    return lambda made: {**made, part: {**made[part], key: torch.zeros(1)}}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (change(kp_detector=None), "it lacks kp_detector"),
        (change(generator={"a": torch.zeros(1)}), "it has generator, which TPSMM has not"),
        (without("kp_detector", "fg_encoder.fc.bias"), "it lacks kp_detector.fg_encoder.fc.bias"),
        (without("inpainting_network", "final.bias"), "missing: inpainting_network.final.bias"),
        (with_more("dense_motion_network", "other.weight"), "not in the network: dense_motion_network.other.weight"),
        (lambda made: [1, 2], "holds list"),
        (change(dense_motion_network={"down.weight": torch.zeros(3, 1, 13, 13)}), "is not a checkpoint of TPSMM"),
    ],
)
def test_another_file_is_refused_with_what_differs(tmp_path, changed, words):
    with pytest.raises(InputError, match=re.escape(words)):
        read_official(written(tmp_path, changed(content(SMALL))))


def test_a_published_file_is_a_generators_checkpoint(tmp_path):
    path = written(tmp_path, content(SMALL))
    generator = TPSMMGenerator(path)
    assert generator.card.name == "tpsmm:checkpoint=vox.pth.tar"
    assert generator.card.licence == "not stated in the files"
    network, estimator = generator._networks
    assert estimator is None and network.config == SMALL
    assert TPSMMGenerator(path, size="384").card.name == "tpsmm:checkpoint=vox.pth.tar,size=384"
