"""SynthSign: the same clips everywhere, plausible signing, key points that lie on what is drawn, and a careful export."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from signbench.corpora.synthsign import SynthSign, export
from signbench.corpora.synthsign.corpus import SPLITS
from signbench.corpora.synthsign.lexicon import LOCATIONS, MOUTHS, SHAPES, SIGNS
from signbench.corpora.synthsign.motion import BROWS, FPS, perform
from signbench.corpora.synthsign.randomness import generator
from signbench.corpora.synthsign.sentences import Sentence, all_sentences
from signbench.corpora.synthsign.signers import SIGNERS
from signbench.corpora.synthsign.skeleton import Skeleton, skeleton
from signbench.errors import InputError

CORPUS = SynthSign()
ALL_CLIPS = [clip for split in SPLITS for clip in CORPUS.ids(split)]


def body(clip: str, take: int = 0) -> Skeleton:
    sentence = CORPUS.sentence(clip)
    signer = SIGNERS[sentence.signer]
    return skeleton(perform(sentence, signer, generator(CORPUS.version, CORPUS.seed, clip, take)), signer)


def signed(gloss: str, signer: str = "Ada", question: bool = False) -> Skeleton:
    return skeleton(perform(Sentence("", (gloss,), signer, question), SIGNERS[signer], generator("test")), SIGNERS[signer])


def digest_of_frames(clip: str, take: int = 0, size: int = 64, corpus: SynthSign = CORPUS) -> str:
    return hashlib.sha256(b"".join(frame.tobytes() for frame in corpus.frames(clip, take, size))).hexdigest()


# the language


@pytest.mark.parametrize(("split", "count"), [("train", 8), ("dev", 4), ("test", 12)])
def test_a_split_has_numbered_clips(split: str, count: int) -> None:
    assert CORPUS.ids(split) == [f"{split}-{number:04d}" for number in range(1, count + 1)]


def test_no_sentence_is_in_two_clips() -> None:
    sentences = [CORPUS.sentence(clip) for clip in ALL_CLIPS]
    assert len({sentence.text for sentence in sentences}) == len(sentences)


def test_every_split_has_every_signer() -> None:
    for split in SPLITS:
        assert {CORPUS.sentence(clip).signer for clip in CORPUS.ids(split)} == set(SIGNERS)


def test_every_text_of_the_grammar_has_signs_of_its_own() -> None:
    sentences = all_sentences()
    assert len({sentence.text for sentence in sentences}) == len(sentences)
    assert len({(sentence.gloss, sentence.question) for sentence in sentences}) == len(sentences)


@pytest.mark.parametrize(
    ("text", "gloss"),
    [
        ("The child gave water yesterday.", "YESTERDAY WATER CHILD GIVE"),
        ("The mother sees the house.", "HOUSE MOTHER SEE"),
        ("The father will not work tomorrow.", "TOMORROW FATHER WORK NOT"),
        ("Did the child drink water yesterday?", "YESTERDAY WATER CHILD DRINK"),
    ],
)
def test_signs_come_as_time_topic_comment_negation(text: str, gloss: str) -> None:
    assert gloss in [" ".join(sentence.gloss) for sentence in all_sentences() if sentence.text == text]


def test_signs_are_made_of_known_parts_and_all_are_used() -> None:
    for sign in SIGNS.values():
        assert {sign.shape, sign.end_shape or sign.shape} <= set(SHAPES)
        assert sign.location in LOCATIONS
        assert set(sign.mouth) <= set(MOUTHS)
    assert {gloss for sentence in all_sentences() for gloss in sentence.gloss} == set(SIGNS)


def test_the_sentences_of_a_seed_stay_with_the_version() -> None:
    # a change here is a change of every published number: it needs a new version
    assert CORPUS.version == "0.1"
    assert CORPUS.sentence("test-0001") == Sentence("Does the father eat?", ("FATHER", "EAT"), "Ada", question=True)
    texts = "\n".join(CORPUS.sentence(clip).text for clip in ALL_CLIPS)
    assert hashlib.sha256(texts.encode()).hexdigest()[:12] == "b07d0eac3a5c"


def test_another_seed_is_another_corpus() -> None:
    other = SynthSign(seed=1)
    assert [other.sentence(clip).text for clip in ALL_CLIPS] != [CORPUS.sentence(clip).text for clip in ALL_CLIPS]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: CORPUS.ids("tset"), "no split tset.*test"),
        (lambda: CORPUS.sentence("test-0013"), "no clip test-0013.*test-0012"),
        (lambda: CORPUS.pose("nothing"), "no clip nothing"),
        (lambda: CORPUS.frames("test-0001", size=63), "64 to 576 px a side, not at 63"),
        (lambda: CORPUS.frames("test-0001", size=577), "not at 577"),
        (lambda: CORPUS.frames("test-0099"), "no clip test-0099"),
    ],
)
def test_what_does_not_exist_is_refused_by_name(call, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()


# determinism


def test_a_clip_is_the_same_in_another_process() -> None:
    code = (
        "import hashlib; from signbench.corpora.synthsign import SynthSign\n"
        "frames = SynthSign().frames('dev-0003', 1, 64)\n"
        "print(hashlib.sha256(b''.join(frame.tobytes() for frame in frames)).hexdigest())"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == digest_of_frames("dev-0003", 1)


def test_a_clip_does_not_depend_on_what_was_made_before() -> None:
    fresh = SynthSign()
    list(fresh.frames("train-0001"))
    assert digest_of_frames("test-0002", corpus=fresh) == digest_of_frames("test-0002")


def test_motion_stays_with_the_version() -> None:
    # measured with version 0.1; motion is promised to 1e-5 m on every machine
    wrist = body("test-0001").hands[0, 20, 0]
    assert wrist == pytest.approx((-0.10777234, -0.17465308, 0.15388904), abs=1e-5)


def test_another_take_is_the_same_sentence_in_another_performance() -> None:
    for clip in CORPUS.ids("test"):
        first, second = body(clip, 0), body(clip, 1)
        assert abs(len(first.neck) - len(second.neck)) <= 0.15 * len(first.neck)
        shared = min(len(first.neck), len(second.neck))
        apart = np.linalg.norm(first.hands[:, :shared, 0] - second.hands[:, :shared, 0], axis=-1)
        assert 0.002 < apart.mean() < 0.10


def test_takes_of_one_sentence_are_closer_than_other_sentences_by_the_same_signer() -> None:
    def profile(skeleton: Skeleton) -> np.ndarray:
        positions = np.linspace(0, len(skeleton.neck) - 1, 60).astype(int)
        return skeleton.hands[:, positions, 0]

    clips = [clip for clip in CORPUS.ids("test") if CORPUS.sentence(clip).signer == "Ada"]
    for clip in clips:
        own = np.linalg.norm(profile(body(clip)) - profile(body(clip, 1)), axis=-1).mean()
        others = [np.linalg.norm(profile(body(clip)) - profile(body(other)), axis=-1).mean() for other in clips if other != clip]
        assert own < 0.5 * min(others)


# signing


@pytest.mark.parametrize("clip", ALL_CLIPS)
def test_a_clip_lasts_some_seconds_and_its_hands_move_like_hands(clip: str) -> None:
    made = body(clip)
    assert 1.8 <= len(made.neck) / FPS <= 4.3
    step = np.diff(made.hands[:, :, 0], axis=1) * FPS
    assert 1.0 < np.linalg.norm(step, axis=-1).max() < 3.5
    assert np.linalg.norm(np.diff(step, axis=1), axis=-1).max() * FPS < 80
    assert all(np.isfinite(getattr(made, part)).all() for part in ("shoulders", "elbows", "hands", "face", "crown"))


@pytest.mark.parametrize("clip", ["test-0001", "test-0002", "test-0003"])
def test_bones_keep_their_length(clip: str) -> None:
    made = body(clip)
    bones = {
        "upper arm": made.elbows - made.shoulders,
        "forearm": made.hands[:, :, 0] - made.elbows,
        "palm": made.hands[:, :, 9] - made.hands[:, :, 0],
        "index finger": made.hands[:, :, 6] - made.hands[:, :, 5],
        "thumb": made.hands[:, :, 4] - made.hands[:, :, 3],
    }
    for bone, vectors in bones.items():
        assert np.ptp(np.linalg.norm(vectors, axis=-1)) < 1e-9, bone


def test_a_minimal_pair_differs_in_its_one_parameter() -> None:
    mother, father = signed("MOTHER"), signed("FATHER")
    middle = [made.hands[0, len(made.neck) // 2, 9] for made in (mother, father)]
    assert middle[1][1] < middle[0][1] - 0.12
    straight = [made.hands[0, len(made.neck) // 2, 8] - made.hands[0, len(made.neck) // 2, 5] for made in (mother, father)]
    assert straight[0] == pytest.approx(straight[1], abs=0.01)


@pytest.mark.parametrize(("signer", "dominant"), [("Ada", 0), ("Cem", 1)])
def test_a_one_handed_sign_is_made_with_the_dominant_hand(signer: str, dominant: int) -> None:
    hands = signed("NOT", signer).hands[:, :, 0]
    way = np.ptp(hands, axis=1).max(axis=-1)
    assert way[dominant] > 0.25
    assert way[1 - dominant] < 0.05


def test_the_hands_of_a_mirrored_sign_mirror_each_other() -> None:
    made = signed("HOUSE")
    right, left = made.hands[:, len(made.neck) // 2]
    assert right * [-1, 1, 1] == pytest.approx(left, abs=0.05)


def test_alternating_hands_are_half_a_cycle_apart() -> None:
    made = signed("WORK")
    heights = made.hands[:, len(made.neck) // 2 - 4 : len(made.neck) // 2 + 5, 9, 1]
    assert np.asarray(np.corrcoef(heights))[0, 1] < -0.5


def test_hand_shapes_are_what_their_name_says() -> None:
    def reach(gloss: str) -> list[float]:
        made = signed(gloss)
        hand = made.hands[0, len(made.neck) // 2]
        return [float(np.linalg.norm(hand[tip] - hand[0]) / np.linalg.norm(hand[tip - 3] - hand[0])) for tip in (8, 12, 16, 20)]

    index, middle, ring, little = reach("NOT")
    assert index > 1.8
    assert max(middle, ring, little) < 1.2
    index, middle, ring, little = reach("WATER")
    assert min(index, middle) > 1.8
    assert max(ring, little) < 1.2


def test_a_question_raises_the_brows() -> None:
    plain, asked = (perform(Sentence("", ("EAT",), "Ada", question), SIGNERS["Ada"], generator("t")) for question in (False, True))
    assert asked.face[:, BROWS].max() > 0.5 > plain.face[:, BROWS].max()


# key points


def test_key_points_are_coco_wholebody_in_pixels_with_confidence() -> None:
    pose = CORPUS.pose("test-0002")
    assert pose.layout.name == "coco-wholebody-133"
    assert pose.points.shape == (len(body("test-0002").neck), 133, 2)
    assert pose.points.dtype == pose.confidence.dtype == np.float32
    assert pose.fps == 25
    assert 0 <= pose.confidence.min() <= pose.confidence.max() <= 1
    assert pose.points[pose.seen].min() > -0.5
    assert pose.points[pose.seen].max() < 511.5
    pose.check_finite()


def test_legs_and_feet_are_not_seen_and_the_rest_nearly_always_is() -> None:
    for clip in ALL_CLIPS[::5]:
        pose = CORPUS.pose(clip)
        assert not pose.seen[:, 13:23].any()
        assert not pose.points[:, 13:23].any()
        assert pose.seen[:, :13].all()
        assert pose.seen[:, 23:].mean() > 0.97


def test_key_points_have_their_places_in_the_layout() -> None:
    pose = CORPUS.pose("test-0002")
    x, y = pose.points[10].T
    # the signer's left is at the viewer's right
    assert x[5] > x[6]
    assert x[1] > x[0] > x[2]
    assert x[9] == x[91]
    assert y[10] == y[112]
    # brows above eyes above nose above mouth above chin; the nose of the body is that of the face
    assert y[23 + 19] < y[23 + 37] < y[23 + 33] < y[23 + 51] < y[23 + 57] < y[23 + 8]
    assert pose.points[10, 0] == pytest.approx(pose.points[10, 23 + 30])
    # shoulders below the chin, hips below the shoulders
    assert y[23 + 8] < y[5] < y[11]


def test_fast_hands_are_less_certain() -> None:
    pose = CORPUS.pose("test-0001")
    assert pose.confidence[0, 112:].min() > 0.9
    assert pose.confidence[:, 112:].min() < 0.7


@pytest.mark.parametrize("clip", ["test-0001", "test-0002", "test-0003"])
def test_key_points_lie_on_the_hands_that_are_drawn(clip: str) -> None:
    signer = SIGNERS[CORPUS.sentence(clip).signer]
    known = np.array([signer.skin, signer.shirt, signer.background], dtype=float)
    pose = CORPUS.pose(clip)
    hits = []
    for frame, picture in enumerate(CORPUS.frames(clip, size=512)):
        if frame % 10 == 0:
            for x, y in pose.points[frame, 91:][pose.confidence[frame, 91:] > 0.5]:
                # hue alone: shade and outline are darker skin
                colour = picture[round(float(y)), round(float(x))].astype(float)
                alike = known @ colour / np.linalg.norm(known, axis=1) / np.linalg.norm(colour)
                hits.append(alike.argmax() == 0)
    assert np.mean(hits) > 0.97


# frames


@pytest.mark.parametrize("size", [64, 100, 576])
def test_frames_are_square_rgb_of_the_size_asked_for(size: int) -> None:
    frame = next(iter(CORPUS.frames("test-0001", size=size)))
    assert frame.shape == (size, size, 3)
    assert frame.dtype == np.uint8


def test_there_are_as_many_frames_as_key_points() -> None:
    assert sum(1 for _ in CORPUS.frames("test-0005", take=2, size=64)) == CORPUS.pose("test-0005", take=2).frames


def test_frames_of_two_sizes_show_the_same_picture() -> None:
    small, large = (list(CORPUS.frames("test-0001", size=size))[30].astype(float) for size in (128, 512))
    shrunk = large.reshape(128, 4, 128, 4, 3).mean(axis=(1, 3))
    assert np.abs(small - shrunk).mean() < 3


def test_frames_are_anti_aliased_and_do_not_share_memory() -> None:
    frames = list(CORPUS.frames("test-0001", size=64))
    assert len(np.unique(frames[0].reshape(-1, 3), axis=0)) > 300
    before = frames[1].copy()
    frames[0][:] = 0
    assert np.array_equal(frames[1], before)
    assert not np.array_equal(frames[5], frames[20])


# export


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_an_export_reads_back_as_the_clips(tmp_path: Path) -> None:
    from signbench.media.pose_files import read_pose
    from signbench.media.video import probe_video, read_frames

    assert export(CORPUS, "test", tmp_path / "new" / "folder", size=64, limit=2) == ["test-0001", "test-0002"]
    folder = tmp_path / "new" / "folder"
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == [
        "test-0001.mkv",
        "test-0001.pose",
        "test-0002.mkv",
        "test-0002.pose",
    ]
    probe = probe_video(folder / "test-0002.mkv", None)
    frames = np.concatenate(list(read_frames(folder / "test-0002.mkv", probe=probe, positions=np.arange(probe.frames), size=None)))
    assert np.array_equal(frames, np.stack(list(CORPUS.frames("test-0002", size=64))))
    pose, expected = read_pose(folder / "test-0002.pose"), CORPUS.pose("test-0002")
    assert pose.fps == 25
    assert np.abs(pose.points[expected.seen][:, :2] - expected.points[expected.seen]).max() < 1e-3
    assert pose.confidence == pytest.approx(expected.confidence, abs=1e-3)


def test_a_repeated_export_writes_nothing(tmp_path: Path) -> None:
    export(CORPUS, "dev", tmp_path, size=64, limit=2)
    before = contents(tmp_path)
    assert export(CORPUS, "dev", tmp_path, size=64, limit=2) == ["dev-0001", "dev-0002"]
    assert contents(tmp_path) == before


def test_an_export_that_was_killed_goes_on(tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def kill(done: int, total: int) -> None:
        if done == 1:
            raise Killed

    with pytest.raises(Killed):
        export(CORPUS, "dev", tmp_path, media=["pose"], limit=3, progress=kill)
    ledger = tmp_path / ".synthsign.jsonl"
    with ledger.open("a") as stream:
        stream.write('{"file": "dev-00')
    before = contents(tmp_path)
    export(CORPUS, "dev", tmp_path, media=["pose"], limit=3)
    after = contents(tmp_path)
    assert after["dev-0001.pose"] == before["dev-0001.pose"]
    assert {"dev-0002.pose", "dev-0003.pose"} <= set(after)
    export(CORPUS, "dev", tmp_path, media=["pose"], limit=3)
    assert contents(tmp_path) == after


def test_progress_counts_clips(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    export(CORPUS, "dev", tmp_path, media=["pose"], limit=2, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(0, 2), (1, 2), (2, 2)]


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    export(CORPUS, "dev", tmp_path, media=["pose"], limit=1)
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["dev-0001.pose", "dev-0002.pose"])
def test_a_foreign_file_of_a_clips_name_stops_the_export_before_it_writes(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"foreign")
    with pytest.raises(InputError, match=f"holds {name}, not as SynthSign wrote it"):
        export(CORPUS, "dev", tmp_path, media=["pose"], limit=2)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == b"foreign"


def test_a_clip_that_was_changed_is_not_overwritten(tmp_path: Path) -> None:
    export(CORPUS, "dev", tmp_path, media=["pose"], limit=1)
    with (tmp_path / "dev-0001.pose").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(InputError, match=r"holds dev-0001\.pose, not as SynthSign wrote it"):
        export(CORPUS, "dev", tmp_path, media=["pose"], limit=1)


def test_another_take_does_not_go_into_the_same_folder(tmp_path: Path) -> None:
    export(CORPUS, "dev", tmp_path, media=["pose"], limit=1)
    with pytest.raises(InputError, match=r"of another export .*take 0.*; choose another folder"):
        export(CORPUS, "dev", tmp_path, media=["pose"], limit=2, take=1)


def test_a_table_is_written_when_asked_for(tmp_path: Path) -> None:
    export(CORPUS, "dev", tmp_path, media=["pose"], limit=2, table=True)
    with (tmp_path / "clips.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    sentence = CORPUS.sentence("dev-0002")
    assert [row["id"] for row in rows] == ["dev-0001", "dev-0002"]
    assert rows[1] == {
        "id": "dev-0002",
        "file": "dev-0002.pose",
        "text": sentence.text,
        "gloss": " ".join(sentence.gloss),
        "signer": sentence.signer,
        "fps": "25",
    }


def test_the_ledger_names_each_file_with_its_digest(tmp_path: Path) -> None:
    export(CORPUS, "dev", tmp_path, media=["pose"], limit=1)
    (entry,) = [json.loads(line) for line in (tmp_path / ".synthsign.jsonl").read_text().splitlines() if line]
    assert entry["sha256"] == hashlib.sha256((tmp_path / "dev-0001.pose").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"split": "tests"}, "no split tests"),
        ({"media": ["poses"]}, "exports no poses.*pose"),
        ({"media": []}, "nothing to export"),
        ({"size": 32}, "64 to 576 px"),
        ({"take": -1}, "not -1"),
        ({"limit": 0}, "limit 1 or more"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_written(tmp_path: Path, wrong: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        export(CORPUS, wrong.pop("split", "dev"), tmp_path / "out", **wrong)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="cannot be exported to"):
        export(CORPUS, "dev", tmp_path / "out", media=["pose"])
