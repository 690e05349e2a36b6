from __future__ import annotations

import hashlib

import pytest
import yaml

from signbench.errors import InputError
from signbench.runs.protocol import Protocol
from signbench.tasks.loading import known, read_task, task
from signbench.tasks.schema import Task, ids_digest
from tests.tasks.tiny import fields, tiny_task

ALL = ("name", "version", "corpus", "splits", "given", "made", "length", "references", "clips", "seed", "samples_per_clip")
REST = ("coverage_floor", "cluster", "metrics", "paper", "open_in_paper")


def written(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False), "utf-8")
    return path


@pytest.fixture
def own_tasks(tmp_path, monkeypatch):
    """``tasks/`` of an empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "tasks"


def test_the_fields_are_those_of_the_design():
    assert (*ALL, *REST) == tuple(Task.model_fields)


@pytest.mark.parametrize("name", [*ALL, *REST])
def test_every_field_is_required(name, tmp_path):
    content = fields()
    del content[name]
    with pytest.raises(InputError, match=rf"task\.yaml: field {name} is missing; write .+\."):
        read_task(written(tmp_path / "task.yaml", content))


@pytest.mark.parametrize(
    ("part", "name"),
    [*(("made", name) for name in ("modality", "file", "size", "fps", "joints")), ("paper", "citation"), ("paper", "table")],
)
def test_every_field_of_a_part_is_required(part, name, tmp_path):
    content = fields()
    del content[part][name]
    with pytest.raises(InputError, match=rf"task\.yaml: field {part}\.{name} is missing; write .+\."):
        read_task(written(tmp_path / "task.yaml", content))


def metric(**changes):
    return [{"metric": "l1", "on": None, "tier": "core", "headline": True, **changes}]


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("video", {"metrcs": []}, r"field metrcs is not one of a task\. Did you mean metrics"),
        ("video", {"made_sise": "1x1"}, r"field made\.sise is not one of a task\. Did you mean size"),
        ("video", {"version": "1"}, r"field version cannot be '1'; write an integer of at least 1\."),
        ("video", {"version": 0}, r"field version cannot be 0; write an integer of at least 1\."),
        ("video", {"name": ""}, r"field name is ''; write the file's path below tasks/"),
        ("video", {"splits": []}, r"field splits cannot be \[\]; write a list of the corpus's splits"),
        ("video", {"splits": ["test", "test"]}, r"field splits names test twice; write a list"),
        ("video", {"splits": "test"}, r"field splits cannot be 'test'; write a list"),
        ("video", {"splits": ["test", "dev", "train"]}, r"clips names test, dev, but splits test, dev, train; write the same\."),
        ("video", {"given": ["txt"]}, r"field given\[0\] cannot be 'txt'; write a list of some of text, gloss, word"),
        ("video", {"made_modality": "vidoe"}, r"field made\.modality cannot be 'vidoe'; write one of video, pose, motion\."),
        ("video", {"made_file": ".pose"}, r"field made file '\.pose' cannot hold video; write one of \.mkv, \.mp4"),
        ("video", {"made_size": "big"}, r"field made\.size is 'big'; write WIDTHxHEIGHT in pixels, such as 128x128, or null\."),
        ("video", {"made_size": "0x10"}, r"field made\.size is '0x10', but a side must be from 1 to 16384"),
        ("video", {"made_size": None}, r"field made of video needs a size and no joints; write"),
        ("video", {"made_fps": 0}, r"field made\.fps cannot be 0; write frames per second, such as 25, or null\."),
        ("pose", {"made_joints": None}, r"field made of pose needs joints; write the name of a key-point layout\."),
        ("pose", {"made_joints": "coco"}, r"field made\.joints is 'coco'\. .*; write the name of a key-point layout"),
        ("video", {"length": "cut"}, r"field length cannot be 'cut'; write one of equal, truncate, resample\."),
        ("video", {"references": "rendering:hands"}, r"field references cannot be 'rendering:hands'; write one of video, pose"),
        ("video", {"references": "pose"}, r"references 'pose' cannot be compared with video; write references of it\."),
        ("pose", {"references": "rendering:pose"}, r"references 'rendering:pose' cannot be compared with pose"),
        ("video", {"clips": {"test": {"count": 0, "ids_sha256": None}}}, r"field clips\.test\.count cannot be 0; write the number"),
        (
            "video",
            {"clips": {"test": {"count": 1, "ids_sha256": "ab"}}},
            r"field clips\.test\.ids_sha256 cannot be 'ab'; write the SHA",
        ),
        ("video", {"seed": -1}, r"field seed cannot be -1; write an integer of at least 0\."),
        ("video", {"seed": True}, r"field seed cannot be True; write an integer of at least 0\."),
        ("video", {"samples_per_clip": 1.5}, r"field samples_per_clip cannot be 1\.5"),
        ("video", {"coverage_floor": 1.1}, r"field coverage_floor cannot be 1\.1; write a share above 0 and up to 1\."),
        ("video", {"cluster": "person"}, r"field cluster cannot be 'person'; write signer or null\."),
        ("video", {"metrics": []}, r"field metrics cannot be \[\]; write a list of entries"),
        (
            "video",
            {"metrics": metric(metric="ssin")},
            r"field metrics\[0\]\.metric is 'ssin': there is no metric ssin\. Did you mean ssim",
        ),
        ("video", {"metrics": metric(metric="ssim:window=gaussian")}, r"whose canonical name is ssim; write a metric from"),
        (
            "video",
            {"metrics": metric(metric="dtw")},
            r"metrics: dtw measures key points, but the output is video; choose one of images or",
        ),
        ("pose", {"metrics": metric()}, r"metrics: l1 measures images, but the output is pose; choose one of key points."),
        ("motion", {"metrics": metric()}, r"metrics: l1 measures images, but the output is motion"),
        ("video", {"metrics": metric(on="nlst")}, r"field metrics\[0\] on is 'nlst': there is no judge nlst\. Did you mean nslt"),
        ("video", {"metrics": metric(on="nslt")}, r"on is 'nslt': metric l1 compares nothing that a judge gives"),
        ("video", {"metrics": metric(tier="extra")}, r"field metrics\[0\]\.tier cannot be 'extra'; write one of core, extended\."),
        ("video", {"metrics": metric(headline=False)}, r"none of l1 is a headline; write headline: true for at least one\."),
        ("video", {"metrics": [*metric(), *metric()]}, r"field metrics names l1 twice; write a list of entries"),
        ("video", {"paper": "PGMM"}, r"field paper cannot be 'PGMM'; write the fields citation and table, or null\."),
        ("video", {"open_in_paper": None}, r"field open_in_paper cannot be None; write a list of sentences"),
    ],
)
def test_a_wrong_field_is_named_with_what_to_write(kind, changes, message, tmp_path):
    with pytest.raises(InputError, match=rf"^\S+task\.yaml: .*{message}"):
        read_task(written(tmp_path / "task.yaml", fields(kind, **changes)))


def test_further_wrong_fields_are_counted(tmp_path):
    with pytest.raises(InputError, match=r"field version .*\. \(2 more fields are wrong\.\)$"):
        read_task(written(tmp_path / "task.yaml", fields(version="x", seed="x", cluster="x")))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"is not a task file; write its fields"),
        ("- a\n", r"is not a task file"),
        ("name: [a\n", r"task\.yaml, line \d is not YAML"),
        ("name: a\nversion: 1\nname: b\n", r"task\.yaml, line 3: duplicate field name; keep one\."),
        ("made:\n  size: 1x1\n  size: 2x2\n", r"task\.yaml, line 3: duplicate field size"),
        ("name: !!python/object/apply:os.getcwd []\n", r"task\.yaml, line 1 is not YAML"),
        ("name: 2025-99-99\n", r"is not YAML that a task can have"),
        ("? [a]\n: b\n", r"the name of a field is a word, not a list"),
        ("<<: {name: a}\n", r"field <<|field version is missing|field name is missing"),
        ("a: \x00", r"is not YAML"),
    ],
)
def test_something_other_than_a_plain_yaml_is_refused_with_its_line(content, message, tmp_path):
    with pytest.raises(InputError, match=message):
        read_task(written(tmp_path / "task.yaml", content))


def test_on_is_a_field_although_yaml_takes_the_word_for_true(tmp_path):
    text = yaml.safe_dump(fields(), sort_keys=False).replace("'on': null", "on: null")
    assert "on: null" in text
    assert read_task(written(tmp_path / "task.yaml", text)) == tiny_task()


def test_a_task_of_the_current_folder_is_found_by_its_path_and_must_bear_it_as_its_name(own_tasks):
    written(own_tasks / "tiny/text-to-video.yaml", fields())
    assert task("tiny/text-to-video") == task("tiny/text-to-video.yaml") == tiny_task()
    assert "tiny/text-to-video" in known()
    written(own_tasks / "tiny/other.yaml", fields())
    with pytest.raises(InputError, match=r"other\.yaml: field name is 'tiny/text-to-video'; write tiny/other"):
        task("tiny/other")
    with pytest.raises(InputError, match=r"tiny is a folder of tasks; name one of tiny/other, tiny/text-to-video\."):
        task("tiny")
    with pytest.raises(InputError, match=r"Did you mean .*tiny/text-to-video"):
        task("tiny/text-to-vidio")


def test_the_protocol_follows_from_what_is_made():
    assert tiny_task().protocol() == Protocol(frames="equal", size=(24, 32), fps=25.0)
    assert tiny_task("pose", length="resample").protocol() == Protocol(
        frames="resample", size=None, fps=25.0, source_fps=None, layout="coco-wholebody-133"
    )
    assert tiny_task("motion", made_fps=None).protocol() == Protocol(
        frames="equal", size=None, fps=None, source_fps=None, layout="smplx-55"
    )


def test_the_default_split_is_the_first_and_others_are_refused():
    assert tiny_task().split(None) == "test"
    assert tiny_task().split("dev") == "dev"
    with pytest.raises(InputError, match=r"tiny/text-to-video is not scored on a split tset\. Did you mean test"):
        tiny_task().split("tset")


def test_headlines_are_the_keys_of_the_metrics_so_marked():
    assert tiny_task(metrics=[*metric(), *metric(metric="ssim", headline=False)]).headlines == ("l1",)


def test_the_digest_of_ids_is_that_of_the_sorted_ids_joined_by_newlines():
    assert ids_digest(["b", "a"]) == hashlib.sha256(b"a\nb").hexdigest()
