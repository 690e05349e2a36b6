"""``import signbench``: its names exist, are typed and documented, and are used on the page about Python."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import signbench
from signbench.errors import InputError

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
NAMES = sorted(set(signbench.__all__) - {"__version__"})


def test_the_names_for_type_checkers_are_those_that_are_imported_on_use():
    tree = ast.parse((ROOT / "signbench" / "__init__.py").read_text(encoding="utf-8"))
    stated = {
        name.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("signbench")
        for name in node.names
    }
    assert stated == signbench._HOMES
    assert sorted(stated) == NAMES
    assert sorted(signbench.__all__) == dir(signbench)


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_exists_is_documented_and_is_on_the_page(name):
    found = getattr(signbench, name)
    assert found.__module__ == signbench._HOMES[name]
    assert inspect.getdoc(found)
    assert f"signbench.{name}" in PAGE


@pytest.mark.parametrize("name", [name for name in NAMES if inspect.isfunction(getattr(signbench, name))])
def test_a_public_function_has_types_an_example_and_at_most_three_positional_arguments(name):
    function = getattr(signbench, name)
    signature = inspect.signature(function)
    assert all(each.annotation is not each.empty for each in signature.parameters.values())
    assert signature.return_annotation is not signature.empty
    assert "Example:" in function.__doc__
    assert sum(each.kind is each.POSITIONAL_OR_KEYWORD for each in signature.parameters.values()) <= 3


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'meassure'"):
        signbench.meassure  # noqa: B018


def test_importing_it_imports_no_library():
    program = "import sys, signbench; print(sorted(set(sys.modules) & {'numpy', 'torch', 'pydantic', 'pandas', 'av', 'yaml'}))"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"


def test_the_examples_of_the_page_about_python_are_correct(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "page", type(sys)("page"))
    names = sys.modules["page"].__dict__
    source = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    file = tmp_path / "page.py"  # the contents that identify a generator are its file
    file.write_text(source, encoding="utf-8")
    names["__file__"] = str(file)
    exec(compile(source, str(file), "exec"), names)
    said = capsys.readouterr().out
    assert "Did you mean ssim" in said
    assert "prediction: REGEN  MORGEN" in said
    assert float(names["ssim"].compute()) == names["score"].value
    assert names["comparison"].first.run == str(names["truth"].folder)


@pytest.mark.parametrize(
    ("generator", "options", "message"),
    [
        ("nearst", {}, "there is no generator nearst. Did you mean nearest"),
        (signbench.Generator, {}, "pass a name, or an instance of a subclass of signbench.Generator"),
        (object(), {}, "pass a name, or an instance"),
        ("nearest", {"split": "tset"}, "tset"),
        ("nearest", {"clips": ["test-9999"]}, "test-9999"),
    ],
)
def test_an_impossible_run_is_refused_before_the_work_starts(generator, options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=re.escape(message)):
        signbench.run("synthsign/text-to-pose", generator, **options)
    assert list(tmp_path.iterdir()) == []


def test_an_instance_of_a_generator_takes_no_checkpoint(tmp_path, monkeypatch):
    from signbench.generators.trivial import MeanPose

    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="the generator mean-pose is an instance already; pass the checkpoint to its class"):
        signbench.run("synthsign/text-to-pose", MeanPose(), checkpoint="weights.pt")
