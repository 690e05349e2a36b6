"""A data set of any kind, described by one YAML file."""

from __future__ import annotations

import pickle

import pytest
import yaml

from signbench.corpora import registry
from signbench.corpora.folder import Folder
from signbench.errors import InputError
from tests.corpora import trees


@pytest.fixture
def root(tmp_path):
    return trees.described(tmp_path)


def test_a_clip_has_what_the_description_and_the_table_say(root):
    corpus = Folder(root)
    assert (corpus.name, corpus.splits, corpus.ids("test")) == ("my-corpus", ("train", "test"), ["two", "three"])
    clip = corpus.clip("one")
    assert (clip.split, clip.text, clip.gloss, clip.signer, clip.fps) == ("train", "Rain, again.", ("RAIN", "AGAIN"), "ann", 25.0)
    assert (clip.video.probe(None).frames, clip.video.probe(None).fps) == (6, 25.0)
    assert clip.pose.pose(None).layout.name == "coco-wholebody-133"
    assert clip.motion.rotations(None).fps == 25.0
    assert clip.renderings["smplx"].probe(None).frames == 6
    assert corpus.source() == {"texts": "with final full stops"}
    assert corpus.train_split("test") == "train"
    report = corpus.check()
    assert report.whole
    assert [(found.kind, found.present) for found in report.splits[1].found] == [
        *(("video", 2), ("pose", 2), ("motion", 2), ("rendering:smplx", 2)),
    ]


def test_a_corpus_travels_to_other_processes(root):
    assert pickle.loads(pickle.dumps(Folder(root))).clip("two").text == "Sun."


