"""What a generator is by its content: whatever may move its numbers changes it, and nothing else does."""

from __future__ import annotations

import json
import linecache
import sys
from types import ModuleType

import pytest

from signbench.errors import InputError
from signbench.foreign.content import code_digest, digest_of_path, source_digests
from signbench.generators.registry import content, create
from signbench.metrics.registry import create as metric
from signbench.runs.folder import RunFolder
from signbench.scoring.task_runs import Generation, TaskRun, run_generator
from tests.tasks.conftest import tiny_corpus
from tests.tasks.tiny import tiny_task

__all__ = ["tiny_corpus"]

tiny = pytest.mark.usefixtures("tiny_corpus")

MODEL = """
from pathlib import Path
from signbench.generators.base import Card, Generator, Production
from tests.tasks.tiny import points
{imports}

class Model(Generator):
    card = Card(name="model", version="1", modalities=("pose",), prompt_fields=("text",), licence="MIT")
    def __init__(self, speed=1, checkpoint=None, device=None):
        self.shift = float(speed) + (0 if checkpoint is None or Path(checkpoint).is_dir() else float(Path(checkpoint).read_text()))
    def generate(self, prompts, seeds):
        {body}
        for prompt in prompts:
            pose = points(99)
            pose.points[:] += self.shift
            yield Production(prompt.clip, pose=pose, fps=25.0)
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(f"{tmp_path}/"):
            del sys.modules[name]


def write(path, imports="", body="pass"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(MODEL.format(imports=imports, body=body))


def known_of(text, **options):
    create(text, **options)
    return content(text, **options)


def change_checkpoint(here):
    (here / "a.pt").write_text("7")


def change_file(here):
    write(here / "model.py", "import network", "import late  # as before")


def change_import(here):
    (here / "network.py").write_text("WIDTH = 2")


def change_late_import(here):
    (here / "late.py").write_text("WIDTH = 2")


def change_deep_import(here):
    (here / "layers" / "deep.py").write_text("WIDTH = 2")


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (change_checkpoint, ["checkpoint"]),
        (change_file, ["source model.py"]),
        (change_import, ["source network.py"]),
        (change_late_import, ["source late.py"]),
        (change_deep_import, ["source layers/deep.py"]),
    ],
)
def test_a_changed_checkpoint_file_or_local_import_is_another_content(change, differs, here):
    (here / "layers").mkdir()
    (here / "layers" / "__init__.py").write_text("")
    (here / "layers" / "deep.py").write_text("WIDTH = 1")
    (here / "network.py").write_text("import numpy\nfrom layers import deep\nWIDTH = 1")
    (here / "late.py").write_text("WIDTH = 1")
    (here / "a.pt").write_text("0")
    write(here / "model.py", "import network", "import late")
    first = known_of("model.py:Model", checkpoint=here / "a.pt")
    assert sorted(first) == [
        "checkpoint",
        "source late.py",
        "source layers/__init__.py",
        "source layers/deep.py",
        "source model.py",
        "source network.py",
    ]
    change(here)
    second = known_of("model.py:Model", checkpoint=here / "a.pt")
    assert [name for name in second if second[name] != first.get(name)] == differs


def test_the_same_files_elsewhere_are_the_same_content(here):
    for name in ("one", "two"):
        write(here / name / "model.py")
        (here / name / "a.pt").write_text("0")
    first, second = (known_of(f"{name}/model.py:Model", checkpoint=here / name / "a.pt") for name in ("one", "two"))
    assert first == second


def test_a_package_is_known_by_every_file_of_it_but_what_running_makes(here):
    write(here / "mine" / "models" / "big.py", "from ..parts import blocks")
    (here / "mine" / "__init__.py").write_text("")
    (here / "mine" / "models" / "__init__.py").write_text("")
    (here / "mine" / "parts").mkdir()
    (here / "mine" / "parts" / "blocks.py").write_text("")
    (here / "mine" / "config.json").write_text("{}")
    first = known_of("mine.models.big:Model")
    assert sorted(first) == [
        f"source mine/{name}" for name in ("__init__.py", "config.json", "models/__init__.py", "models/big.py", "parts/blocks.py")
    ]
    for name in ("__pycache__/x.pyc", ".git/HEAD", "runs/x/run.json"):
        path = here / "mine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    assert content("mine.models.big:Model") == first
    (here / "mine" / "config.json").write_text('{"width": 2}')
    assert [name for name, digest in content("mine.models.big:Model").items() if digest != first[name]] == [
        "source mine/config.json"
    ]


@pytest.mark.parametrize(
    ("options", "added"),
    [
        (":speed=3", {"parameter speed": "3"}),
        (":device=cuda", {}),
        (":speed=3,device=cuda:1", {"parameter speed": "3"}),
    ],
)
def test_parameters_are_content_but_the_device_is_not(options, added, here):
    write(here / "model.py")
    plain = known_of("model.py:Model")
    assert known_of(f"model.py:Model{options}") == {**plain, **added}


def test_a_parameter_that_names_a_file_or_folder_stands_for_its_bytes(here):
    write(here / "model.py")
    (here / "weights").mkdir()
    (here / "weights" / "a.bin").write_bytes(b"1")
    first = known_of("model.py:Model:checkpoint=weights")
    assert first["parameter checkpoint"] == "weights"
    (here / "weights" / "a.bin").write_bytes(b"2")
    second = known_of("model.py:Model:checkpoint=weights")
    assert [name for name in first if first[name] != second[name]] == ["content of checkpoint"]


def test_the_digest_of_a_folder_follows_from_names_and_bytes(here):
    for name, files in {"a": {"x": "1", "y/z": "2"}, "b": {"y/z": "2", "x": "1"}, "c": {"x": "1", "y/w": "2"}, "d": {}}.items():
        (here / name).mkdir()
        for file, text in files.items():
            (here / name / file).parent.mkdir(exist_ok=True)
            (here / name / file).write_text(text)
    assert digest_of_path(here / "a") == digest_of_path(here / "b")
    assert len({digest_of_path(here / name) for name in "acd"}) == 3
    with pytest.raises(InputError, match=r"none cannot be read: No such file"):
        digest_of_path(here / "none")


@pytest.mark.parametrize("name", ["noise", "nearest", "stitched"])
def test_the_generators_that_signbench_brings_along_are_known_by_their_versions(name):
    assert content(name) == {}
    assert content("stitched:blend=0.4") == {"parameter blend": "0.4"}


def run(text, out=None, task=None, fresh=False, **options):
    made_by = create(text, **options)
    generation = Generation(TaskRun.of(task or tiny_task("pose")), made_by, content=content(text, **options))
    folder, result = run_generator(generation, out, fresh=fresh)
    return folder.path, result["dtw"].value


@tiny
def test_another_checkpoint_parameter_or_source_gets_a_folder_and_a_number_of_its_own(here):
    write(here / "model.py")
    (here / "a.pt").write_text("0")
    (here / "b.pt").write_text("5")
    first = run("model.py:Model", checkpoint=here / "a.pt")
    found = [first, run("model.py:Model", checkpoint=here / "b.pt"), run("model.py:Model:speed=3", checkpoint=here / "a.pt")]
    write(here / "model.py", body="self.shift = 9")
    found.append(run("model.py:Model", checkpoint=here / "a.pt"))
    assert len({path for path, _ in found}) == len({value for _, value in found}) == 4
    write(here / "model.py")
    assert run("model.py:Model", checkpoint=here / "a.pt") == first


@tiny
@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("model.py:Model", {"checkpoint": "b.pt"}, r"checkpoint: SHA-256 \w{12} then, SHA-256 \w{12} now"),
        ("model.py:Model:speed=3", {"checkpoint": "a.pt"}, "parameter speed: none then, 3 now"),
        ("model.py:Model", {}, r"checkpoint: SHA-256 \w{12} then, none now"),
        ("other.py:Model", {"checkpoint": "a.pt"}, r"source model.py: SHA-256 \w{12} then, none now; source other.py: none then"),
    ],
)
def test_one_folder_for_two_contents_is_refused_with_what_differs(text, options, said, here):
    write(here / "model.py")
    write(here / "other.py")
    (here / "a.pt").write_text("0")
    (here / "b.pt").write_text("5")
    run("model.py:Model", here / "run", checkpoint=here / "a.pt")
    before = (here / "run" / "result.json").read_bytes()
    with pytest.raises(InputError, match=rf"a different specification \({said}"):
        run(text, here / "run", **{name: here / path for name, path in options.items()})
    assert (here / "run" / "result.json").read_bytes() == before


@tiny
def test_a_task_that_is_not_the_shipped_one_is_content_and_signed(here):
    write(here / "model.py")
    first, _ = run("model.py:Model", task=tiny_task("pose"))
    second, _ = run("model.py:Model", task=tiny_task("pose", seed=8))
    assert first != second
    signed = [json.loads((path / "result.json").read_text())["scores"][0]["signature"] for path in (first, second)]
    digests = [tiny_task("pose").digest()[:12], tiny_task("pose", seed=8).digest()[:12]]
    assert [f"|task:{digest}|" in text for text, digest in zip(signed, digests, strict=True)] == [True, True]
    assert RunFolder(first).read()["spec"]["own_task"] == digests[0]


def test_a_metric_of_another_package_is_signed_with_its_source():
    assert code_digest(type(metric("l1"))) is None
    assert metric("l1").signed_revision == str(metric("l1").revision)

    class Other(type(metric("l1"))):
        pass

    assert Other.__module__ == __name__
    assert Other().signed_revision == f"{metric('l1').revision}+{code_digest(Other)}"
    assert len(code_digest(Other)) == 12


CELL = """
from signbench.generators.base import Card, Generator

