"""Rank 0 waits for the others while they run, and reports which of them ended, and why."""

from __future__ import annotations

import json
import threading
import time

import pytest

from signbench.errors import IncompleteError, InputError, SignbenchError
from signbench.runs.folder import RunFolder
from signbench.scoring.ranks import Ranks, error_of_others

FIRST, SECOND = Ranks(0, 2), Ranks(1, 2)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SIGNBENCH_PEER_SECONDS", "1")
    return RunFolder(tmp_path)


def test_a_rank_without_a_heartbeat_is_not_waited_for(folder):
    with pytest.raises(IncompleteError, match=r"rank 1 has had no heartbeat for 1 seconds.*increase SIGNBENCH_PEER_SECONDS"):
        FIRST.wait_for_others(folder, "now")


def test_the_marker_of_an_earlier_launch_does_not_count(folder):
    folder.end_marker(1).write_text(json.dumps({"launch": "before", "error": None}))
    with pytest.raises(IncompleteError):
        FIRST.wait_for_others(folder, "now")


def test_a_rank_that_works_longer_is_waited_for(folder):
    def work():
        with SECOND.marking_end(folder, "now"):
            time.sleep(2.5)

    working = threading.Thread(target=work)
    working.start()
    FIRST.wait_for_others(folder, "now")
    working.join()
    assert list(folder.path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "said", "code"),
    [
        (InputError("no such thing."), "rank 1 ended early: no such thing.", 2),
        (ValueError("bad"), "rank 1 ended early: ValueError: bad", 70),
        (KeyboardInterrupt(), "rank 1 ended early: it was interrupted", 130),
    ],
)
def test_a_rank_that_ends_early_passes_on_its_error_and_exit_code(error, said, code, folder):
    with pytest.raises(type(error)), SECOND.marking_end(folder, "now"):
        raise error
    with pytest.raises(SignbenchError, match=said) as raised:
        FIRST.wait_for_others(folder, "now")
    assert raised.value.exit_code == code
    found = error_of_others(folder, "now", 2)
    assert (found is None) is (code == 130)
    assert getattr(error, "rank", 1) == 1


def test_an_error_of_another_launch_is_ignored(folder):
    with pytest.raises(InputError), SECOND.marking_end(folder, "before"):
        raise InputError("x")
    assert error_of_others(folder, "now", 2) is None
