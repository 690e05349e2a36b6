"""The built-in generators' motion on the tasks of words, and an ST-GCN that reads its rotations."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import PoseFile
from signbench.corpora.synthsign import SynthSign
from signbench.errors import InputError
from signbench.extractors.cache import observations_in
from signbench.generators import registry as generators
from signbench.generators import trivial
from signbench.generators.anchors import derangement
from signbench.generators.base import Card, Generator, Production
from signbench.judges.registry import JUDGES
from signbench.judges.stgcn.config import STGCNConfig
from signbench.judges.stgcn.judge import SIGNS, STGCNJudge
from signbench.judges.stgcn.rows import rotation_rows
from signbench.judges.stgcn.skeletons import skeleton
from signbench.media.body_model import JAW
from signbench.media.motion import read_motion, write_motion
from signbench.media.pose_files import write_pose
from signbench.predictions.sampling import pose_of
from signbench.runs.protocol import Protocol
from signbench.scoring.judging import judged_clip
from signbench.scoring.task_runs import Generation, TaskRun, run_generator, score_predictions
from signbench.tasks.loading import task
from signbench.tasks.schema import Task
from signbench.weights.reference_models import write_model

CORPUS = SynthSign()
CLIPS = ["word-test-0001", "word-test-0002", "word-test-0003"]
DEALT = derangement(CORPUS.ids("word-test"), "synthsign/word-generation", 20250)
TASKS = ("synthsign/word-generation", "synthsign/word-reconstruction")


class Tiny(STGCNJudge):
    """An ST-GCN with few weights, all random."""

    name = "tiny"


def tiny_model(folder, kind="smplx-53"):
    """A model that separates some test clips, and is right about two of them."""
    torch.manual_seed(3)
    channels = 6 if kind == "smplx-53" else 3
    config = STGCNConfig(kind, channels, 8, (8, 8), (1, 2), 3, 0.0)
    network = config.build().eval()
    names = [f"sign {index}" for index in range(config.classes)]
    if kind == "smplx-53":
        rows = [rotation_rows(CORPUS.motion(clip).rotations)[None] for clip in [*CLIPS, *(DEALT[clip] for clip in CLIPS)]]
        with torch.no_grad():
            features = torch.cat([network(torch.from_numpy(one))[1] for one in rows])
            weight = network.fcn.weight[:, :, 0, 0]
            network.fcn.bias.copy_(-weight @ features.mean(dim=0))
            said = (features @ weight.T + network.fcn.bias).argmax(dim=1).tolist()
        for clip, index in list(zip(CLIPS, said, strict=False))[:2]:
            names[index] = CORPUS.clip(clip).text
    card = {"kind": "judge", "model": "tiny", "configuration": "small", "summary": "For tests.", "licence": "CC0-1.0"}
    files = {SIGNS: "".join(f"{name}\n" for name in names).encode()}
    return write_model(folder, card, config=asdict(config), tensors=network.state_dict(), files=files)


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """The judge ``tiny``, whose model is in the current folder."""
    (tmp_path / "reference_models").mkdir()
    tiny_model(tmp_path / "reference_models" / "tiny")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(JUDGES.built_in, "tiny", f"{__name__}:Tiny")
    with observations_in(tmp_path / "cache"):
        yield


def judged_task(name, *keys):
    """A shipped task with other metrics."""
    metrics = []
    for key in keys:
        metric, _, on = key.partition("@")
        metrics.append({"metric": metric, "on": on or None, "tier": "core", "headline": True})
    return Task.model_validate(task(name).model_dump(mode="json") | {"metrics": metrics})


def made(tmp_path, name, generator, *keys):
    """The result of a generator's run over a few words, and its files by clip."""
    generator = generator if isinstance(generator, Generator) else generators.create(generator)
    run = TaskRun.of(judged_task(name, *(keys or ("ape",))), limit=len(CLIPS), workers=1)
    out = tmp_path / f"{name.replace('/', '-')}-{generator.card.name}"
    result = run_generator(Generation(run, generator), out, fresh=False)[1]
    return result, {path.stem: path for path in sorted(out.rglob("word-test-*.npz"))}


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("generator", [name for name in generators.GENERATORS.built_in if name not in generators.MODELS])
def test_a_generator_writes_rotations_on_the_tasks_of_words(generator, name, tmp_path, monkeypatch):
    monkeypatch.setattr(trivial, "_CLIPS_FOR_POINTS", 16)
    result, files = made(tmp_path, name, generator)
    assert (result.exit_code, list(files)) == (0, CLIPS)
    for clip, path in files.items():
        motion = read_motion(path)
        assert PoseFile(path).probe(None).has_rotations
        assert motion.fps == 25.0
        motion.check_finite()
        if name == "synthsign/word-reconstruction":
            assert motion.frames == CORPUS.motion(clip).frames
        if generator != "first-frame":  # at rest the mouth is closed
            assert np.abs(motion.rotations[:, JAW]).max() > 0, "the jaw survives"


