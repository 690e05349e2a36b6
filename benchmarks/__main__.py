"""``python -m benchmarks``: checks every promise about speed and memory on this machine, and prints a table of ratios."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path

from benchmarks import (
    animation,
    broken_clips,
    comparison_calibration,
    diffusion,
    dtw_alignment,
    frame_metrics,
    interval_coverage,
    judging,
    pixels,
    reporting,
    scoring,
    signing,
    study_coverage,
    synthsign,
    video_networks,
)
from benchmarks.measurement import Row, table


def frame_metric_rows() -> list[Row]:
    """The benchmark of the frame metrics, in the form of the others."""
    return [
        Row(
            f"scikit-image loop / l1 + psnr + ssim + tcd, {row['size']} px, equal to {row['difference']:.0e}",
            row["ratio"],
            "x",
            ">= 5",
            f"{row['peer_ms']:.1f} ms / {row['ours_ms']:.2f} ms a frame",
        )
        for row in frame_metrics.rows()
    ]


GROUPS = (
    "frames",
    "pixels",
    "dtw",
    "networks",
    "scoring",
    "judges",
    "generators",
    "reports",
    "synthsign",
    "comparison",
    "intervals",
    "broken-clips",
    "study-coverage",
)


def main() -> int:
    """Prints the table; exits with 1 if a promise is not kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", help=f"some of {', '.join(GROUPS)}; default: all")
    parser.add_argument("--clips", type=Path, help="folder in which the clips are kept for the next run; default: a temporary one")
    arguments = parser.parse_args()
    wanted = arguments.groups or list(GROUPS)
    if unknown := [group for group in wanted if group not in GROUPS]:
        parser.error(f"there is no group {unknown[0]}; there are {', '.join(GROUPS)}")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as temporary:
        for group in wanted:
            sys.stderr.write(f"measuring {group} ...\n")
            if group == "frames":
                rows += frame_metric_rows()
            elif group == "pixels":
                rows += pixels.rows()
            elif group == "dtw":
                rows += dtw_alignment.rows()
            elif group == "networks":
                rows += video_networks.rows(arguments.clips or Path(temporary))
            elif group == "judges":
                rows += judging.rows(arguments.clips or Path(temporary))
            elif group == "generators":
                rows += animation.rows() + signing.rows() + diffusion.rows()
            elif group == "reports":
                rows += reporting.rows()
            elif group == "synthsign":
                rows += synthsign.rows()
            elif group == "study-coverage":
                rows += study_coverage.rows()
            elif group == "intervals":
                rows += interval_coverage.rows()
            elif group == "broken-clips":
                rows += broken_clips.rows()
            elif group == "comparison":
                rows += comparison_calibration.rows()
            else:
                rows += scoring.rows(arguments.clips or Path(temporary))
    sys.stdout.write(f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}\n\n")
    sys.stdout.write(table(rows) + "\n")
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
