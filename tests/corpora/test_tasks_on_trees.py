"""Every task of a data set runs from end to end on a small copy of it: generators, anchors, judges that learn, and its metrics."""

from __future__ import annotations

import json
import re
import sys

import pytest

from signbench.cli.main import main
from tests.corpora import trees

pytestmark = pytest.mark.end_to_end

TASKS = {
    "asl3dword/generation": (trees.asl3dword, ("nearest",), {"dtw", "ape", "duration-ratio"}),
    "asl3dword/reconstruction": (trees.asl3dword, ("mean-pose",), {"ape", "dtw"}),
    "asl3dword-30/generation": (trees.asl3dword, ("stitched",), {"dtw", "ape", "duration-ratio"}),
    "phoenix14t/reconstruction": (trees.phoenix14t, ("first-frame",), {"l1", "ssim", "tcd"}),
    "phoenix14t/cross-person": (trees.phoenix14t, ("first-frame",), {"duration-ratio"}),
    "phoenix14t-plus/text-to-video": (trees.phoenix14t_plus, ("nearest",), {"ssim", "psnr", "duration-ratio"}),
    "phoenix14t-plus/text-to-pose": (trees.phoenix14t_plus, ("nearest",), {"dtw", "ape:normalise=shoulders"}),
    "phoenix14t-plus/text-to-hamer": (trees.phoenix14t_plus, ("nearest",), {"ssim", "psnr"}),
    "phoenix14t-plus/text-to-smplx": (trees.phoenix14t_plus, ("nearest",), {"ssim", "psnr"}),
    **{
        f"{corpus}/{stage}": (write, ("first-frame",), metrics)
        for corpus, write in (("lsa64", trees.lsa64), ("wlasl2000", trees.wlasl), ("csl-daily", trees.csl_daily))
        for stage, metrics in (("reconstruction", {"l1", "ssim", "tcd"}), ("cross-person", {"duration-ratio"}))
        if (corpus, stage) != ("lsa64", "cross-person")  # its pairs are tested below
    },
    "slovo/word-to-video": (trees.slovo, ("nearest",), {"ssim", "psnr", "duration-ratio"}),
    "slrtp2025/text-to-pose": (trees.slrtp, ("nearest",), {"dtw", "total-distance", "dtw:variant=slrtp-fastdtw"}),
}
"""Task -> the copy, a generator, and metrics that need no weights."""

PERFECT = {
    "dtw": 0,
    "ape": 0,
    "ape:normalise=shoulders": 0,
    "l1": 0,
    "ssim": 1,
    "duration-ratio": 1,
    "total-distance": 1,
    "dtw:variant=slrtp-fastdtw": 0,
}


