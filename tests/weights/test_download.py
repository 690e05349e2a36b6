from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from signbench.errors import InputError
from signbench.weights import digests, download
from signbench.weights.download import fetch
from signbench.weights.locking import locked
from signbench.weights.store import state_of
from tests.patience import PATIENCE
from tests.weights.serving import CONTENT, Manners, serving, weights

MEGABYTE = 1 << 20


def files_in(folder):
    """Names of the files that a user sees."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_a_file_is_fetched_verified_and_its_progress_told(folder):
    seen = []
    with serving(Manners()) as address:
        path = fetch(weights(address), lambda done, total: seen.append((done, total)))
    assert path == folder / "network.pth"
    assert path.read_bytes() == CONTENT
    assert files_in(folder) == ["network.pth"]
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_what_is_there_already_is_not_fetched_again():
    manners = Manners()
    with serving(manners) as address:
        fetch(weights(address))
        fetch(weights(address))
    assert manners.asked == [None]


def test_another_file_under_the_name_is_not_overwritten(folder):
    folder.mkdir()
    (folder / "network.pth").write_bytes(b"mine")
    with serving(Manners()) as address, pytest.raises(InputError, match="Move it away"):
        fetch(weights(address))
    assert (folder / "network.pth").read_bytes() == b"mine"


@pytest.mark.parametrize("says_length", [True, False])
def test_a_connection_that_ends_early_is_taken_up_where_it_ended(says_length, folder):
    manners = Manners(cut_after=[MEGABYTE, 500_000], says_length=says_length)
    with serving(manners) as address:
        if says_length:
            fetch(weights(address))
            assert manners.asked == [None, f"bytes={MEGABYTE}-", f"bytes={MEGABYTE + 500_000}-"]
            assert (folder / "network.pth").read_bytes() == CONTENT
        else:  # the end looks like the end, so only the digest reveals it
            with pytest.raises(InputError, match="its SHA-256 is"):
                fetch(weights(address))


def test_a_later_call_continues_with_what_was_received(folder):
    folder.mkdir()
    (folder / "network.pth.part").write_bytes(CONTENT[:1000])
    manners = Manners()
    with serving(manners) as address:
        fetch(weights(address))
    assert manners.asked == ["bytes=1000-"]
    assert (folder / "network.pth").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("received", "manners", "asked"),
    [
        (CONTENT[:1000], Manners(ranges=False), ["bytes=1000-"]),
        (CONTENT[:1000], Manners(wrong_range=True), ["bytes=1000-", None]),
        (CONTENT + b"more", Manners(), [None]),
        (CONTENT, Manners(), []),
    ],
    ids=["no ranges", "another range", "too much", "everything"],
)
def test_a_part_that_cannot_be_continued_does_no_harm(received, manners, asked, folder):
    folder.mkdir()
    (folder / "network.pth.part").write_bytes(received)
    with serving(manners) as address:
        fetch(weights(address))
    assert manners.asked == asked
    assert (folder / "network.pth").read_bytes() == CONTENT


def test_a_part_longer_than_what_the_server_has_is_thrown_away(folder):
    folder.mkdir()
    (folder / "network.pth.part").write_bytes(CONTENT)
    manners = Manners(content=CONTENT[:1000])
    with serving(manners) as address:
        fetch(weights(address, content=CONTENT[:1000], size=None))
    assert manners.asked == [f"bytes={len(CONTENT)}-", None]
    assert (folder / "network.pth").read_bytes() == CONTENT[:1000]


def test_a_part_of_a_file_without_a_registered_digest_is_not_continued(folder):
    folder.mkdir()
    (folder / "network.pth.part").write_bytes(b"of another version")
    manners = Manners()
    entry_of = {"sha256": None, "size": None}
    with serving(manners) as address:
        fetch(weights(address, **entry_of))
    assert manners.asked == [None]
    assert (folder / "network.pth").read_bytes() == CONTENT
    assert state_of(weights(**entry_of))[0] == "unverified"


def test_a_server_that_sends_the_same_beginning_again_and_again_is_given_up():
    manners = Manners(cut_after=[MEGABYTE] * 50)
    with serving(manners) as address, pytest.raises(InputError, match=r"cannot be fetched from .* Repeat the command"):
        fetch(weights(address, sha256=None, size=None))
    assert len(manners.asked) < 10


def test_a_server_that_alternates_its_faults_is_given_up(folder):
    folder.mkdir()
    (folder / "network.pth.part").write_bytes(CONTENT[:1000])
    manners = Manners(cut_after=[2000] * 50, wrong_range=True)
    with serving(manners) as address, pytest.raises(InputError, match=r"cannot be fetched from .* Repeat the command"):
        fetch(weights(address))
    assert len(manners.asked) < 20


def test_wrong_bytes_are_moved_aside_and_named(folder):
    with serving(Manners(content=CONTENT[::-1])) as address, pytest.raises(InputError, match="is not the weights network"):
        fetch(weights(address))
    assert files_in(folder) == ["network.pth.rejected"]


def test_a_beginning_of_other_bytes_is_found_out_at_the_end(folder):
    folder.mkdir()
    (folder / "network.pth.part").write_bytes(b"\0" * 1000)
    with serving(Manners()) as address, pytest.raises(InputError, match="is not the weights network"):
        fetch(weights(address))
    assert files_in(folder) == ["network.pth.rejected"]


@pytest.mark.parametrize("says_length", [True, False])
def test_a_file_of_another_size_is_refused_early(says_length, folder):
    manners = Manners(content=CONTENT * 3, says_length=says_length)
    with serving(manners) as address, pytest.raises(InputError, match="it is a different file or an error page"):
        fetch(weights(address))
    assert (folder / "network.pth").exists() is False


def test_a_busy_server_is_asked_again(folder):
    manners = Manners(errors=[503, 429, 500])
    with serving(manners) as address:
        fetch(weights(address))
    assert len(manners.asked) == 4


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_reported_at_once_with_what_to_do(status):
    manners = Manners(errors=[status] * 9)
    with serving(manners) as address, pytest.raises(InputError, match=f"answers {status} .*signbench weights add network.pth"):
        fetch(weights(address))
    assert len(manners.asked) == 1


@pytest.mark.parametrize("manners", [Manners(errors=[503] * 9), Manners(cut_after=[0] * 9)], ids=["busy", "cut off"])
def test_a_server_that_never_answers_is_given_up(manners):
    with serving(manners) as address, pytest.raises(InputError, match="Repeat the command to resume"):
        fetch(weights(address))
    assert len(manners.asked) == download._FRUITLESS_ATTEMPTS


def test_an_address_where_nobody_listens_is_reported(monkeypatch):
    monkeypatch.setattr(download, "_FRUITLESS_ATTEMPTS", 2)
    with serving(Manners()) as address:
        pass
    with pytest.raises(InputError, match=r"cannot be fetched from http://127.0.0.1.*refused"):
        fetch(weights(address))


def test_a_server_that_falls_silent_is_given_up(monkeypatch):
    monkeypatch.setattr(download, "_FRUITLESS_ATTEMPTS", 1)
    monkeypatch.setattr(download, "_TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(InputError, match="timed out"):
        fetch(weights(f"http://127.0.0.1:{silent.getsockname()[1]}/network.pth"))


def test_a_redirection_is_followed():
    with serving(Manners()) as address, serving(Manners(redirect=address)) as moved:
        assert fetch(weights(moved)).read_bytes() == CONTENT


@pytest.mark.parametrize("target", ["http://example.org/network.pth", "ftp://example.org/network.pth"])
def test_a_redirection_away_from_https_is_not_followed(target):
    with serving(Manners(redirect=target)) as address, pytest.raises(InputError, match="is not https"):
        fetch(weights(address))


def test_too_little_room_is_reported_before_a_byte_comes(folder, monkeypatch):
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1_000_000})())
    with serving(Manners()) as address, pytest.raises(InputError, match=r"has 1 MB free and network needs 2 MB; make room"):
        fetch(weights(address))
    assert files_in(folder) == []


def test_a_folder_that_cannot_be_made_is_reported(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SIGNBENCH_WEIGHTS", str(tmp_path / "file" / "weights"))
    with pytest.raises(InputError, match="set SIGNBENCH_WEIGHTS to another folder"):
        fetch(weights("http://127.0.0.1:9/network.pth"))


SCRIPT = """
import resource, sys
from signbench.errors import InputError
from signbench.weights.download import fetch
from signbench.weights.registry import Weights
most = int(sys.argv[2])
if most:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
try:
    print(fetch(Weights.model_validate_json(sys.argv[1])))
