from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from signbench.errors import InputError
from signbench.weights.adding import add
from signbench.weights.store import state_of
from tests.weights.serving import CONTENT, weights


@pytest.fixture
def brought(tmp_path):
    path = tmp_path / "brought" / "network.pth"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return path


def test_a_file_is_recognised_by_its_digest_whatever_its_name(register, brought, folder):
    register(weights(name="other", file="other.pth", sha256=None), weights())
    renamed = brought.rename(brought.with_name("other.pth"))
    assert add(renamed).name == "network"
    assert (folder / "network.pth").read_bytes() == CONTENT
    assert renamed.exists()


@pytest.mark.parametrize("name", ["kept.pth", "offered.pth"])
def test_a_file_without_a_registered_digest_is_recognised_by_its_name_here_or_there(name, register, brought):
    entry = weights("https://example.org/offered.pth", file="kept.pth", sha256=None)
    register(entry)
    assert add(brought.rename(brought.with_name(name))) == entry
    assert state_of(entry)[0] == "unverified"


def test_a_file_can_be_named(register, brought, folder):
    register(weights(sha256=None))
    add(brought.rename(brought.with_name("anything")), "network")
    assert (folder / "network.pth").read_bytes() == CONTENT


@pytest.mark.parametrize("name", [None, "network"])
def test_a_file_with_another_digest_is_refused(name, register, brought, folder):
    register(weights())
    brought.write_bytes(b"other")
    with pytest.raises(InputError, match=r"its SHA-256 is [0-9a-f]{64}, not"):
        add(brought, name)
    assert not folder.exists()


def test_what_nobody_knows_is_refused_with_what_to_do(register, brought):
    register(weights())
    unknown = brought.with_name("unknown.bin")
    unknown.write_bytes(b"unknown")
    with pytest.raises(InputError, match=r"`name=NAME`, one of network"):
        add(unknown)


def test_the_same_file_may_be_added_again_and_a_different_one_is_not_overwritten(register, brought, folder):
    register(weights(sha256=None))
    add(brought)
    add(brought)
    add(folder / "network.pth")
    brought.write_bytes(b"other")
    with pytest.raises(InputError, match="is not overwritten; move it away first"):
        add(brought)
    assert (folder / "network.pth").read_bytes() == CONTENT
    assert [path.name for path in folder.iterdir() if not path.name.startswith(".")].count("network.pth") == 1


class Harm:
    """Writes a file where it is loaded."""

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_pickle_is_hashed_and_never_loaded(register, brought, tmp_path):
    register(weights(sha256=None))
    harm = Harm()
    harm.path = tmp_path / "harmed"
    brought.write_bytes(pickle.dumps(harm))
    add(brought)
    assert not (tmp_path / "harmed").exists()
    pickle.loads(brought.read_bytes())
    assert (tmp_path / "harmed").exists()


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_what_cannot_be_read_is_reported(kind, register, tmp_path):
    register(weights())
    file = tmp_path if kind == "folder" else tmp_path / "missing"
    with pytest.raises(InputError, match="cannot be read"):
        add(file)