def test_a_name_in_the_configuration_is_a_corpus_like_any_other(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corpora.yaml").write_text(f"my-corpus: {root}\n", "utf-8")
    assert registry.known()[-1] == "my-corpus"
    assert registry.on_disk("my-corpus") is Folder
    assert (registry.readable("my-corpus"), registry.is_made("my-corpus")) == (True, False)
    assert registry.corpus("my-corpus").ids("train") == ["one"]
    (tmp_path / "corpora.yaml").write_text(f"other: {root}\n", "utf-8")
    with pytest.raises(InputError, match="is of the corpus my-corpus, not of other"):
        registry.corpus("other")


def test_a_root_with_a_description_needs_no_configuration(root):
    assert registry.corpus("my-corpus", root).name == registry.corpus("folder", root).name == "my-corpus"
    (root / "corpus.yaml").rename(root / "another.yaml")
    assert registry.corpus("folder", root / "another.yaml").ids("train") == ["one"]


def test_a_part_of_a_longer_video_is_a_clip(root):
    trees.mp4(root / "films/film.mp4", 50)
    trees.described(root, media={"video": "films/{id}.mp4"}, splits=["test"], fps=None)
    (root / "clips.csv").write_text("id,video,start,end\na,film,0.4,0.8\nb,film,1.0,9\n", "utf-8")
    clips = [Folder(root).clip(name) for name in ("a", "b")]
    assert [clip.video.probe(None).frames for clip in clips] == [10, 25]


def test_ids_may_have_folders(root):
    trees.mp4(root / "films/a/b.mp4", 4)
    trees.described(root, media={"video": "films/{id}.mp4"}, splits=["test"])
    (root / "clips.csv").write_text("id\na/b\na/c\n", "utf-8")
    corpus = Folder(root)
    assert corpus.clip("a/b").video.probe(None).frames == 4
    (video,) = corpus.check().splits[0].found
    assert (video.present, video.missing) == (1, ("a/c",))


def test_other_tables_are_read(root):
    trees.described(root, clips="clips.tsv")
    (root / "clips.tsv").write_text('id\tsplit\ttext\none\ttrain\tRain, "again"\n', "utf-8")
    assert Folder(root).clip("one").text == 'Rain, "again"'


def test_frame_rates_of_the_table_come_first(root):
    (root / "clips.csv").write_text("id,split,fps\ntwo,test,12.5\n", "utf-8")
    clip = Folder(root).clip("two")
    assert (clip.fps, clip.video.probe(None).fps, clip.pose.probe(None).fps) == (12.5, 12.5, 25.0)


FIELDS = {
    "name": ({"name": "My Corpus"}, r"corpus\.yaml: field name .*; write small letters, digits and hyphens"),
    "an unknown field": ({"licens": "x"}, r"field licens is not one of a corpus\. Did you mean licence"),
    "an unknown kind of media": ({"media": {"film": "{id}.mp4"}}, r"media has no kind film\. Known"),
    "a path outside": (
        {"media": {"video": "../{id}.mp4"}},
        r"field media\.video is '\.\./\{id\}\.mp4', which is outside the f",
    ),
    "a path of all clips": ({"media": {"video": "a.mp4"}}, r"has neither \{id\} nor \{file\} in its last part, 'a\.mp4'"),
    "other braces": ({"media": {"video": "{name}.mp4"}}, r"has braces around something else than id, split or file"),
    "no media": ({"media": {}}, r"field media"),
    "a train split of none": ({"train": {"tset": "train"}}, r"there is no split tset in splits; write it there"),
    "a train split by another name": ({"train": {"test": "test"}}, r"train: test, for test, is not a train split"),
    "a layout": ({"layout": "coco"}, r"there is no key-point layout coco"),
    "a rate": ({"fps": 0}, r"field fps"),
    "a table": ({"clips": "clips.xlsx"}, r"field clips is 'clips\.xlsx'; write the table of clips"),
}


@pytest.mark.parametrize(("changes", "message"), FIELDS.values(), ids=FIELDS.keys())
def test_a_description_that_does_not_fit_is_refused_with_what_to_write(changes, message, tmp_path):
    content = yaml.safe_load((trees.described(tmp_path) / "corpus.yaml").read_text("utf-8"))
    (tmp_path / "corpus.yaml").write_text(yaml.safe_dump({**content, **changes}), "utf-8")
    with pytest.raises(InputError, match=message):
        Folder(tmp_path)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("id;split\none;train\n", r"clips\.csv has no column id; its columns are separated by semicolons instead of commas"),
        ("id,txet\none,x\n", r"line 2: there is no column 'txet'\. Did you mean text"),
        ("id,split\none,tset\n", r"line 2: there is no split tset; add it to splits in corpus\.yaml, or correct it"),
        ("id,split\none,test\none,test\n", r"line 3: the clip one is already in \S+, line 2; keep one"),
        ("id,split\n../one,test\n", r"line 2: clip id '\.\./one' would lead out of its folder"),
        ("id,split,fps\none,test,fast\n", r"line 2: fps is 'fast', not a number"),
        ("id,split,fps\none,test,0\n", r"line 2: fps is 0; write frames per second"),
        ("id,split,start\none,test,1\n", r"line 2: start and end are 1\.0 and None; write both in seconds, or neither"),
        ("id,split,text\none,test,a,b\n", r"line 2 has 4 cells for 3 columns"),
        ('id,split,text\none,test,"a\n', r"clips\.csv, line 2 is not a line of a table"),
        ("id,split\none,train\n", r"the split test of my-corpus in \S+ is empty"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_with_its_line(table, message, root):
    (root / "clips.csv").write_text(table, "utf-8")
    with pytest.raises(InputError, match=message):
        Folder(root).ids("test")


def test_a_folder_without_a_description_is_said_to_have_none(tmp_path):
    with pytest.raises(InputError, match=r"corpus\.yaml does not exist; it describes the data set, see docs/corpora/folder\.md"):
        Folder(tmp_path)


def test_real_signing_scores_from_end_to_end(real_data, tmp_path, monkeypatch):
    """Key points of the DGS corpus as references, stitched ones as predictions; a phone video through its own task."""
    import signbench
    from signbench.tasks.schema import Task

    monkeypatch.chdir(tmp_path)
    references = sorted((real_data / "dgs_stitched/references").glob("*.pose"))
    (tmp_path / "dgs").mkdir()
    (tmp_path / "dgs/points").symlink_to(real_data / "dgs_stitched/references")
    (tmp_path / "dgs/clips.csv").write_text("id\n" + "".join(f"{path.stem}\n" for path in references), "utf-8")
    (tmp_path / "dgs/corpus.yaml").write_text(
        "{name: dgs, licence: MIT, clips: clips.csv, media: {pose: 'points/{id}.pose'}}", "utf-8"
    )
    pose = Task.model_validate(task_fields("dgs", "pose", ".pose", "mediapipe-178", "dtw"))
    made = signbench.score(pose, real_data / "dgs_stitched/stitched", root=tmp_path / "dgs", limit=3)
    assert made["dtw"].value > 0

    (tmp_path / "phone/videos").mkdir(parents=True)
    (tmp_path / "phone/videos/selfie.mp4").symlink_to(real_data / "video/signer_selfie.mp4")
    (tmp_path / "phone/clips.csv").write_text("id,text\nselfie,hello\n", "utf-8")
    (tmp_path / "phone/corpus.yaml").write_text(
        "{name: phone, licence: MIT, clips: clips.csv, media: {video: 'videos/{id}.mp4'}}", "utf-8"
    )
    video = Task.model_validate(task_fields("phone", "video", ".mkv", None, "l1", size="540x720"))
    (tmp_path / "same").mkdir()
    (tmp_path / "same/selfie.mp4").symlink_to(real_data / "video/signer_selfie.mp4")
    assert signbench.score(video, tmp_path / "same", root=tmp_path / "phone")["l1"].value == 0


def task_fields(corpus, modality, file, joints, metric, size=None):
    return {
        "name": f"{corpus}/own",
        "version": 1,
        "corpus": corpus,
        "splits": ["test"],
        "given": ["text"],
        "length": "resample",
        "made": {"modality": modality, "file": file, "size": size, "fps": None, "joints": joints},
        "references": modality,
        "clips": {"test": {"count": None, "ids_sha256": None}},
        "seed": 1,
        "samples_per_clip": 1,
        "coverage_floor": 1.0,
        "cluster": None,
        "paper": None,
        "open_in_paper": [],
        "metrics": [{"metric": metric, "on": None, "tier": "core", "headline": True}],
    }