except InputError as error:
    sys.exit(str(error))
"""


def started(address, folder, most=0):
    environment = {**os.environ, "SIGNBENCH_WEIGHTS": str(folder), "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", SCRIPT, weights(address).model_dump_json(), str(most)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_disk_that_becomes_full_is_reported_and_what_came_is_kept(folder):
    # A limit on the size of files stands in for the disk.
    with serving(Manners()) as address:
        process = started(address, folder, most=1_500_000)
        _, reported = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1
        assert "File too large" in reported
        assert "make room" in reported
        assert 0 < (folder / "network.pth.part").stat().st_size <= 1_500_000
        assert fetch(weights(address)).read_bytes() == CONTENT


def test_processes_that_fetch_one_file_fetch_it_once(folder):
    manners = Manners()
    with serving(manners) as address:
        processes = [started(address, folder) for _ in range(3)]
        assert {process.communicate(timeout=PATIENCE)[0].strip() for process in processes} == {str(folder / "network.pth")}
    assert manners.asked == [None]
    assert (folder / "network.pth").read_bytes() == CONTENT


def test_who_waits_sees_the_progress_of_who_fetches(folder):
    folder.mkdir()
    (folder / "network.pth.part").write_bytes(CONTENT[:1000])
    seen, released = [], threading.Event()

    def progress(done, total):
        seen.append((done, total))
        released.set()

    with serving(Manners()) as address:
        with locked(folder / "network.pth"):
            waiting = threading.Thread(target=fetch, args=(weights(address), progress))
            waiting.start()
            assert released.wait(PATIENCE)
            assert seen[0] == (1000, len(CONTENT))
        waiting.join(PATIENCE)
    assert (folder / "network.pth").read_bytes() == CONTENT


def test_a_proxy_is_honoured(monkeypatch):
    manners = Manners()
    with serving(manners) as proxy:
        monkeypatch.setenv("http_proxy", proxy.removesuffix("/network.pth"))
        monkeypatch.setenv("no_proxy", "")
        assert fetch(weights("http://localhost:9/network.pth")).read_bytes() == CONTENT
    assert manners.asked == [None]


def test_the_digest_of_what_was_fetched_is_remembered(folder, monkeypatch):
    with serving(Manners()) as address:
        fetch(weights(address))
    monkeypatch.setattr(digests, "sha256_of", lambda path: pytest.fail("hashed again"))
    assert state_of(weights())[0] == "verified"
