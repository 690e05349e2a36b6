"""Folds that multiply large matrices: the same bits for any number of threads of BLAS."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys

import numpy as np
import pytest

from signbench.metrics import one_thread
from signbench.metrics.one_thread import one_blas_thread

_FOLDS = """
import numpy as np
from signbench.metrics.frechet import frechet_distance, frechet_scores
from signbench.metrics.kernel_distance import kernel_scores
from signbench.metrics.motion import mean_pair_distance
random = np.random.default_rng(0)
records = [{side: random.normal(size=(40, 300)) for side in ("prediction", "reference")} for _ in range(25)]
weights = np.ones((2, 25), np.int64)
weights[1, 3] = 0
many = np.concatenate([record["prediction"] for record in records])
print(frechet_scores(records, weights, "fid", unbiased=True).tolist())
print(frechet_scores(records[:5], weights[:, :5], "fid", unbiased=False).tolist())
print(frechet_distance(many[0], np.eye(300) + np.outer(many[0], many[0]), many[1], np.eye(300)))
print(kernel_scores(records, weights, "kid", degree=3, subsets=3, size=200, seed=0).tolist())
print(mean_pair_distance(many, np.ones((30, len(many)), np.int64)).tolist())
"""


def _found(threads: str, **processor: str) -> str:
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads) | processor
    return subprocess.run([sys.executable, "-c", _FOLDS], capture_output=True, text=True, check=True, env=environment).stdout


def test_folds_give_the_same_bits_for_any_number_of_threads() -> None:
    one = _found("1")
    assert [threads for threads in ("2", "3") if _found(threads) != one] == []


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="only x86-64 processors emulate older ones so")
def test_folds_agree_to_a_millionth_with_those_of_an_older_processor() -> None:
    here, there = (
        [np.array(json.loads(line)) for line in found.splitlines()]
        for found in (_found("1"), _found("1", OPENBLAS_CORETYPE="Nehalem"))
    )
    for ours, theirs in zip(here, there, strict=True):
        assert theirs == pytest.approx(ours, rel=1e-6)


def test_the_callers_number_of_threads_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    held = [4, 1]
    seen: list[list[int]] = []

    def control(index: int) -> tuple[object, object]:
        return lambda: held[index], lambda count: held.__setitem__(index, count)

    monkeypatch.setattr(one_thread, "_controls", lambda: [control(0), control(1)])

    @one_blas_thread()
    def fold() -> None:
        seen.append(list(held))
        raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fold()
    assert (seen, held) == ([[1, 1]], [4, 1])


@pytest.mark.skipif(
    "openblas" not in str(np.show_config(mode="dicts")), reason="NumPy of this installation was not built with OpenBLAS"
)
def test_the_libraries_of_numpy_and_scipy_are_found() -> None:
    assert len(one_thread._controls()) >= 1
    with one_blas_thread():
        assert {get() for get, _ in one_thread._controls()} == {1}
