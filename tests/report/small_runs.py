"""Small runs that reports are written of."""

from __future__ import annotations

import numpy as np
import yaml

import signbench
from signbench.media.video_writer import write_video
from signbench.scoring.measure import measure
from signbench.tasks.loading import task
from tests.browser import HOSTILE

HOSTILE_CLIP = HOSTILE.replace("</script>", "<", 1)
"""A clip id with markup; its slashes are folders."""


def without_judges(folder, name) -> None:
    """Writes a shipped task with only the metrics that need no network, into the tasks of a current folder."""
    fields = task(name).model_dump(mode="json")
    fields["metrics"] = [item for item in fields["metrics"] if item["on"] is None and item["tier"] == "core"]
    fields["metrics"][0]["headline"] = True
    path = folder / "tasks" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(fields), encoding="utf-8")


def generated(folder, name, generator, clips):
    """The folder of a run of a task without judges, on its first clips."""
    without_judges(folder, name)
    out = folder / f"{generator}-{name.replace('/', '-')}"
    signbench.run(name, generator, limit=clips, out=out, workers=1)
    return out


def measured(folder, names=(HOSTILE_CLIP, "plain")):
    """The folder of a run of ``signbench measure`` on videos of three frames.

    Args:
        folder: a new folder.
        names: ids of the clips.
    """
    for seed, side in enumerate(("references", "predictions")):
        for number, name in enumerate(names):
            random = np.random.default_rng([seed * number, number])
            path = folder / side / f"{name}.mkv"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_video(path, iter(random.integers(0, 255, (3, 32, 48, 3), dtype=np.uint8)), 25)
    out = folder / "run"
    measure(folder / "references", folder / "predictions", ["l1", "ssim"], out=out)
    return out
