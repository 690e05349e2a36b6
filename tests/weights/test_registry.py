from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from pydantic import ValidationError

from signbench.errors import InputError
from signbench.weights.registry import Weights, find, is_allowed, registered
from tests.weights.serving import weights

# torch_fidelity/feature_extractor_inceptionv3.py, pytorch_fid/inception.py and torchvision/models/{alexnet,vgg,squeezenet}.py name
# these files; their last eight digits are the first of their SHA-256.
NAMED_BY_DIGEST = {
    "inception-2015-12-05": "6726825d",
    "alexnet-owt-7be5be79": "7be5be79",
    "vgg16-397923af": "397923af",
    "vgg19-dcbb9e9d": "dcbb9e9d",
    "squeezenet1_1-b8a52dc0": "b8a52dc0",
}


def test_every_entry_has_a_file_an_https_address_a_licence_and_says_where_its_figures_come_from():
    entries = registered().values()
    assert len({entry.file for entry in entries}) == len(entries)
    for entry in entries:
        assert entry.address.startswith("https://")
        assert entry.licence and entry.used_by and entry.sources
        assert entry.size is not None


@pytest.mark.parametrize(("name", "digits"), NAMED_BY_DIGEST.items())
def test_a_registered_digest_begins_as_the_files_own_name_says(name, digits):
    entry = find(name)
    assert PurePosixPath(entry.file).stem.endswith(digits)
    assert PurePosixPath(entry.address).stem.endswith(digits)
    assert entry.sha256 is not None
    assert entry.sha256.startswith(digits)


@pytest.mark.parametrize(
    ("name", "module", "weights_name"),
    [
        ("alexnet-owt-7be5be79", "alexnet", "AlexNet_Weights"),
        ("vgg16-397923af", "vgg", "VGG16_Weights"),
        ("vgg19-dcbb9e9d", "vgg", "VGG19_Weights"),
        ("squeezenet1_1-b8a52dc0", "squeezenet", "SqueezeNet1_1_Weights"),
    ],
)
def test_address_and_size_of_torchvisions_weights_are_those_that_torchvision_states(name, module, weights_name):
    models = pytest.importorskip(f"torchvision.models.{module}")
    stated = getattr(models, weights_name).IMAGENET1K_V1
    entry = find(name)
    assert entry.address == stated.url
    assert entry.size is not None
    assert entry.size / 2**20 == pytest.approx(stated.meta["_file_size"], abs=1e-3)


def test_the_only_program_among_the_weights_has_a_registered_digest():
    assert [entry.name for entry in registered().values() if entry.format == "torchscript"] == ["i3d-torchscript"]
    assert find("i3d-torchscript").sha256 is not None


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(InputError, match=r"there are no weights vgg16-397923ae in the registry\. Did you mean vgg16-397923af"):
        find("vgg16-397923ae")


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://example.org/a.pth", True),
        ("http://example.org/a.pth", False),
        ("ftp://example.org/a.pth", False),
        ("file:///a.pth", False),
        ("http://localhost:80/a.pth", True),
        ("http://127.0.0.1/a.pth", True),
        ("http://localhost.example.org/a.pth", False),
    ],
)
def test_weights_come_over_https_or_from_this_very_machine(address, allowed):
    assert is_allowed(address) is allowed
    if not allowed:
        with pytest.raises(ValidationError, match="not an https address"):
            weights(address)


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "abc"},
        {"size": 0},
        {"size": "many"},
        {"file": "../network.pth"},
        {"name": "Net work"},
        {"format": "pickle"},
        {"more": 1},
    ],
    ids=str,
)
def test_an_entry_that_cannot_be_right_is_refused(change):
    with pytest.raises(ValidationError):
        weights(**change)


def test_all_fields_must_be_written():
    with pytest.raises(ValidationError, match="licence"):
        Weights.model_validate(weights().model_dump(exclude={"licence"}))


def test_all_registered_weights_are_documented():
    page = (Path(__file__).parents[2] / "docs" / "weights.md").read_text(encoding="utf-8")
    for entry in registered().values():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{entry.name}` |"))
        assert all(f"`{metric}`" in row for metric in entry.used_by)
        assert f" {round((entry.size or 0) / 1e6)} MB " in row
        assert entry.licence.split()[0] in row
