"""The process that owns a device, and its workers."""

from __future__ import annotations

import threading
import time
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path

import numpy as np
import pytest

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import FrameArray
from signbench.errors import InputError, MediaError, SignbenchError
from signbench.extractors.base import compute_elsewhere, owner_of_device, settled_device
from signbench.extractors.i3d import I3d
from signbench.judges.base import JudgedClip
from signbench.metrics import registry
from signbench.runs.protocol import Protocol
from signbench.scoring import device_owner
from signbench.scoring.device_owner import DeviceOwner, OwnerAtWork, owning
from signbench.scoring.views import ClipViews
from signbench.scoring.workers import effective_workers, score_clips
from tests.clips import moving_square
from tests.extractors.test_frame_batches import Corner
from tests.judges.parrot import Parrot
from tests.tasks.tiny import points


class Together(Parrot):
    """Remembers how many clips it was shown at a time, and cannot judge one of them."""

    batch = 3

    def __init__(self):
        super().__init__()
        self.seen = []
        self.begin = threading.Event()

    def observe(self, clips, wanted):
        self.begin.wait(30)
        self.seen.append([clip.id for clip in clips])
        if any(clip.id == "bad" for clip in clips):
            raise MediaError("it shows nothing.")
        return super().observe(clips, wanted)


@pytest.fixture
def owner():
    judge = Together()
    made = DeviceOwner({"together": judge})
    yield made, judge
    judge.begin.set()
    made.close()


