from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from signbench.errors import InputError
from signbench.weights import digests, store
from tests.weights.serving import CONTENT, weights

DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def file(folder):
    folder.mkdir()
    (folder / "network.pth").write_bytes(CONTENT)
    return folder / "network.pth"


def hashed(monkeypatch):
    """Counts how often a file is read to be hashed."""
    read = []
    plain = digests.sha256_of
    monkeypatch.setattr(digests, "sha256_of", lambda path: read.append(path) or plain(path))
    return read


def new_process(monkeypatch):
    monkeypatch.setattr(digests, "_known", {})


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"SIGNBENCH_WEIGHTS": "/a/b"}, "/a/b"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/signbench/weights"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/signbench/weights"),
        ({"SIGNBENCH_WEIGHTS": "", "HOME": "/h"}, "/h/.cache/signbench/weights"),
        ({"SIGNBENCH_WEIGHTS": "~/w", "HOME": "/h"}, "/h/w"),
    ],
    ids=str,
)
def test_the_folder_is_the_one_that_the_user_names_or_one_in_the_users_cache(settings, expected, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("SIGNBENCH_WEIGHTS", raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert store.weights_folder() == Path(expected)


def test_what_is_missing_is_named_with_its_place_and_the_commands_that_bring_it(register, folder):
    register(weights())
    assert not store.present("network")
    with pytest.raises(InputError) as caught:
        store.path_of("network")
    for words in (str(folder / "network.pth"), "signbench weights fetch network", "signbench weights add network.pth"):
        assert words in str(caught.value)
    assert not folder.exists()


def test_what_is_present_has_a_path_and_a_digest(register, file):
    register(weights())
    assert store.present("network")
    assert store.path_of("network") == file
    assert store.digest_of("network") == DIGEST
    assert store.signed_digest("network") == DIGEST[:12]
    assert store.is_registered("network", file)


def test_without_a_registered_digest_the_signature_says_unverified(register, file):
    register(weights(sha256=None))
    assert store.signed_digest("network") == f"unverified-{DIGEST[:12]}"
    assert not store.is_registered("network", file)


def test_another_file_under_the_name_is_refused(register, file):
    register(weights())
    file.write_bytes(b"something else")
    assert not store.is_registered("network", file)
    with pytest.raises(InputError, match=r"not the registered file of the weights network.*Move it away"):
        store.signed_digest("network")


def test_a_digest_is_computed_once_and_remembered_across_processes(register, file, monkeypatch):
    register(weights())
    read = hashed(monkeypatch)
    for _ in range(3):
        assert store.digest_of("network") == DIGEST
    assert read == [file]
    new_process(monkeypatch)
    assert store.digest_of("network") == DIGEST
    assert read == [file]


@pytest.mark.parametrize("fresh_process", [False, True])
def test_a_file_that_changed_is_hashed_again_even_where_size_and_time_are_put_back(register, file, fresh_process, monkeypatch):
    register(weights())
    store.digest_of("network")
    before = file.stat()
    changed = CONTENT[:-1] + b"!"
    file.write_bytes(changed)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    if fresh_process:
        new_process(monkeypatch)
    assert store.digest_of("network") == hashlib.sha256(changed).hexdigest()


FORGED = "0" * 64


def stamp_of(path):
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_dev, status.st_ino]


@pytest.mark.parametrize(
    "note",
    [
        lambda path: b"",
        lambda path: b"[]",
        lambda path: b"{}",
        lambda path: b"\xff\xfe",
        lambda path: json.dumps({"stamp": [1, 2, 3], "sha256": FORGED, "seal": FORGED}).encode(),
        lambda path: json.dumps({"stamp": stamp_of(path), "sha256": FORGED}).encode(),
        lambda path: json.dumps({"stamp": stamp_of(path), "sha256": FORGED, "seal": FORGED}).encode(),
        lambda path: json.dumps({"stamp": stamp_of(path), "sha256": 1, "seal": "ä"}).encode(),
    ],
    ids=["empty", "list", "nothing", "no text", "another stamp", "no seal", "a made-up seal", "other types"],
)
def test_a_note_that_is_not_our_own_is_not_believed(register, file, note):
    register(weights())
    digests.note_of(file).parent.mkdir(parents=True, exist_ok=True)
    digests.note_of(file).write_bytes(note(file))
    assert store.digest_of("network") == DIGEST


@pytest.mark.parametrize("name", ["network.pth.sha256.json", "network.pth.sha256", "SHA256SUMS"])
def test_no_file_next_to_weights_is_believed_about_them(register, file, name):
    """Weights that come with another file's digest are not that file."""
    register(weights(sha256=FORGED))
    content = {"stamp": stamp_of(file), "sha256": FORGED}
    file.with_name(name).write_text(json.dumps({**content, "seal": FORGED}))
    assert store.state_of(weights(sha256=FORGED)) == ("damaged", DIGEST)
    with pytest.raises(InputError, match="not the registered file"):
        store.signed_digest("network")


def test_a_note_of_another_user_or_of_another_file_is_not_believed(register, file, tmp_path, monkeypatch):
    register(weights())
    own = os.environ["SIGNBENCH_SECRET"]
    monkeypatch.setenv("SIGNBENCH_SECRET", str(tmp_path / "another secret"))
    digests.remember(file, FORGED)
    monkeypatch.setenv("SIGNBENCH_SECRET", own)
    assert store.digest_of("network") == DIGEST
    new_process(monkeypatch)
    other = tmp_path / "other.pth"
    other.write_bytes(b"other")
    digests.remember(other, FORGED)
    note = digests.note_of(other).read_bytes()
    digests.note_of(file).write_bytes(note)
    assert store.digest_of("network") == DIGEST


def test_nothing_is_written_next_to_weights(register, file):
    register(weights())
    store.digest_of("network")
    assert list(file.parent.iterdir()) == [file]


def test_a_file_in_another_place_of_the_disk_is_hashed_again(register, file, monkeypatch):
    register(weights())
    read = hashed(monkeypatch)
    store.digest_of("network")
    copy = file.with_name("copy")
    copy.write_bytes(CONTENT)
    copy.replace(file)
    assert store.digest_of("network") == DIGEST
    assert read == [file, file]


def test_a_cache_that_cannot_be_written_only_costs_the_note(register, file, monkeypatch):
    register(weights())

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(digests.tempfile, "mkstemp", refuse)
    assert store.digest_of("network") == DIGEST
    assert not digests.note_of(file).exists()


@pytest.mark.parametrize(
    ("content", "sha256", "expected"),
    [
        (None, DIGEST, "absent"),
        (CONTENT, DIGEST, "verified"),
        (CONTENT, None, "unverified"),
        (b"other", DIGEST, "damaged"),
    ],
)
def test_the_state_of_a_file(content, sha256, expected, folder):
    folder.mkdir()
    if content is not None:
        (folder / "network.pth").write_bytes(content)
    state, digest = store.state_of(weights(sha256=sha256))
    assert state == expected
    assert digest == (None if content is None else hashlib.sha256(content).hexdigest())


def test_an_extractors_signature_carries_the_digests_of_its_weights(register, file):
    from dataclasses import dataclass

    from signbench.extractors.base import Extractor

    @dataclass(frozen=True)
    class Network(Extractor):
        name = "network"
        needs = ("network",)
        preprocessing = "none"

        def observer(self):
            raise AssertionError

    register(weights())
    assert Network().signature() == f"network/1+{DIGEST[:12]}+none+float32"
    assert Network(weights="random").signature() == "network/1+random+none+float32"
    file.unlink()
    with pytest.raises(InputError, match="signbench weights fetch network"):
        Network().signature()
