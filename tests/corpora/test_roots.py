"""Where corpora lie: a variable, a configuration file, or an option."""

from __future__ import annotations

import pytest

from signbench.corpora import registry, roots
from signbench.errors import InputError
from tests.corpora import trees


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_corpus_is_found_below_the_folder_in_the_variable(here, monkeypatch):
    trees.asl3dword(here / "data/asl3dword")
    monkeypatch.setenv("SIGNBENCH_CORPORA", "data")
    assert roots.find("asl3dword") == here.relative_to(here) / "data/asl3dword"
    assert roots.find("asl3dword-30") is None
    assert registry.readable("asl3dword")
    assert len(registry.corpus("asl3dword").ids("test")) == 3


def test_a_corpus_is_found_in_the_file_in_the_variable_the_current_folder_and_the_users_own(here, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(here / "configuration"))
    files = {name: here / name / "corpora.yaml" for name in ("named", "configuration/signbench")} | {"": here / "corpora.yaml"}
    for name, file in files.items():
        trees.asl3dword(file.parent / "copy", test=len(name) + 1)
        file.write_text("asl3dword: copy\n", "utf-8")
    monkeypatch.setenv("SIGNBENCH_CORPORA", "named/corpora.yaml")
    for name in ("named", "", "configuration/signbench"):
        assert roots.find("asl3dword").resolve() == (files[name].parent / "copy").resolve()
        assert len(registry.corpus("asl3dword").ids("test")) == len(name) + 1
        files[name].write_text("", "utf-8")


def test_an_option_overrides_the_configuration(here):
    (here / "corpora.yaml").write_text("asl3dword: a\n", "utf-8")
    trees.asl3dword(here / "a", test=1)
    trees.asl3dword(here / "b", test=2)
    assert len(registry.corpus("asl3dword").ids("test")) == 1
    assert len(registry.corpus("asl3dword", here / "b").ids("test")) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "asl3dword: nowhere",
            r"corpora\.yaml: the folder of asl3dword, \S+nowhere, does not exist; correct it or remove the line",
        ),
        ("- asl3dword", r"corpora\.yaml does not name folders; write a corpus's name, a colon and its folder on each line"),
        ("asl3dword:", r"corpora\.yaml does not name folders"),
        ("asl3dword: [a]", r"corpora\.yaml does not name folders"),
        ("asl3dword: {points: a}", r"corpora\.yaml does not name folders"),
        ("asl3dword: {root: ., folder: a}", r"corpora\.yaml does not name folders"),
        ("asl3dword: {root: ., points: nowhere}", r"the folder of asl3dword, \S+nowhere, does not exist"),
        ("{", r"corpora\.yaml, line \d+ is not YAML"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(content, message, here):
    (here / "corpora.yaml").write_text(content, "utf-8")
    with pytest.raises(InputError, match=message):
        roots.find("asl3dword")


def test_what_is_not_configured_is_said_with_the_ways_to_do_it(monkeypatch):
    with pytest.raises(
        InputError, match=r"no folder is known for the corpus asl3dword: name it with `root=DIR`, in corpora\.yaml or"
    ):
        registry.corpus("asl3dword")
    assert not registry.readable("asl3dword")
    monkeypatch.setenv("SIGNBENCH_CORPORA", "nowhere")
    with pytest.raises(InputError, match="the variable SIGNBENCH_CORPORA names nowhere, which does not exist"):
        roots.find("asl3dword")
