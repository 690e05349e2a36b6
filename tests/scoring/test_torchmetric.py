"""signbench's metrics in a training loop give the same number as the harness."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import signbench
from signbench import as_torchmetric
from signbench.errors import InputError
from signbench.metrics import registry
from tests.patience import PATIENCE

RANDOM = np.random.default_rng(7)
IDS = [f"clip-{number:02d}" for number in range(6)]
VIDEOS = {name: RANDOM.integers(0, 256, (5, 16, 16, 3), np.uint8) for name in IDS}
NOISY = {name: np.clip(clip + RANDOM.integers(-20, 20, clip.shape), 0, 255).astype(np.uint8) for name, clip in VIDEOS.items()}
TEXTS = dict(
    zip(IDS, ["heute regnet es", "morgen schneit es im norden", "es ist kalt", "ja", "am abend sonne", "über nacht"], strict=True)
)
HYPOTHESES = {name: " ".join(text.split()[::-1]) if number % 2 else text for number, (name, text) in enumerate(TEXTS.items())}
FEATURES = {name: RANDOM.normal(size=3) for name in IDS}
MADE = {name: vector + RANDOM.normal(size=3) for name, vector in FEATURES.items()}
POSES = {name: RANDOM.normal(size=(4, 133, 2)).astype(np.float32) for name in IDS}

CASES = {
    "ssim": (VIDEOS, NOISY),
    "psnr": (VIDEOS, NOISY),
    "tcd:range=byte": (VIDEOS, NOISY),
    "dtw": (POSES, {name: np.roll(pose, 1, axis=0) for name, pose in POSES.items()}),
    "bleu": (TEXTS, HYPOTHESES),
    "chrf": (TEXTS, HYPOTHESES),
    "wer": (TEXTS, HYPOTHESES),
    "motion-fid": (FEATURES, MADE),
    "accuracy": (TEXTS, HYPOTHESES),
}


def fed(metric, references, predictions, ids=IDS, size=2):
    for start in range(0, len(ids), size):
        batch = ids[start : start + size]
        metric.update([predictions[name] for name in batch], [references[name] for name in batch], ids=batch)
    return metric


@pytest.mark.parametrize("name", CASES)
def test_a_loop_logs_the_number_that_measure_prints_for_any_batches_and_order(name):
    references, predictions = CASES[name]
    printed = signbench.measure(references, predictions, [name]).scores[0].value
    assert float(fed(as_torchmetric(name), references, predictions).compute()) == printed
    assert float(fed(as_torchmetric(name), references, predictions, IDS[::-1], size=4).compute()) == printed


@pytest.mark.parametrize("name", ["fvd:variant=cd-fvd,weights=random", "lpips:net=squeeze,weights=random"])
def test_networks_log_the_number_that_measure_prints(name):
    references = {clip: RANDOM.integers(0, 256, (16, 32, 32, 3), np.uint8) for clip in IDS[:3]}
    predictions = {clip: references[clip][::-1] for clip in references}
    printed = signbench.measure(references, predictions, [name]).scores[0].value
    assert printed is not None and printed > 0
    assert float(fed(as_torchmetric(name), references, predictions, IDS[:3]).compute()) == printed


def test_a_clip_that_samplers_repeat_counts_once():
    metric = fed(as_torchmetric("ssim"), VIDEOS, NOISY)
    once = float(metric.compute())
    fed(metric, VIDEOS, NOISY, IDS[:2])
    assert float(metric.compute()) == once


def test_clips_without_ids_all_count():
    metric = as_torchmetric("l1")
    clip, black = torch.full((1, 2, 4, 4, 3), 255, dtype=torch.uint8), torch.zeros((1, 2, 4, 4, 3), dtype=torch.uint8)
    for prediction in (clip, clip, black):
        metric.update(prediction, clip)
    assert float(metric.compute()) == pytest.approx(1 / 3)


def test_floats_in_the_networks_order_of_axes_are_the_same_images():
    metric, other = as_torchmetric("ssim"), as_torchmetric("ssim")
    fed(metric, VIDEOS, NOISY)
    for name in IDS:
        sides = [torch.from_numpy(side[name]).permute(0, 3, 1, 2)[None].float() / 255 for side in (NOISY, VIDEOS)]
        other.update(*sides, ids=[name])
    assert float(metric.compute()) == float(other.compute())


def test_it_can_be_reset_and_pickled_and_updated_afterwards():
    metric = fed(as_torchmetric("ssim"), VIDEOS, NOISY, IDS[:3])
    copy = pickle.loads(pickle.dumps(metric))
    whole = float(fed(as_torchmetric("ssim"), VIDEOS, NOISY).compute())
    assert float(fed(copy, VIDEOS, NOISY, IDS[3:]).compute()) == whole
    metric.reset()
    assert float(fed(metric, VIDEOS, NOISY).compute()) == whole


def test_forward_gives_the_batch_s_value_and_keeps_all_clips():
    metric = as_torchmetric("l1")
    values = [float(metric([NOISY[name]], [VIDEOS[name]], ids=[name])) for name in IDS]
    assert float(metric.compute()) == pytest.approx(np.mean(values), rel=1e-12)


@pytest.mark.parametrize(("name", "better"), [("ssim", True), ("l1", False), ("duration-ratio", None)])
def test_it_states_which_way_is_better(name, better):
    assert as_torchmetric(name).higher_is_better is better


def test_every_metric_with_draws_is_refused():
    drawing = [name for name in registry.known() if any(p.name == "seed" for p in registry.metric_class(name).parameters)]
    assert set(drawing) >= {"kid", "diversity", "multimodality"}
    for name in drawing:
        with pytest.raises(InputError, match="draws"):
            as_torchmetric(name)


BAD = {
    "counts that differ": (lambda m: m.update([VIDEOS[IDS[0]]], []), "1 predictions, 0 references"),
    "lengths that differ": (lambda m: m.update([VIDEOS[IDS[0]][:2]], [VIDEOS[IDS[0]]], ids=["x"]), "clip x"),
    "floats beyond one": (lambda m: m.update(torch.full((1, 2, 3, 4, 4), 2.0), torch.ones(1, 2, 3, 4, 4)), "0, 1"),
    "no images": (lambda m: m.update(["a"], ["b"]), "uint8"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_reported_and_does_not_change_the_state(case):
    bad, message = BAD[case]
    metric = fed(as_torchmetric("l1"), VIDEOS, NOISY)
    before = float(metric.compute())
    with pytest.raises(signbench.SignbenchError, match=message):
        bad(metric)
    assert float(metric.compute()) == before


PROCESS = """
import sys
import numpy as np, torch
from signbench import as_torchmetric

rank, store, share = int(sys.argv[1]), sys.argv[2], [name for name in sys.argv[3].split(",") if name]
torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
clips = np.load(store + ".npz")
metric = as_torchmetric("ssim")
for name in share:
    metric.update([clips["made " + name]], [clips[name]], ids=[name])
print(repr(float(metric.compute())))
torch.distributed.destroy_process_group()
"""


@pytest.mark.parametrize("shares", [(IDS[::2], IDS[1::2]), (IDS, []), (IDS[:4], IDS[2:])], ids=["halves", "nothing", "overlap"])
def test_several_processes_give_the_same_value_as_one(shares, tmp_path):
    store = tmp_path / "store"
    np.savez(f"{store}.npz", **VIDEOS, **{f"made {name}": clip for name, clip in NOISY.items()})
    environment = {**os.environ, "PYTHONPATH": str(Path(signbench.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(rank), str(store), ",".join(share)],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for rank, share in enumerate(shares)
    ]
    printed = [process.communicate(timeout=PATIENCE)[0] for process in started]
    alone = float(fed(as_torchmetric("ssim"), VIDEOS, NOISY).compute())
    assert printed == [f"{alone!r}\n"] * 2
