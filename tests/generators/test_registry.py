from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest
from typer.testing import CliRunner

from signbench import registry
from signbench.cli.generators import app
from signbench.errors import InputError
from signbench.generators.base import Card, Generator
from signbench.generators.registry import MODELS, content, create, generator_class, known
from tests.cli.program import environment
from tests.patience import PATIENCE

BUILT_IN = ["ground-truth", "shuffled", "first-frame", "mean-pose", "noise", "nearest", "stitched"]
SOURCE = """
from signbench.generators.base import Card, Generator

class Mine(Generator):
    '''Makes nothing.'''
    card = Card(name="mine", version="1", modalities=("pose",), prompt_fields=("text",), licence="MIT")
    def __init__(self, strength=1, checkpoint=None):
        self.given = (strength, checkpoint)
    def generate(self, prompts, seeds):
        return iter(())

class Unfinished(Generator):
    card = Mine.card

class Cardless(Mine):
    card = None

class Broken(Mine):
    def __init__(self):
        raise RuntimeError("no weights")

class NoGenerator:
    pass

number = 3
"""


def test_every_built_in_generator_has_a_card_of_its_name():
    assert [name for name in known() if name in BUILT_IN] == BUILT_IN
    for name in BUILT_IN:
        assert create(name).card.name == name
        assert create(name).card.sees == ("references" if name in ("ground-truth", "shuffled") else "prompts")
        assert generator_class(name).__doc__


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("neerest", "there is no generator neerest. Did you mean nearest?"),
        ("nearest:embeding=x", "has no parameter embeding. Did you mean embedding?"),
        ("noise:seed=3", "has no parameter seed. It has none."),
        ("nearest:embedding", "'embedding' is not key=value; write nearest:key=value"),
        ("stitched:blend=1,blend=2", "blend is given twice"),
        ("nowhere.module:Class", "there is no generator and no module nowhere.module"),
        ("neerest:x=1", "there is no generator neerest:x=1. Did you mean nearest?"),
        ("json:Encoder", "the module has no Encoder"),
        ("json:JSONDecoder", "is not a subclass of signbench.generators.base.Generator"),
        ("json:dumps", "is not a subclass"),
        ("missing.py:Mine", "missing.py does not exist"),
        ("mine.py:Mien", "the module has no Mien. Did you mean Mine?"),
        ("mine.py:NoGenerator", "is not a subclass"),
        ("mine.py:number", "is not a subclass"),
        ("mine.py:Unfinished", "is incomplete: it lacks generate"),
        ("mine.py:Cardless", "has no card; set card = Card(...)"),
        ("mine.py:Broken", "cannot be made: RuntimeError: no weights"),
        ("mine.py:Mine:speed=2", "has no parameter speed. Known: checkpoint, strength."),
        ("wrong.py:Mine", "cannot be imported: SyntaxError"),
        ("lacking:Mine", "cannot be imported: No module named 'not_here'"),
        ("", "there is no generator"),
        ("a b", "A custom one: package.module:Class or file.py:Class"),
    ],
)
def test_something_other_than_a_generator_is_refused_with_what_to_write(text, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "mine.py").write_text(SOURCE)
    (tmp_path / "wrong.py").write_text("class Mine(:\n")
    (tmp_path / "lacking.py").write_text("import not_here\n")
    with pytest.raises(InputError, match=re.escape(said)):
        create(text)


def test_a_custom_class_is_found_in_a_file_or_in_a_module_of_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "models.py").write_text(SOURCE)
    for text in ("own/models.py:Mine", f"{tmp_path}/own/models.py:Mine", "own.models:Mine"):
        made = create(text)
        assert (made.card.name, made.given) == ("mine", (1, None))
    assert create("own/models.py:Mine:strength=3", checkpoint="weights.pt").given == ("3", "weights.pt")
    sys.modules.pop("own.models")
    sys.modules.pop("own")


class Installed(Generator):
    """Comes from another package."""

    card = Card(name="installed", version="7", modalities=("video",), prompt_fields=(), licence="MIT")

    def generate(self, prompts, seeds):
        return iter(())


def test_installed_generators_are_known_and_do_not_hide_built_in_ones(monkeypatch):
    entries = [
        EntryPoint(name, f"{__name__}:{attribute}", "signbench.generators")
        for name, attribute in (("installed", "Installed"), ("noise", "Installed"), ("broken", "Missing"), ("wrong", "SOURCE"))
    ]
    monkeypatch.setattr(registry, "_installed", lambda group: {entry.name: entry for entry in entries})
    monkeypatch.setattr(EntryPoint, "load", lambda entry: globals()[entry.attr])
    assert known() == [*BUILT_IN, *MODELS, "broken", "installed", "wrong"]
    assert create("installed").card.version == "7"
    assert create("noise").card.version == "3"
    with pytest.raises(InputError, match=r"broken of .* cannot be imported: KeyError"):
        create("broken")
    with pytest.raises(InputError, match=r"wrong: .* is not a subclass"):
        create("wrong")
    listed = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)
    assert [row["name"] for row in listed] == known()
    assert "cannot be imported" in next(row for row in listed if row["name"] == "broken")["error"]


def test_the_generators_are_listed_and_shown(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    table = CliRunner().invoke(app, ["list"])
    assert table.exit_code == 0
    assert all(name in table.stdout for name in BUILT_IN)
    shown = CliRunner().invoke(app, ["show", "shuffled"])
    assert "sees: references (an anchor" in shown.stdout
    as_json = json.loads(CliRunner().invoke(app, ["show", "nearest", "--json"]).stdout)
    assert (as_json["prompt_fields"], as_json["parameters"]) == (["text|gloss|word"], {"embedding": "characters"})
    text = CliRunner().invoke(app, ["show", "stitched"]).stdout
    assert "needs: gloss or word or text" in text
    assert "parameter: blend=0.2" in text


def test_an_unknown_generator_is_answered_with_the_nearest():
    ran = CliRunner().invoke(app, ["show", "strong-noise"])
    assert isinstance(ran.exception, InputError)
    assert "Did you mean" in str(ran.exception)


def test_listing_names_imports_nothing_heavy():
    code = "import sys, signbench.cli.generators, signbench.generators.registry as r; r.known()\n"
    code += "print([name for name in ('torch', 'scipy', 'av', 'cv2', 'pandas', 'numba') if name in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert ran.stdout == "[]\n"


def test_a_device_is_given_to_generators_that_take_one_and_to_no_others(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(
        SOURCE + "\nclass OnDevice(Mine):\n    def __init__(self, device='cpu'):\n        self.given = device\n"
    )
    assert create("mine.py:OnDevice", device="cuda:1").given == "cuda:1"
    assert create("mine.py:Mine", device="cuda:1").given == (1, None)
    assert create("noise", device="cuda:1").card.name == "noise"
    for text in ("noise", "mine.py:OnDevice"):
        assert content(text, device="cuda:1") == content(text)
    for text in ("noise:device=cuda:1", "mine.py:Mine:device=cuda:1"):
        with pytest.raises(InputError, match="has no parameter device"):
            create(text)