@pytest.fixture
def signbench(monkeypatch, capsys, tmp_path):
    """Runs ``signbench WORDS`` in an empty folder and returns its exit code and its JSON, or its message."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        more = ("--workers", "1", "--no-progress") if words[0] in ("run", "score") else ()
        monkeypatch.setattr(sys, "argv", ["signbench", *map(str, words), *more, "--json"])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        code = ended.value.code or 0
        return code, json.loads(printed.out) if code in (0, 3) else printed.err

    return run


def by_metric(result):
    return {item["metric"]: item["value"] for item in result["scores"]}


@pytest.mark.parametrize("name", TASKS)
def test_a_task_runs_and_its_references_score_best(name, signbench, tmp_path):
    write, (generator,), metrics = TASKS[name]
    root = write(tmp_path / "copy")
    code, made = signbench("run", name, "--generator", generator, "--root", root, "--limit", "2")
    assert code == 0, made
    assert metrics <= {metric for metric, value in by_metric(made).items() if value is not None}
    assert made["own_copy"]
    assert made["subset"] is not None
    code, ceiling = signbench("run", name, "--generator", "ground-truth", "--root", root, "--limit", "2", "--out", "truth")
    assert code == 0, ceiling
    for metric in metrics & set(PERFECT):
        assert by_metric(ceiling)[metric] == pytest.approx(PERFECT[metric], abs=1e-6), metric
    code, scored = signbench("score", name, "--predictions", "truth/predictions", "--root", root, "--limit", "2", "--out", "scored")
    assert code == 0, scored
    assert by_metric(scored) == by_metric(ceiling)


ONE_OF_EACH = (
    *("asl3dword/generation", "phoenix14t/reconstruction", "phoenix14t-plus/text-to-pose", "slrtp2025/text-to-pose"),
    *("wlasl2000/reconstruction", "csl-daily/reconstruction", "slovo/word-to-video"),
)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_shuffled_is_worse_than_the_references(name, signbench, tmp_path):
    write, _, metrics = TASKS[name]
    code, chance = signbench("run", name, "--generator", "shuffled", "--root", write(tmp_path / "copy"))
    assert code in (0, 3), chance
    worse = {metric: by_metric(chance)[metric] for metric in metrics & set(PERFECT) - {"duration-ratio", "total-distance"}}
    assert worse
    for metric, value in worse.items():
        assert abs(value - PERFECT[metric]) > 1e-3, metric


def test_a_corpus_without_a_task_runs_in_one_of_the_users_own(signbench, tmp_path):
    root = trees.how2sign(tmp_path / "copy")
    (tmp_path / "tasks/own").mkdir(parents=True)
    (tmp_path / "tasks/own/how2sign.yaml").write_text(
        "{name: own/how2sign, version: 1, corpus: how2sign, splits: [test], given: [text], length: resample, references: pose,\n"
        " made: {modality: pose, file: .npz, size: null, fps: 25.0, joints: openpose-137}, seed: 1, samples_per_clip: 1,\n"
        " cluster: null, clips: {test: {count: null, ids_sha256: null}}, coverage_floor: 1.0, paper: null, open_in_paper: [],\n"
        " metrics: [{metric: dtw, on: null, tier: core, headline: true}]}\n",
        "utf-8",
    )
    code, made = signbench("run", "own/how2sign", "--generator", "nearest", "--root", root)
    assert code == 0, made
    assert (made["subset"], by_metric(made)["dtw"]) == (None, pytest.approx(0, abs=1e-6))  # all of its clips move alike
    record = json.loads(next((tmp_path / "runs").glob("*/run.json")).read_text("utf-8"))
    assert record["spec"]["content"]["corpus"] == "how2sign 1; times: re-aligned"


def test_the_root_may_be_configured(signbench, tmp_path, monkeypatch):
    trees.asl3dword(tmp_path / "copies/asl3dword")
    monkeypatch.setenv("SIGNBENCH_CORPORA", "copies")
    code, made = signbench("run", "asl3dword/generation", "--generator", "mean-pose", "--limit", "2")
    assert code == 0, made


def test_missing_media_stop_a_run_before_it_starts_and_can_be_left_out(signbench, tmp_path):
    root = trees.phoenix14t(tmp_path / "copy")
    folder = root / "features/fullFrame-210x260px/test" / trees.phoenix_name("d")
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    words = ("run", "phoenix14t/reconstruction", "--generator", "first-frame", "--root", root)
    code, said = signbench(*words)
    assert code == 2
    assert (
        f"1 references of phoenix14t 1 test have no video: {trees.phoenix_name('d')}; add their files, or name the others" in said
    )
    assert not (tmp_path / "runs").exists()
    code, _ = signbench("corpora", "check", "phoenix14t", "--root", root, "--out", "whole", "--no-progress")
    assert code == 3
    code, made = signbench(*words, "--clips", "@whole/test.txt")
    assert code == 0, made
    assert made["subset"]["clips"] == [trees.phoenix_name("e")]


def test_a_copy_without_some_train_media_is_learned_from_as_far_as_it_goes(signbench, tmp_path, caplog):
    root = trees.lsa64(tmp_path / "copy")
    words = ("run", "lsa64/reconstruction", "--root", root, "--clips", "057_001_001", "--generator")
    code, made = signbench(*words, "mean-pose")
    assert code == 0, made
    assert "2792 of the 2800 clips of lsa64 train have no video and are not learned from" in caplog.text


def test_pairs_of_signers_do_not_depend_on_what_a_copy_lacks(signbench, tmp_path):
    root = trees.lsa64(tmp_path / "copy", signs=(57,))
    words = ("run", "lsa64/cross-person", "--root", root, "--clips", "057_001_001", "--generator", "first-frame", "--out", "run")
    code, said = signbench(*words)
    assert code == 2
    assert "the split train of lsa64 is empty" in said
    trees.lsa64(root, signs=(1,), signers=1, repetitions=1)
    code, said = signbench(*words)
    assert code == 4
    name = re.search(r"its source image is the first frame of (\w+), whose video is missing", said)[1]
    assert name[4:7] != "001"
    trees.mp4(root / f"{name}.mp4", fps=60)
    code, made = signbench(*words)
    assert code == 0, made
    assert by_metric(made)["duration-ratio"] == 1
