"""Judges by name: built-in ones, reference models, models that are not there yet."""

from __future__ import annotations

import subprocess
import sys

import pytest

from signbench.errors import InputError
from signbench.judges import registry
from signbench.judges.network_judge import NetworkJudge
from signbench.judges.slt.judge import SLTJudge
from signbench.metrics.judged import judge_of
from tests.judges.random_models import tiny_slt

NETWORKS = sorted(set(registry.JUDGES.built_in) - {"nearest", "dwpose"})
RECIPE = """model: slt
summary: A translator.
configuration: small
corpus: synthsign
train: [train]
dev: dev
phases: [{name: all, epochs: 1, batch: 2, optimiser: {name: adam, rate: 0.001}}]
select: {metric: wer, gives: gloss, direction: lower}
"""


@pytest.fixture
def current(tmp_path, monkeypatch):
    """A current folder with a trained model, and the recipe of one that is not trained."""
    monkeypatch.chdir(tmp_path)
    tiny_slt(tmp_path / "reference_models" / "slt-mine")
    tiny_slt(tmp_path / "reference_models" / "trunk", kind="trunk")
    (tmp_path / "reference_models" / "slt-planned").mkdir()
    (tmp_path / "reference_models" / "slt-planned" / "recipe.yaml").write_text(RECIPE)
    return tmp_path


@pytest.mark.parametrize("name", NETWORKS)
def test_a_built_in_judge_with_a_network_is_described_without_its_weights(name):
    kind = registry.judge_class(name)
    assert issubclass(kind, NetworkJudge)
    assert kind.name == name
    assert kind.summary


def test_listing_the_judges_imports_no_network_library():
    program = (
        "import sys; from signbench.judges import registry; list(map(registry.judge_class, registry.known())); "
        "print(sorted({'torch', 'transformers', 'scipy', 'numba', 'cv2'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"


def test_the_name_of_a_reference_model_is_that_of_a_judge(current):
    assert {"slt-mine", "slt-planned"} <= set(registry.known())
    assert "trunk" not in registry.known()
    assert registry.judge_class("slt-mine") is SLTJudge
    made = registry.create("slt-mine")
    assert made.name == "slt-mine"
    assert made.signature().startswith(f"slt/1+small-{made.model.digest}+")


def test_the_path_of_a_model_s_folder_is_a_judge(current):
    assert registry.create("reference_models/slt-mine").signature() == registry.create("slt-mine").signature()
    with pytest.raises(InputError, match=r"holds the trunk trunk .* which is no judge"):
        registry.create("./reference_models/trunk")
    with pytest.raises(InputError, match="is not a model: it has no card"):
        registry.create("./nothing")


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("nearest", None),
        ("slt-mine", None),
        ("slt-planned", "signbench train slt-planned --out reference_models/slt-planned"),
        ("slt-slrtp2025", "signbench weights add FILE --as slt-slrtp2025 --model slt"),
        ("nslt-phoenix14t-plus", "signbench train RECIPE.yaml --out reference_models/nslt-phoenix14t-plus"),
        ("pose-estimator-wholebody", "signbench weights add FILE --as pose-estimator-wholebody --model pose-estimator"),
        ("file.py:Judge", None),
    ],
)
def test_the_command_that_brings_a_model_is_known(name, command, current):
    assert registry.lacking(name) == command
    if command is not None:
        with pytest.raises(InputError, match=f"the weights of the judge {name} are not present; run: {command}"):
            registry.create(name)


def test_an_unknown_name_is_answered_with_the_nearest(current):
    with pytest.raises(InputError, match=r"there is no judge slt-mime\. Did you mean slt-mine"):
        registry.judge_class("slt-mime")


@pytest.mark.parametrize(
    ("on", "judge"),
    [
        ("slt", "slt"),
        ("slt.gloss", "slt"),
        ("slt-1.0", "slt-1.0"),
        ("slt-1.0.gloss", "slt-1.0"),
        ("a.b:C", "a.b:C"),
    ],
)
def test_a_judge_s_name_may_have_dots(on, judge):
    assert judge_of(on) == judge
