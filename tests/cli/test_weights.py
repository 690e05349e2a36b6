from __future__ import annotations

import json
import sys

import pytest

from signbench.cli.main import main
from signbench.weights import digests, registry
from tests.judges.official_checkpoints import filled, signjoey_config, slt_network, write_signjoey
from tests.weights.serving import CONTENT, Manners, serving, weights


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SIGNBENCH_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.delenv("http_proxy", raising=False)
    monkeypatch.setattr(digests, "_known", {})
    return tmp_path / "weights"


@pytest.fixture
def register(monkeypatch):
    def replace(*entries):
        monkeypatch.setattr(registry, "registered", lambda: {entry.name: entry for entry in entries})

    return replace


@pytest.fixture
def signbench(monkeypatch, capsys):
    """Runs ``signbench WORDS`` in this process: exit code, standard output and standard error."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["signbench", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


def test_all_registered_weights_are_listed_with_size_licence_and_state(signbench, folder):
    code, out, err = signbench("weights", "list")
    assert code == 0
    for entry in registry.registered().values():
        assert entry.name in out
        assert entry.licence in out
    assert out.count("absent") == len(registry.registered())
    assert f"folder: {folder}" in err
    rows = json.loads(signbench("weights", "list", "--json")[1])
    assert [row["name"] for row in rows] == list(registry.registered())
    assert {row["state"] for row in rows} == {"absent"}
    assert not folder.exists()


@pytest.mark.parametrize(
    ("content", "changes", "state"),
    [(CONTENT, {}, "verified"), (CONTENT, {"sha256": None}, "unverified"), (b"other", {}, "damaged")],
)
def test_the_list_shows_which_files_are_present(content, changes, state, signbench, register, folder):
    register(weights(**changes))
    folder.mkdir()
    (folder / "network.pth").write_bytes(content)
    (row,) = json.loads(signbench("weights", "list", "--json")[1])
    assert row["state"] == state
    assert row["path"] == str(folder / "network.pth")


def test_weights_are_fetched_by_name_or_all_of_them(signbench, register, folder):
    manners = Manners()
    with serving(manners) as address:
        register(weights(address), weights(address, name="second", file="second.pth"))
        code, out, err = signbench("weights", "fetch", "network", "network")
        assert (code, out) == (0, "")
        assert f"network: {folder / 'network.pth'} (verified; licence CC0-1.0)" in err
        assert len(manners.asked) == 1
        assert signbench("weights", "fetch", "--all")[0] == 0
    assert (folder / "second.pth").read_bytes() == CONTENT
    assert len(manners.asked) == 2


def test_other_weights_are_fetched_even_if_one_cannot_be(signbench, register, folder):
    with serving(Manners()) as address, serving(Manners(errors=[404])) as missing:
        register(weights(missing, name="first", file="first.pth"), weights(address))
        code, _, err = signbench("weights", "fetch", "--all")
    assert code == 2
    assert "answers 404" in err
    assert "1 of 2 could not be fetched" in err
    assert (folder / "network.pth").read_bytes() == CONTENT


@pytest.mark.parametrize("words", [(), ("network", "--all")], ids=["nothing", "both"])
def test_a_fetch_must_name_weights(words, signbench, register):
    register(weights())
    code, _, err = signbench("weights", "fetch", *words)
    assert code == 2
    assert "or use --all" in err


@pytest.mark.parametrize("command", ["fetch", "verify"])
def test_the_message_for_an_unknown_name_suggests_the_nearest(command, signbench):
    code, _, err = signbench("weights", command, "vgg16")
    assert code == 2
    assert "Did you mean vgg16-397923af" in err


def test_a_local_file_is_added(signbench, register, folder, tmp_path):
    register(weights())
    (tmp_path / "brought").write_bytes(CONTENT)
    code, _, err = signbench("weights", "add", tmp_path / "brought")
    assert code == 0
    assert f"network: {folder / 'network.pth'} (verified)" in err
    (tmp_path / "brought").write_bytes(b"other")
    code, _, err = signbench("weights", "add", tmp_path / "brought", "--as", "network")
    assert code == 2
    assert "is not the registered file" in err


def test_a_published_checkpoint_becomes_a_reference_model(signbench, folder, tmp_path):
    write_signjoey(tmp_path / "official", signjoey_config(feature_size=150), filled(slt_network(inputs=150)))
    code, out, err = signbench("weights", "add", tmp_path / "official", "--as", "slt-mine", "--model", "slt", "--json")
    assert code == 0
    assert f"slt-mine: {folder / 'models' / 'slt-mine'} (" in err
    assert "use it as the judge slt-mine" in err
    assert (json.loads(out)["model"], json.loads(out)["configuration"]) == ("slt", "official")
    for words, message in (
        (["--as", "slt-mine", "--model", "slt"], "there is a model slt-mine already"),
        (["--model", "slt"], "a model needs a name; add --as NAME"),
        (["--as", "x", "--model", "slat"], "Did you mean slt"),
        (["--as", "slt", "--model", "slt"], "--as slt is the judge itself"),
    ):
        code, _, err = signbench("weights", "add", tmp_path / "official", *words)
        assert (code, len(err.splitlines())) == (2, 1)
        assert message in err


def test_weights_are_hashed_again_even_if_a_digest_is_cached(signbench, register, folder, monkeypatch):
    register(weights(), weights(name="absent", file="absent.pth"))
    folder.mkdir()
    file = folder / "network.pth"
    file.write_bytes(CONTENT)
    code, out, _ = signbench("weights", "verify")
    assert code == 0
    assert "verified" in out
    assert "absent" not in out
    file.write_bytes(b"other")
    digests.remember(file, weights().sha256 or "")
    code, out, err = signbench("weights", "verify", "--json")
    assert code == 2
    assert json.loads(out)[0]["state"] == "damaged"
    assert f"{file} is not network" in err


def test_a_named_file_that_is_missing_fails_its_verification(signbench, register):
    register(weights())
    assert signbench("weights", "verify")[0] == 0
    code, _, err = signbench("weights", "verify", "network")
    assert code == 2
    assert "signbench weights fetch network" in err