class InNotebook(Generator):
    card = Card(name="model", version="1", modalities=("pose",), prompt_fields=("text",), licence="MIT")
    def generate(self, prompts, seeds):
        {body}
"""


def written_in_a_cell(body, monkeypatch, *, known=True):
    """The class that a cell of a notebook makes; Python knows the lines of cells, but no file of theirs."""
    text, name, main = CELL.format(body=body), f"<cell {body}>", ModuleType("__main__")
    if known:
        monkeypatch.setitem(linecache.cache, name, (len(text), None, text.splitlines(keepends=True), name))
    monkeypatch.setitem(sys.modules, "__main__", main)
    exec(compile(text, name, "exec"), main.__dict__)
    return main.InNotebook


def test_a_class_in_a_notebook_is_its_cell(monkeypatch):
    first, again, other = (source_digests(written_in_a_cell(body, monkeypatch)) for body in ("yield 1", "yield 1", "yield 2"))
    assert list(first) == ["InNotebook"]
    assert first == again != other


def test_a_class_that_was_typed_at_a_prompt_is_refused(monkeypatch):
    with pytest.raises(InputError, match=r"the class InNotebook has no source, .*; write it into a file or a notebook\."):
        source_digests(written_in_a_cell("yield 3", monkeypatch, known=False))