@pytest.mark.parametrize("name", TASKS)
def test_ground_truth_is_the_reference_bit_for_bit_and_perfect_by_every_metric(name, tmp_path):
    result, files = made(tmp_path, name, "ground-truth", "ape", "dtw", "nape", "total-distance", "duration-ratio")
    for clip, path in files.items():
        found, reference = read_motion(path), CORPUS.motion(clip)
        assert found.rotations.tobytes() == reference.rotations.tobytes()
        assert found.translation.tobytes() == reference.translation.tobytes()
    values = {score.metric: score.value for score in result.scores}
    perfect = {key: 1.0 if "ratio" in key or key == "total-distance" else 0.0 for key in values}
    assert values == perfect


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("name", TASKS)
def test_an_st_gcn_of_random_weights_scores_ground_truth_at_its_ceiling_and_shuffled_at_its_chance(name, tmp_path):
    key = "accuracy@tiny"
    truth, files = made(tmp_path, name, "ground-truth", key)
    assert truth[key].value == truth[key].judged.ceiling.value
    assert 0 < truth[key].value < 1, "the weights separate the clips"
    if name == "synthsign/word-generation":  # the other stretches what it deals to the length of the original
        dealt, _ = made(tmp_path, name, "shuffled", key)
        assert dealt[key].value == dealt[key].judged.chance.value
    for clip, path in files.items():
        sides = [
            judged_clip(Tiny(), Clip(clip, pose=side), Protocol(), None) for side in (PoseFile(path), CORPUS.clip(clip).motion)
        ]
        (production,), (reference,) = (Tiny().observe([side], ["rows"]) for side in sides)
        assert production["rows"].tobytes() == reference["rows"].tobytes()


@pytest.mark.usefixtures("tiny")
def test_shuffled_shows_a_judge_of_rotations_exactly_what_is_dealt(tmp_path):
    _, files = made(tmp_path, "synthsign/word-generation", "shuffled")
    for clip, path in files.items():
        found, other = read_motion(path), CORPUS.motion(DEALT[clip])
        assert found.rotations.tobytes() == other.rotations.tobytes()


@pytest.mark.usefixtures("tiny")
def test_a_production_that_differs_in_the_jaw_alone_differs_for_an_st_gcn(tmp_path):
    found = []
    for angle in (0.0, 0.3):
        motion = CORPUS.motion(CLIPS[0])
        rotations = motion.rotations.copy()
        rotations[:, JAW, 0] += np.float32(angle)
        write_motion(tmp_path / f"{angle}.npz", replace(motion, rotations=rotations))
        shown = judged_clip(Tiny(), Clip(CLIPS[0], pose=PoseFile(tmp_path / f"{angle}.npz")), Protocol(), None)
        found.append(Tiny().observe([shown], ["rows"])[0]["rows"])
    assert np.abs(found[0] - found[1]).max() > 1e-4


class Positions(Generator):
    """Copies a train clip's joint positions."""

    card = Card(name="positions", version="1", modalities=("motion",), prompt_fields=(), licence="CC0-1.0")

    def prepare(self, train):
        self.media = next(iter(train)).media

    def generate(self, prompts, seeds):
        for prompt in prompts:
            yield Production(prompt.clip, pose=pose_of(self.media, prompt.made), fps=prompt.fps)


NEED = r"word-test-0001\.npz has no rotations, and the judge tiny reads nothing else; use an \.npz file with the field rotations"


@pytest.mark.usefixtures("tiny")
def test_a_generator_of_positions_is_scored_by_positions_and_refused_by_a_judge_of_rotations(tmp_path):
    result, files = made(tmp_path / "ape", "synthsign/word-generation", Positions())
    assert (result.exit_code, len(files)) == (0, 3)
    with pytest.raises(InputError, match=NEED):
        made(tmp_path / "judged", "synthsign/word-generation", Positions(), "accuracy@tiny")


@pytest.mark.usefixtures("tiny")
def test_submitted_positions_are_refused_by_a_judge_of_rotations_before_the_work(tmp_path):
    (tmp_path / "submitted").mkdir()
    for clip in CLIPS:
        write_pose(tmp_path / "submitted" / f"{clip}.npz", CORPUS.motion(clip).pose())
    run = TaskRun.of(judged_task("synthsign/word-generation", "accuracy@tiny"), limit=3, workers=1)
    with pytest.raises(InputError, match=NEED + r".*\(and 2 more clips"):
        score_predictions(run, tmp_path / "submitted", tmp_path / "run", fresh=False, allow_missing=False)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("kind", "reads", "refused", "fitting"),
    [
        ("smplx-53", ("motion",), "synthsign/text-to-pose", "synthsign/word-generation"),
        ("coco-wholebody-133", ("pose",), "synthsign/word-generation", "synthsign/text-to-pose"),
    ],
)
def test_an_st_gcn_reads_what_its_model_reads_and_is_refused_by_tasks_of_others(
    kind, reads, refused, fitting, tmp_path, monkeypatch
):
    assert skeleton(kind).name == kind
    (tmp_path / "reference_models").mkdir()
    tiny_model(tmp_path / "reference_models" / "tiny", kind)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(JUDGES.built_in, "tiny", f"{__name__}:Tiny")
    assert (Tiny().reads, Tiny.reads) == (reads, ("motion", "pose"))
    with observations_in(tmp_path / "cache"):
        assert TaskRun.of(judged_task(fitting, "accuracy@tiny"), limit=1).judges["tiny"].reads == reads
        kind_of_files = task(refused).made.modality
        with pytest.raises(InputError, match=f"the judge tiny reads {reads[0]}, but predictions of {refused} are {kind_of_files}"):
            _ = TaskRun.of(judged_task(refused, "accuracy@tiny"), limit=1).judges
