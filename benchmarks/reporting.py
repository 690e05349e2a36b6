"""Reports: their processor time apart from encoding videos, and their peak memory, with more clips."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.measurement import Row, command, script

_TASK = "synthsign/text-to-pose"
_FEW, _MANY = 40, 200

# Encoding is replaced by only drawing the frames, since its time is libx264's.
_REPORT = """
import sys, time
from pathlib import Path
from signbench.report import page, players

def drawn(path, frames, fps, *, lossless):
    return sum(len(chunk) for chunk in frames)

if sys.argv[3] == "without":
    players.write_video = drawn
begun = time.process_time()
page.write_report([Path(sys.argv[1])], Path(sys.argv[2]))
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
print(time.process_time() - begun, peak)
"""


def rows() -> list[Row]:
    """A report of many clips apart from encoding, the size of its folder, and the growth of its peak memory."""
    found = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for clips in (_FEW, _MANY):
            run = folder / f"run-{clips}"
            command("run", _TASK, "--generator", "nearest", "--limit", clips, "--out", run, "--no-progress")
            found[clips] = [float(text) for text in script(_REPORT, run, folder / f"report-{clips}", "without").split()]
        script(_REPORT, folder / f"run-{_MANY}", folder / "whole", "with")
        size = sum(path.stat().st_size for path in (folder / "whole").rglob("*") if path.is_file()) / 1e6
    (_, fewer), (seconds, more) = found[_FEW], found[_MANY]
    return [
        Row(f"a report of {_MANY} clips of key points with two judges, without encoding", seconds, "s", "<= 60", ""),
        Row(
            f"growth of a report's peak memory from {_FEW} to {_MANY} clips",
            (more / fewer - 1) * 100,
            "%",
            "<= 5",
            f"{fewer / 1024:.0f} MiB / {more / 1024:.0f} MiB",
        ),
        Row(f"size of the report of {_MANY} clips, 20 of them shown", size, "MB", "<= 30", ""),
    ]
