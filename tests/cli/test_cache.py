from __future__ import annotations

import io
import json
import sys

import numpy as np
import pytest

from signbench.cli.main import main
from signbench.extractors.cache import ObservationCache, observation_key

EXTRACTORS = ("inception/1+6726825d0af5+tf1+float32", "i3d/1+55095f049e70+crop+float32")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SIGNBENCH_CACHE", str(tmp_path / "observations"))
    monkeypatch.setenv("SIGNBENCH_CACHE_LIMIT", "2")
    return ObservationCache.from_environment()


@pytest.fixture
def filled(cache):
    """Two observations of one extractor and one of another."""
    for recording, extractor in (("a", EXTRACTORS[0]), ("b", EXTRACTORS[0]), ("a", EXTRACTORS[1])):
        with cache.writer(observation_key(recording, "reader", "view", extractor), {"extractor": extractor}) as writer:
            writer.add(np.ones((4, 3), np.float32))
    return cache


@pytest.fixture
def signbench(monkeypatch, capsys):
    """Runs ``signbench WORDS`` in this process: exit code, standard output and standard error."""

    def run(*words, answer=None):
        class Terminal(io.StringIO):
            def isatty(self):
                return answer is not None

        monkeypatch.setattr(sys, "stdin", Terminal(f"{answer}\n"))
        monkeypatch.setattr(sys, "argv", ["signbench", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


def damage(cache):
    path = cache.entries()[0].path
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    return path


def test_the_cache_is_shown_by_extractor(signbench, filled):
    code, out, _ = signbench("cache", "show")
    assert code == 0
    assert all(name in out for name in EXTRACTORS)
    assert f"of at most 2.000 GB in {filled.folder}" in out
    shown = json.loads(signbench("cache", "show", "--json")[1])
    assert {row["extractor"]: row["entries"] for row in shown["extractors"]} == {EXTRACTORS[0]: 2, EXTRACTORS[1]: 1}
    assert shown["bytes"] == sum(entry.size for entry in filled.entries()) == sum(row["bytes"] for row in shown["extractors"])
    assert (shown["entries"], shown["limit_bytes"], shown["folder"]) == (3, 2 * 10**9, str(filled.folder))


def test_a_cache_that_does_not_exist_is_empty(signbench, cache):
    assert json.loads(signbench("cache", "show", "--json")[1])["entries"] == 0
    assert signbench("cache", "show")[0] == signbench("cache", "verify")[0] == signbench("cache", "clear")[0] == 0
    assert not cache.folder.exists()


def test_leftovers_of_a_killed_run_are_shown_separately(signbench, filled):
    (filled.folder / f".{'0' * 64}.7.{'0' * 16}.part").write_bytes(b"half")
    rows = json.loads(signbench("cache", "show", "--json")[1])["extractors"]
    assert {"extractor": "(unfinished)", "entries": 1, "bytes": 4} in rows


def test_an_intact_cache_is_verified(signbench, filled):
    code, out, _ = signbench("cache", "verify")
    assert (code, out) == (0, f"3 entries, 0 damaged in {filled.folder}\n")


def test_damage_is_reported_and_removed_only_on_request(signbench, filled):
    path = damage(filled)
    code, out, err = signbench("cache", "verify", "--json")
    assert code == 2
    (row,) = json.loads(out)["damaged"]
    assert row["path"] == str(path)
    assert "checksum" in row["damage"]
    assert "signbench cache verify --remove" in err
    assert path.exists()
    code, out, err = signbench("cache", "verify", "--remove")
    assert code == 0
    assert "1 damaged and removed" in out
    assert str(path) in err
    assert not path.exists()
    assert signbench("cache", "verify")[:2] == (0, f"2 entries, 0 damaged in {filled.folder}\n")


def test_a_renamed_entry_is_damaged(signbench, filled):
    path = filled.entries()[0].path
    path.rename(path.with_name("0" * 64 + ".observation"))
    code, _, err = signbench("cache", "verify")
    assert code == 2
    assert "it was renamed" in err


def test_nothing_is_cleared_without_consent(signbench, filled):
    code, _, err = signbench("cache", "clear")
    assert code == 2
    assert "this would remove 3 entries" in err
    assert "use --yes" in err
    code, _, err = signbench("cache", "clear", answer="n")
    assert code == 0
    assert "nothing was removed" in err
    assert len(filled.entries()) == 3


@pytest.mark.parametrize(("words", "answer"), [(("--yes",), None), ((), "y")], ids=["--yes", "answer"])
def test_the_cache_is_cleared_and_nothing_else(words, answer, signbench, filled):
    (filled.folder / "notes.txt").write_text("mine")
    code, _, err = signbench("cache", "clear", *words, answer=answer)
    assert code == 0
    assert "removed 3 entries" in err
    assert [path.name for path in filled.folder.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("named", ["inception", EXTRACTORS[0]])
def test_one_extractors_observations_are_cleared(named, signbench, filled):
    code, _, err = signbench("cache", "clear", "--extractor", named, "--yes")
    assert code == 0
    assert "removed 2 entries" in err
    assert [entry.extractor() for entry in filled.entries()] == [EXTRACTORS[1]]


def test_the_message_for_an_unknown_extractor_suggests_the_nearest(signbench, filled):
    code, _, err = signbench("cache", "clear", "--extractor", "inceptio", "--yes")
    assert code == 2
    assert "Did you mean inception" in err


def test_a_limit_that_is_not_a_size_is_refused(signbench, cache, monkeypatch):
    monkeypatch.setenv("SIGNBENCH_CACHE_LIMIT", "much")
    code, _, err = signbench("cache", "show")
    assert code == 2
    assert "SIGNBENCH_CACHE_LIMIT is 'much'" in err
