"""The same bits on every processor: emulated ones compute the pinned digests."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys

import pytest

from signbench.diagnosis import diagnose
from signbench.scoring import reproduction

_X86 = platform.machine().lower() in ("x86_64", "amd64")
_AVX_512 = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR X86_V4"
_AVX_2 = "AVX2 FMA3 X86_V3"
_OLDER = "AVX2,FMA3,FP16,AVX,SSE4.2,SSE4.1"

PROCESSORS = {
    "this one": {},
    "one with AVX2 and without AVX-512": {
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": _AVX_512,
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": "+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+avx,+avx2,+fma",
        "OPENCV_CPU_DISABLE": "AVX512-SKX",
        "ATEN_CPU_CAPABILITY": "avx2",
    },
    "one without AVX2 and fused multiplication": {
        "OPENBLAS_CORETYPE": "Nehalem",
        "NPY_DISABLE_CPU_FEATURES": f"{_AVX_512} {_AVX_2}",
        "NUMBA_CPU_NAME": "generic",
        "OPENCV_CPU_DISABLE": f"AVX512-SKX,{_OLDER}",
        "ATEN_CPU_CAPABILITY": "default",
        # the C library's choice of sines, powers and logarithms
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX,-AVX512F,-AVX2_Usable,-FMA_Usable",
    },
}


@pytest.mark.parametrize("processor", PROCESSORS)
def test_a_processor_computes_the_pinned_digests(processor: str) -> None:
    if PROCESSORS[processor] and not _X86:
        pytest.skip("only x86-64 processors emulate older ones by these settings")
    ran = subprocess.run(
        [sys.executable, "-m", "signbench.scoring.reproduction"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | PROCESSORS[processor],
    )
    assert ran.stdout, ran.stderr
    assert reproduction.differing(json.loads(ran.stdout)) == [], (
        "after a wanted change: python -m signbench.scoring.reproduction --pin"
    )
    assert ran.returncode == 0


def test_the_pinned_digests_cover_everything() -> None:
    from signbench.generators.registry import GENERATORS, MODELS

    pinned = json.loads(reproduction.PINNED.read_text("utf-8"))
    made = {f"{kind} by {name}" for kind in ("key points", "motion", "video") for name in GENERATORS.built_in if name not in MODELS}
    scored = {f"{what} of {kind}" for what in ("records", "result") for kind in ("key points", "motion", "video", "text")}
    assert made | scored <= set(pinned)
    # stitched without a sign in its dictionary would be nearest
    assert len({pinned[name] for name in made}) == len(made)


def test_digests_that_differ_or_are_missing_are_named() -> None:
    pinned = json.loads(reproduction.PINNED.read_text("utf-8"))
    names = sorted(pinned)
    assert reproduction.differing(pinned) == []
    assert reproduction.differing({**pinned, names[3]: "0" * 64}) == [names[3]]
    assert reproduction.differing({name: pinned[name] for name in names[1:]}) == [names[0]]


def test_the_doctor_reports_what_a_machine_does_not_reproduce(monkeypatch: pytest.MonkeyPatch) -> None:
    pinned = json.loads(reproduction.PINNED.read_text("utf-8"))

    def finding(found: dict[str, str]) -> tuple[bool, str]:
        monkeypatch.setattr(reproduction, "digests", lambda: found)
        (row,) = [row for row in diagnose() if row.check == "the same bits as everywhere"]
        return row.ok, row.found

    assert finding(pinned) == (True, f"all {len(pinned)} pinned digests of SynthSign's media, predictions, records and results")
    ok, words = finding({**pinned, "motion by noise": "0" * 64})
    assert not ok
    assert f"1 of {len(pinned)} pinned digests" in words
    assert "motion by noise" in words
