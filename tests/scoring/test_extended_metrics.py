"""Metrics with missing weights: reported, left out, and added by the same command once the weights are present."""

from __future__ import annotations

import json

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.generators import registry as generators
from signbench.media.video_writer import write_video
from signbench.runs.folder import RunFolder
from signbench.runs.protocol import Protocol
from signbench.scoring import clip_scoring
from signbench.scoring.engine import run_in_folder
from signbench.scoring.measure import prepare
from signbench.scoring.task_runs import Generation, TaskRun, run_generator
from signbench.tasks.loading import task
from tests.extractors.official_files import TRUNKS, save, trunk_weights

TASK = "synthsign/reconstruction"


@pytest.fixture
def no_weights(tmp_path, monkeypatch):
    folder = tmp_path / "weights"
    folder.mkdir()
    monkeypatch.setenv("SIGNBENCH_WEIGHTS", str(folder))
    return folder


def ran(out, **options):
    run = TaskRun.of(task(TASK), limit=2, **options)
    return run_generator(Generation(run, generators.create("first-frame")), out, fresh=False)


def test_metrics_without_weights_are_reported_and_affect_neither_status_nor_exit_code(no_weights, tmp_path):
    folder, result = ran(tmp_path / "run")
    assert (result.status, result.exit_code) == ("complete", 0)
    for name, weights in (("lpips", "alexnet-owt-7be5be79"), ("fvd", "i3d-torchscript")):
        score = result[name]
        assert (score.value, score.unavailable, score.signature) == (None, True, None)
        assert score.note == f"weights not present; signbench weights fetch {weights} brings them"
    assert result["l1"].value is not None
    assert json.loads(folder.run_json.read_text())["status"] == "complete"


def test_required_metrics_without_weights_stop_before_anything_is_generated(no_weights, tmp_path):
    with pytest.raises(InputError, match="signbench weights fetch alexnet-owt-7be5be79"):
        ran(tmp_path / "run", require_all=True)
    assert not (tmp_path / "run").exists()


def test_the_same_run_measures_only_them_once_the_weights_are_present(no_weights, tmp_path, monkeypatch):
    _, first = ran(tmp_path / "run")
    save(monkeypatch, no_weights, TRUNKS["alex"], trunk_weights("alex"))
    scored = []
    real = clip_scoring.score_clip
    monkeypatch.setattr(
        "signbench.scoring.workers.score_clip",
        lambda views, metrics, device: scored.append([metric.name for _, metric in metrics]) or real(views, metrics, device),
    )
    _, second = ran(tmp_path / "run")
    assert scored == [["lpips"], ["lpips"]]
    assert second["lpips"].value > 0
    assert "extractor:lpips-0.1/1+" in second["lpips"].signature
    assert second["fvd"].unavailable
    assert second["l1"] == first["l1"]


def test_the_result_does_not_depend_on_workers_or_the_cache(tmp_path, monkeypatch):
    random = np.random.default_rng(3)
    for side in ("references", "predictions"):
        (tmp_path / side).mkdir()
        for number in range(2):
            frames = random.integers(0, 256, (3, 40, 40, 3), np.uint8)
            write_video(tmp_path / side / f"clip-{number}.mkv", iter(frames), 25, lossless=True)
    written = []
    for number, (workers, limit) in enumerate(((1, "50"), (1, "50"), (1, "0"), (2, "0"))):
        monkeypatch.setenv("SIGNBENCH_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("SIGNBENCH_CACHE_LIMIT", limit)
        metrics = ["lpips:net=squeeze,weights=random", "fid:weights=random", "psnr"]
        work = prepare(tmp_path / "references", tmp_path / "predictions", metrics, Protocol(), workers=workers)
        folder = RunFolder(tmp_path / f"run-{number}")
        run_in_folder(work, folder, fresh=False)
        written.append(folder.result_json.read_bytes())
    assert len(set(written)) == 1
