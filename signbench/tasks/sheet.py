"""A readable description of a task: its prompts, its output and file formats, and its scoring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from signbench.errors import InputError
from signbench.tasks.schema import Task

GRANTS = {
    "text": "the spoken-language sentence",
    "gloss": "the glosses, in signing order",
    "word": "the spoken word",
    "signer": "the signer to show",
    "length": "the number of frames",
    "source_image": "the first frame of the clip, an image of the signer to animate",
    "other_source_image": "an image of another signer to animate: the first frame of a train clip",
    "driving_video": "the motion to follow, as video",
    "driving_pose": "the motion to follow, as key points",
    "motion": "the motion to follow, as a body model's motion",
}
"""Descriptions of the grants."""

LENGTHS = {
    "equal": "exactly as many frames as the reference",
    "truncate": "any; metrics that pair frames use the common prefix",
    "resample": "any; metrics that pair frames resample it onto the reference's time stamps",
}
"""The meaning of each length rule for submissions."""

REFERENCES = {
    "video": "the corpus's video",
    "pose": "the corpus's key points",
    "motion": "the corpus's body-model motion, as joint positions",
    "rendering:pose": "the corpus's video of drawn key points",
    "rendering:hamer": "the corpus's video of rendered hands",
    "rendering:smplx": "the corpus's video of a rendered body",
    "rendering:cross-person": "the corpus's video of the same motion by the signer of the source image",
}
"""Descriptions of the kinds of references."""


def example_ids(task: Task) -> list[str]:
    """Two ids of the default split, or made-up ones if signbench has no reader for the corpus."""
    from signbench.tasks.references import open_corpus

    try:
        return open_corpus(task).ids(task.default_split)[:2]
    except InputError:
        return ["ID-OF-A-CLIP", "ID-OF-ANOTHER"]


def described(task: Task, examples: Sequence[str]) -> dict[str, Any]:
    """A task as plain values: its fields, its metrics with their direction, and example files."""
    from signbench.metrics import registry

    metrics = []
    for item in task.metrics:
        metric = registry.create(item.metric)
        metrics.append({**item.model_dump(mode="json"), "direction": metric.direction, "unit": metric.unit})
    return {
        **task.model_dump(mode="json"),
        "metrics": metrics,
        "protocol": task.protocol().as_json(),
        "example_files": [f"{clip}{task.made.file}" for clip in examples],
    }


def sheet(task: Task, examples: Sequence[str]) -> str:
    """The page that ``signbench tasks show`` prints."""
    blocks = [
        [f"{task.name}, version {task.version}", *_paper(task)],
        ["Given, for each clip", *(f"  {grant}: {GRANTS[grant]}" for grant in task.given), "  and the whole train split"],
        ["Output", *(f"  {line}" for line in output_lines(task, examples))],
        ["Scored clips", *(f"  {line}" for line in _splits(task))],
        ["Protocol", *(f"  {line}" for line in _protocol(task))],
        ["Metrics", *(f"  {line}" for line in _metrics(task))],
    ]
    if task.open_in_paper:
        blocks.append(["What the paper leaves open", *(f"  - {line}" for line in task.open_in_paper)])
    blocks.append(["Score with", *(f"  {line}" for line in _scoring(task))])
    return "\n\n".join("\n".join(block) for block in blocks)


def output_lines(task: Task, examples: Sequence[str]) -> list[str]:
    """The required output, line by line."""
    made = task.made
    names = " and ".join(f"{clip}{made.file}" for clip in examples)
    lines = [f"a folder with one file for each clip, named by the clip's id: {names}"]
    if made.modality == "video":
        lines += [f"video of {made.size} pixels; any supported format, {made.file} with FFV1 is lossless"]
    elif made.modality == "pose":
        unit = f"in pixels of an image of {made.size}" if made.size else "in the references' units"
        lines += [f"key points {unit}, confidence 0 for points that are not seen, .npz or .pose"]
    else:
        lines += [
            "motion of SMPL-X's body: .npz with rotations (frames x 55 x 3, axis-angle, radians) and optionally translation",
            "  (frames x 3, metres); or with points, the joint positions in metres",
        ]
    if made.joints is not None:
        lines.append(f"joints: {made.joints}, in its order or named in the file")
    lines.append(f"rate: {made.fps:g} frames per second" if made.fps is not None else "rate: that of the reference")
    lines.append(f"length: {LENGTHS[task.length]}")
    if task.samples_per_clip > 1:
        lines.append(f"samples: {task.samples_per_clip} for each clip")
    return lines


def _paper(task: Task) -> list[str]:
    return [f"stands for: {task.paper.citation}; {task.paper.table}"] if task.paper is not None else []


def _splits(task: Task) -> list[str]:
    lines = []
    for split in task.splits:
        clips = task.clips[split]
        digest = (
            f"SHA-256 of ids {clips.ids_sha256[:12]}..." if clips.ids_sha256 is not None else "no digest of ids: only own copies"
        )
        default = " (default)" if split == task.default_split else ""
        count = "an unknown number of" if clips.count is None else clips.count
        lines.append(f"{split}{default}: {count} clips of {task.corpus}, {digest}")
    return lines


def _scoring(task: Task) -> list[str]:
    from signbench.corpora import registry

    command = f"signbench score {task.name} --predictions DIR"
    if registry.is_made(task.corpus):
        return [command]
    if task.corpus in registry.known():
        return [
            f"{command} --root DIR",
            f"the references are those of your copy of {task.corpus}, in the layout of signbench corpora show {task.corpus}",
            f"{command} --references DIR",
            "the references are a folder of the scored clips, named by clip id",
        ]
    return [
        f"{command} --references DIR",
        f"signbench has no reader for {task.corpus}: the references are your own copy of the scored clips, named by clip id",
    ]


def _protocol(task: Task) -> list[str]:
    protocol = task.protocol()
    size = f"{protocol.size[1]}x{protocol.size[0]}" if protocol.size is not None else "unchanged"
    rows = {
        "references": REFERENCES[task.references],
        "frames": protocol.frames,
        "size": size,
        "fps": f"{protocol.fps:g}" if protocol.fps is not None else "unchanged",
        "layout": protocol.layout or "none",
        "seed": f"{task.seed}; a clip's own: first 8 bytes, big endian, of SHA-256 of {task.name}|{task.seed}|CLIP ID",
        "samples per clip": str(task.samples_per_clip),
        "coverage floor": f"{task.coverage_floor:g}; with fewer clips the run is incomplete",
        "clusters of intervals": task.cluster or "none, clips are independent",
    }
    return [f"{name}: {value}" for name, value in rows.items()]


def _metrics(task: Task) -> list[str]:
    from signbench.metrics import registry

    better = {"higher": "higher is better", "lower": "lower is better", "reference": "best is the references' own value"}
    lines = []
    for item in task.metrics:
        direction = better[registry.create(item.metric).direction]
        lines.append(f"{item.key}: {direction}, {item.tier}{', headline' if item.headline else ''}")
    return lines