def asked_at_once(owner, requests):
    """The answers to several workers whose requests wait at the same time."""
    made, judge = owner
    said = {}

    def ask(number, request):
        at_work = OwnerAtWork(made.address)
        try:
            said[number] = request(at_work)
        except SignbenchError as error:
            said[number] = error

    threads = [threading.Thread(target=ask, args=item) for item in enumerate(requests)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    judge.begin.set()
    for thread in threads:
        thread.join(timeout=30)
    return [said[number] for number in range(len(requests))]


def shown(seed, name=None):
    return JudgedClip(name or str(seed), pose=points(seed))


def test_clips_that_wait_at_the_same_time_share_a_batch_and_each_worker_gets_its_answer(owner):
    requests = [lambda at_work, seed=seed: at_work.answer("together", shown(seed), ("text", "gloss")) for seed in (1, 2, 3, 4, 5)]
    said = asked_at_once(owner, requests)
    assert [answer["text"] for answer in said] == [f"sentence {seed}" for seed in (1, 2, 3, 4, 5)]
    assert all(len(batch) <= Together.batch for batch in owner[1].seen)
    assert len(owner[1].seen) < 5


def test_a_clip_that_cannot_be_judged_fails_alone(owner):
    names = ("1", "bad", "3", "4")
    requests = [
        lambda at_work, seed=seed, name=name: at_work.answer("together", shown(seed, name), ("text",))
        for seed, name in enumerate(names, 1)
    ]
    said = asked_at_once(owner, requests)
    assert isinstance(said[1], SignbenchError)
    assert "it shows nothing" in str(said[1])
    assert [answer["text"] for number, answer in enumerate(said) if number != 1] == ["sentence 1", "sentence 3", "sentence 4"]


def test_rows_of_several_workers_return_to_their_workers(owner, monkeypatch):
    monkeypatch.setattr(device_owner, "MOST_FRAMES", 5)
    batches = [np.full((count, 4, 4, 3), count, np.uint8) for count in (1, 2, 3, 4, 9)]
    said = asked_at_once(owner, [lambda at_work, batch=batch: at_work.rows(Corner(), batch) for batch in batches])
    for batch, rows in zip(batches, said, strict=True):
        assert np.array_equal(rows, Corner().compute(batch))


@pytest.mark.parametrize("folder", ["kept", None])
def test_large_arrays_pass_through_shared_memory_and_leave_nothing_there(folder, owner, monkeypatch):
    monkeypatch.setattr(device_owner, "_SHARED_FROM", 1)
    if folder is None:
        monkeypatch.setattr(owner[0], "_folder", None)
    batch = np.arange(3 * 8 * 8 * 3, dtype=np.uint8).reshape(3, 8, 8, 3)
    (said,) = asked_at_once(owner, [lambda at_work: at_work.rows(Corner(), batch)])
    assert np.array_equal(said, Corner().compute(batch))
    kept = owner[0].address[2]
    assert kept is None or list(Path(kept).iterdir()) == []


def test_the_folder_in_shared_memory_is_removed_with_the_owner():
    made = DeviceOwner({})
    folder = made.address[2]
    made.close()
    assert folder is None or not Path(folder).exists()


def test_errors_of_a_network_are_raised_in_the_worker(owner):
    (said,) = asked_at_once(owner, [lambda at_work: at_work.rows(I3d(weights="official"), np.zeros((1, 3, 16, 4, 4), np.float32))])
    assert isinstance(said, InputError)
    assert "weights" in str(said)


def test_connections_without_the_key_get_no_answer(owner):
    with pytest.raises((AuthenticationError, EOFError, OSError)):
        Client(owner[0].address[0], authkey=b"guessed").recv()


def test_a_worker_reports_that_the_owner_has_ended():
    made = DeviceOwner({})
    at_work = OwnerAtWork(made.address)
    made.close()
    with pytest.raises(SignbenchError, match="the process that owns the device has ended; rerun the command"):
        at_work.rows(Corner(), np.zeros((1, 4, 4, 3), np.uint8))


def test_no_owner_runs_unless_it_is_needed():
    before = threading.active_count()
    with owning(False, {}) as address:
        assert address is None
        assert threading.active_count() == before


@pytest.mark.parametrize("metric", ["lpips:net=squeeze,weights=random", "fvd:variant=common-metrics,weights=random"])
def test_scores_through_one_owner_equal_those_of_independent_workers(metric, tmp_path, monkeypatch):
    monkeypatch.setenv("SIGNBENCH_CACHE_LIMIT", "0")

    def outcomes(**options):
        views = [
            ClipViews(
                *(
                    Clip(f"c{seed}", video=FrameArray(moving_square(10, 40, 40, seed=seed, shift=shift), "x", 25.0))
                    for shift in (0, 2)
                ),
                Protocol(),
            )
            for seed in (1, 2, 3)
        ]
        made = registry.create(metric)
        found = score_clips(((view, [(0, made)], "cpu") for view in views), 2, **options)
        return {outcome.clip: outcome for outcome in found}

    own, shared = outcomes(), outcomes(one_owner=True)
    assert not any(outcome.failures for outcome in shared.values())
    for clip, outcome in own.items():
        for name, values in outcome.records[0].items():
            assert np.allclose(values, shared[clip].records[0][name], rtol=1e-3, atol=1e-6)
    assert owner_of_device() is None, "this process runs its own networks afterwards"


def test_an_installed_owner_can_be_removed():
    compute_elsewhere(None)
    assert owner_of_device() is None


@pytest.mark.parametrize(
    ("rank", "count", "device", "wanted"),
    [
        ("0", 2, "cuda", "cuda:0"),
        ("1", 2, "cuda", "cuda:1"),
        ("3", 2, "cuda", "cuda:1"),
        ("1", 2, "cuda:0", "cuda:0"),
        (None, 2, "cuda", "cuda"),
    ],
)
def test_each_process_of_a_launch_gets_its_own_gpu(rank, count, device, wanted, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    if rank is not None:
        monkeypatch.setenv("LOCAL_RANK", rank)
    assert settled_device(device) == wanted


@pytest.mark.parametrize(
    ("world", "asked", "workers"), [("1", None, 8), ("4", None, 2), ("16", None, 1), ("4", 3, 3), ("", None, 8)]
)
def test_processes_of_a_launch_share_the_cores_of_their_machine(world, asked, workers, monkeypatch):
    monkeypatch.setattr("signbench.scoring.workers.available_cores", lambda: 8)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", world)
    assert effective_workers(asked, 100) == workers


def test_on_a_gpu_one_process_runs_the_networks_and_agrees_with_the_cpu(monkeypatch):
    import torch

    if not torch.cuda.is_available():
        pytest.skip("this machine has no CUDA device")
    monkeypatch.setenv("SIGNBENCH_CACHE_LIMIT", "0")
    names = ["lpips:net=alex,weights=random", "fid:weights=random", "fvd:variant=common-metrics,weights=random", "ssim"]
    metrics = list(enumerate(map(registry.create, names)))
    sides = [
        [Clip(f"c{seed}", video=FrameArray(moving_square(20, 64, 64, seed=seed, shift=shift), "x", 25.0)) for shift in (0, 2)]
        for seed in range(1, 9)
    ]
    found = {}
    for device in ("cpu", "cuda:0"):
        jobs = [(ClipViews(*pair, Protocol()), metrics, device) for pair in sides]
        outcomes = score_clips(iter(jobs), 4, one_owner=device != "cpu")
        found[device] = {outcome.clip: outcome for outcome in outcomes}
    for clip, outcome in found["cpu"].items():
        assert not outcome.failures
        assert not found["cuda:0"][clip].failures
        for number, record in outcome.records.items():
            for name, values in record.items():
                largest = float(np.abs(values).max()) or 1.0
                assert np.allclose(values, found["cuda:0"][clip].records[number][name], rtol=1e-3, atol=1e-3 * largest), (
                    clip,
                    number,
                )
