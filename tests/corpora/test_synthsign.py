"""SynthSign's clips: the same everywhere, plausible signing, key points that match the drawing, recordings that can be pickled."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from signbench.corpora import registry
from signbench.corpora.synthsign import SynthSign
from signbench.corpora.synthsign.lexicon import SIGNS
from signbench.corpora.synthsign.motion import FPS, FROWN, RAISED, YAW, perform
from signbench.corpora.synthsign.performances import Performances
from signbench.corpora.synthsign.randomness import generator
from signbench.corpora.synthsign.sentences import Kind, Sentence
from signbench.corpora.synthsign.signers import SIGNERS
from signbench.corpora.synthsign.skeleton import Skeleton, in_picture, skeleton
from signbench.errors import InputError
from signbench.media.body_model import LEFT_ELBOW, LEFT_WRIST, RIGHT_ELBOW, RIGHT_WRIST, forward, hand_points, rig
from signbench.media.motion import Motion
from signbench.media.pose import Pose
from tests.patience import PATIENCE

CORPUS = SynthSign()
SOME_CLIPS = [*CORPUS.ids("test")[:8], *CORPUS.ids("train")[:4], *CORPUS.ids("word-test")[:4]]


def body(clip: str, take: int = 0) -> Skeleton:
    return CORPUS.body(clip, take)


def signed(gloss: str, signer: str = "Ada") -> Skeleton:
    sentence = Sentence("", (gloss,), signer, "word")
    return skeleton(perform(sentence, SIGNERS[signer], generator("test")), SIGNERS[signer])


def digest_of_frames(clip: str, take: int = 0, size: int = 64, corpus: SynthSign = CORPUS) -> str:
    return hashlib.sha256(b"".join(frame.tobytes() for frame in corpus.frames(clip, take, size))).hexdigest()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: CORPUS.ids("tset"), "no split tset.*test"),
        (lambda: CORPUS.sentence("test-0201"), "no clip test-0201.*test-0"),
        (lambda: CORPUS.pose("nothing"), "no clip nothing"),
        (lambda: CORPUS.clip("test-0201"), "no clip test-0201"),
        (lambda: CORPUS.frames("test-0001", size=63), "64 to 576 px per side, not at 63"),
        (lambda: CORPUS.frames("test-0001", size=577), "not at 577"),
        (lambda: CORPUS.frames("test-0999"), "no clip test-0999"),
        (lambda: CORPUS.frames("test-0001", rendering="hands"), "no rendering hands.*hamer"),
        (lambda: SynthSign(size=32), "not at 32"),
        (lambda: registry.corpus("synthsing"), "no corpus synthsing. Did you mean synthsign"),
    ],
)
def test_what_does_not_exist_is_refused_by_name(call, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()


def test_the_registry_knows_the_corpus() -> None:
    assert registry.known()[0] == "synthsign"
    assert isinstance(registry.corpus("synthsign"), SynthSign)
    assert registry.is_made("synthsign")
    assert registry.readable("synthsign")
    with pytest.raises(InputError, match="synthsign is made by a program and has no folder; leave out `root`"):
        registry.corpus("synthsign", Path("x"))


# determinism


def test_a_clip_is_the_same_in_another_process() -> None:
    code = (
        "import hashlib; from signbench.corpora.synthsign import SynthSign\n"
        "frames = SynthSign().frames('dev-0003', 1, 64)\n"
        "print(hashlib.sha256(b''.join(frame.tobytes() for frame in frames)).hexdigest())"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert found.stdout.strip() == digest_of_frames("dev-0003", 1)


def test_a_clip_does_not_depend_on_what_was_made_before() -> None:
    fresh = SynthSign()
    list(fresh.frames("train-0001"))
    assert digest_of_frames("test-0002", corpus=fresh) == digest_of_frames("test-0002")


def test_motion_does_not_change_within_a_version() -> None:
    # within the grid of the motion that version 1.0 gave: -0.19183685, -0.15169220, 0.16353757
    wrist = body("test-0001").hands[0, 20, 0]
    assert wrist.tolist() == [-0.19183350549751718, -0.15169095909361618, 0.16353844901542716]


@pytest.mark.parametrize("clip", SOME_CLIPS[::4])
def test_motion_and_key_points_are_on_their_grids(clip: str) -> None:
    motion, pose = CORPUS.motion(clip), CORPUS.pose(clip)
    for values, steps in ((motion.rotations, 1e5), (motion.translation, 1e5), (pose.points, 1e3), (pose.confidence, 1e3)):
        exact = np.rint(values.astype(np.float64) * steps) / steps
        assert np.array_equal(exact.astype(np.float32), values)


@pytest.mark.parametrize("clip", SOME_CLIPS)
def test_a_clips_length_is_known_without_performing_it(clip: str) -> None:
    assert [CORPUS.length(clip, take) for take in (0, 3)] == [CORPUS.pose(clip, take).frames for take in (0, 3)]


def test_another_take_is_the_same_sentence_in_another_performance() -> None:
    for clip in CORPUS.ids("test")[:30]:
        first, second = body(clip, 0), body(clip, 1)
        assert abs(len(first.neck) - len(second.neck)) <= 0.15 * len(first.neck)
        shared = min(len(first.neck), len(second.neck))
        apart = np.linalg.norm(first.hands[:, :shared, 0] - second.hands[:, :shared, 0], axis=-1)
        assert 0.002 < apart.mean() < 0.15


def test_takes_of_one_sentence_are_closer_than_other_sentences_by_the_same_signer() -> None:
    def profile(skeleton: Skeleton) -> np.ndarray:
        positions = np.linspace(0, len(skeleton.neck) - 1, 60).astype(int)
        return skeleton.hands[:, positions, 0]

    clips = [clip for clip in CORPUS.ids("test")[:60] if CORPUS.sentence(clip).signer == "Ada"]
    for clip in clips:
        own = np.linalg.norm(profile(body(clip)) - profile(body(clip, 1)), axis=-1).mean()
        others = [np.linalg.norm(profile(body(clip)) - profile(body(other)), axis=-1).mean() for other in clips if other != clip]
        assert own < 0.5 * min(others)


# signing


@pytest.mark.parametrize("clip", SOME_CLIPS)
def test_a_clip_lasts_some_seconds_and_its_hands_move_like_hands(clip: str) -> None:
    made = body(clip)
    assert 0.9 <= len(made.neck) / FPS <= 7
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
    assert straight[0] == pytest.approx(straight[1], abs=0.02)


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


def test_hand_shapes_match_their_names() -> None:
    def reach(gloss: str) -> list[float]:
        made = signed(gloss)
        hand = made.hands[0, len(made.neck) // 2]
        return [float(np.linalg.norm(hand[tip] - hand[0]) / np.linalg.norm(hand[tip - 3] - hand[0])) for tip in (8, 12, 16, 20)]

    index, middle, ring, little = reach("NOT")
    assert index > 1.8
    assert max(middle, ring, little) < 1.2
    index, middle, ring, little = reach("SEE")
    assert min(index, middle) > 1.8
    assert max(ring, little) < 1.2


@pytest.mark.parametrize(
    ("kind", "channel", "sign"),
    [("yes-no", RAISED, 1), ("question word", FROWN, 1), ("negation", FROWN, 1), ("question word", RAISED, -1)],
)
def test_face_and_head_say_what_kind_of_sentence_it_is(kind: Kind, channel: int, sign: int) -> None:
    plain, marked = (
        perform(Sentence("", ("BREAD", "I", "EAT"), "Cem", shown, 0, 1), SIGNERS["Cem"], generator("t"))
        for shown in ("statement", kind)
    )
    comment = slice(len(plain.face) // 2, -14)
    assert (sign * (marked.face - plain.face)[comment, channel]).max() > 0.4


def test_a_negation_shakes_the_head() -> None:
    plain, denied = (
        perform(Sentence("", ("I", "EAT", "NOT"), "Cem", kind, 0, 1), SIGNERS["Cem"], generator("t"))
        for kind in ("statement", "negation")
    )
    shake = denied.face[:, YAW] - plain.face[:, YAW]
    assert shake.max() > 0.2
    assert shake.min() < -0.2


def test_a_topic_is_marked_by_the_brows() -> None:
    marked, plain = (
        perform(Sentence("", ("BREAD", "I", "EAT"), "Cem", "statement", 0, topic), SIGNERS["Cem"], generator("t"))
        for topic in (1, 0)
    )
    assert marked.face[: len(plain.face) // 2, RAISED].max() > 0.5 > plain.face[:, RAISED].max()


# rotations


@pytest.mark.parametrize("clip", SOME_CLIPS[::3])
def test_the_rotations_alone_give_the_joints_that_the_key_points_show(clip: str) -> None:
    made, signer = body(clip), SIGNERS[CORPUS.sentence(clip).signer]
    posture = forward(made.rotations, rig(signer.build), made.translation)
    left, right = in_picture(hand_points(posture), signer.scale)
    assert np.abs(made.hands - [right, left]).max() < 1e-9
    for side, (elbow, wrist) in enumerate(((RIGHT_ELBOW, RIGHT_WRIST), (LEFT_ELBOW, LEFT_WRIST))):
        assert np.abs(in_picture(posture.joints[:, elbow], signer.scale) - made.elbows[side]).max() < 1e-9
        assert np.abs(in_picture(posture.joints[:, wrist], signer.scale) - made.hands[side][:, 0]).max() < 1e-9


def test_a_motion_reads_as_joints_of_the_neutral_skeleton() -> None:
    motion = CORPUS.motion("test-0003")
    assert motion.rotations.shape == (CORPUS.length("test-0003"), 55, 3)
    assert motion.rotations.dtype == np.float32
    assert np.linalg.norm(motion.rotations, axis=-1).max() <= np.pi + 1e-6
    pose = motion.pose()
    assert (pose.layout.name, pose.fps) == ("smplx-55", 25)
    assert np.array_equal(pose.points[:, 0], motion.translation)
    # a wrist does not bend like a hinge
    assert np.linalg.norm(motion.rotations[:, [LEFT_WRIST, RIGHT_WRIST]], axis=-1).max() < np.radians(110)


def test_two_signers_make_the_same_sign_with_different_bones() -> None:
    small, large = signed("HOUSE", "Dee"), signed("HOUSE", "Eli")
    reach = [float(np.linalg.norm(made.hands[0, 0, 12] - made.hands[0, 0, 9])) for made in (small, large)]
    assert reach[1] > 1.15 * reach[0]


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
    for clip in SOME_CLIPS[::3]:
        pose = CORPUS.pose(clip)
        assert not pose.seen[:, 13:23].any()
        assert not pose.points[:, 13:23].any()
        assert pose.seen[:, :13].all()
        assert pose.seen[:, 23:].mean() > 0.97


def test_key_points_are_in_the_order_of_the_layout() -> None:
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
def test_key_points_are_on_the_hands_that_are_drawn(clip: str) -> None:
    signer = SIGNERS[CORPUS.sentence(clip).signer]
    known = np.array([signer.skin, signer.shirt, signer.background], dtype=float)
    pose = CORPUS.pose(clip)
    hits = []
    for frame, picture in enumerate(CORPUS.frames(clip, size=512)):
        if frame % 10 == 0:
            for x, y in pose.points[frame, 91:][pose.confidence[frame, 91:] > 0.5]:
                # only hue: shade and outline are darker skin
                colour = picture[round(float(y)), round(float(x))].astype(float)
                alike = known @ colour / np.linalg.norm(known, axis=1) / np.linalg.norm(colour)
                hits.append(alike.argmax() == 0)
    assert np.mean(hits) > 0.97


# frames


@pytest.mark.parametrize("size", [64, 100, 576])
def test_frames_are_square_rgb_of_the_size_requested(size: int) -> None:
    frame = next(iter(CORPUS.frames("test-0001", size=size)))
    assert frame.shape == (size, size, 3)
    assert frame.dtype == np.uint8


def test_there_are_as_many_frames_as_key_points() -> None:
    assert sum(1 for _ in CORPUS.frames("test-0005", take=2, size=64)) == CORPUS.pose("test-0005", take=2).frames


def test_frames_of_two_sizes_show_the_same_image() -> None:
    small, large = (list(CORPUS.frames("test-0001", size=size))[30].astype(float) for size in (128, 512))
    shrunk = large.reshape(128, 4, 128, 4, 3).mean(axis=(1, 3))
    assert np.abs(small - shrunk).mean() < 4


def test_frames_are_anti_aliased_and_do_not_share_memory() -> None:
    frames = list(CORPUS.frames("test-0001", size=64))
    assert len(np.unique(frames[0].reshape(-1, 3), axis=0)) > 300
    before = frames[1].copy()
    frames[0][:] = 0
    assert np.array_equal(frames[1], before)
    assert not np.array_equal(frames[5], frames[20])


@pytest.mark.parametrize("rendering", ["pose", "hamer", "smplx"])
def test_a_rendered_form_shows_something_on_black(rendering: str) -> None:
    frame = next(iter(CORPUS.frames("test-0001", size=96, rendering=rendering)))
    assert (frame[0] == 0).all()
    assert 0.01 < (frame.sum(axis=2) > 60).mean() < 0.5


def test_the_hands_alone_are_where_the_hands_of_the_video_are() -> None:
    pose = CORPUS.pose("test-0002")
    for number, frame in enumerate(CORPUS.frames("test-0002", size=512, rendering="hamer")):
        if number % 15 == 0:
            inside = [frame[round(float(y)), round(float(x))].sum() > 60 for x, y in pose.points[number, 91:]]
            assert np.mean(inside) > 0.97


# recordings


RECORDINGS = {
    "video": lambda clip: clip.video,
    "rendering pose": lambda clip: clip.renderings["pose"],
    "rendering hamer": lambda clip: clip.renderings["hamer"],
    "rendering smplx": lambda clip: clip.renderings["smplx"],
    "key points": lambda clip: clip.pose,
    "motion": lambda clip: clip.motion,
}


def test_a_clip_has_its_metadata() -> None:
    clip, sentence = CORPUS.clip("test-0004"), CORPUS.sentence("test-0004")
    assert (clip.id, clip.split, clip.fps) == ("test-0004", "test", 25)
    assert (clip.text, clip.gloss, clip.signer) == (sentence.text, sentence.gloss, sentence.signer)
    assert CORPUS.clip("word-test-0001").split == "word-test"


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_can_be_sent_to_another_process_and_is_small(name: str) -> None:
    recording = RECORDINGS[name](CORPUS.clip("test-0004"))
    packed = pickle.dumps(recording)
    assert len(packed) < 400
    assert pickle.loads(packed) == recording
    assert pickle.loads(packed).digest() == recording.digest()
    assert "test-0004" in recording.label


@pytest.mark.parametrize("name", [name for name in RECORDINGS if name not in ("key points", "motion")])
def test_the_renderer_s_revision_is_in_a_video_s_digest_and_stamp(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    recording = RECORDINGS[name](CORPUS.clip("test-0004"))
    before = recording.digest()
    monkeypatch.setattr("signbench.corpora.synthsign.recordings.REVISION", 99)
    assert recording.digest() != before
    assert recording.stamp() == (0, 99, 0)


def test_recordings_of_one_clip_have_different_digests() -> None:
    clips = (CORPUS.clip("test-0004"), CORPUS.clip("test-0004", 1), CORPUS.clip("test-0005"), SynthSign(size=64).clip("test-0004"))
    digests = [RECORDINGS[name](clip).digest() for clip in clips[:3] for name in RECORDINGS]
    assert len(set(digests)) == len(digests)
    assert clips[3].video is not None
    assert clips[3].video.digest() not in digests


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_digest_is_of_the_content_and_not_of_its_recipe(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def digest() -> str:
        digest: str = RECORDINGS[name](CORPUS.clip("test-0002")).digest()
        return digest

    def moved_by(pixels: float, radians: float) -> str:
        def pose(self: Performances, clip_id: str, take: int = 0) -> Pose:
            found = true_pose(self, clip_id, take)
            points = np.rint(found.points.astype(np.float64) / 1e-3) * 1e-3
            points[3, 5, 0] += pixels
            return Pose(points.astype(np.float32), found.confidence, found.layout, found.fps)

        def motion(self: Performances, clip_id: str, take: int = 0) -> Motion:
            found = true_motion(self, clip_id, take)
            rotations = np.rint(found.rotations.astype(np.float64) / 1e-5) * 1e-5
            rotations[3, 5, 0] += radians
            return Motion(rotations.astype(np.float32), found.translation, found.fps)

        monkeypatch.setattr(Performances, "pose", pose)
        monkeypatch.setattr(Performances, "motion", motion)
        return digest()

    true_pose, true_motion = Performances.pose, Performances.motion
    before = digest()
    assert moved_by(1e-5, 1e-7) == before
    assert moved_by(2e-3, 2e-5) != before
    monkeypatch.undo()
    assert digest() == before


def test_the_position_of_an_unseen_point_is_not_in_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden_at(position: float) -> str:
        def pose(self: Performances, clip_id: str, take: int = 0) -> Pose:
            found = true_pose(self, clip_id, take)
            points, confidence = found.points.copy(), found.confidence.copy()
            points[3, 5], confidence[3, 5] = position, 0
            return Pose(points, confidence, found.layout, found.fps)

        monkeypatch.setattr(Performances, "pose", pose)
        return RECORDINGS["key points"](CORPUS.clip("test-0002")).digest()

    true_pose = Performances.pose
    assert hidden_at(1.0) == hidden_at(99.0)


@pytest.mark.parametrize("name", [name for name in RECORDINGS if name.startswith(("video", "rendering"))])
def test_a_video_recording_gives_the_frames_of_the_clip(name: str) -> None:
    recording = RECORDINGS[name](SynthSign(size=64).clip("word-test-0003"))
    probe = recording.probe(None)
    assert (probe.frames, probe.height, probe.width, probe.fps) == (CORPUS.length("word-test-0003"), 64, 64, 25)
    assert probe.duration == pytest.approx(probe.frames / 25)
    assert recording.probe(50.0).times[-1] == pytest.approx((probe.frames - 1) / 50)
    whole = np.stack(list(CORPUS.frames("word-test-0003", size=64, rendering=name.rpartition(" ")[2])))
    assert np.array_equal(np.concatenate(list(recording.chunks(probe, np.arange(probe.frames), None))), whole)
    positions = np.array([0, 3, 3, 17])
    assert np.array_equal(np.concatenate(list(recording.chunks(probe, positions, None))), whole[positions])
    (small,) = recording.chunks(probe, positions, (32, 48))
    assert small.shape == (4, 32, 48, 3)
    with pytest.raises(InputError, match="indices of its"):
        list(recording.chunks(probe, np.array([probe.frames]), None))


@pytest.mark.parametrize("name", ["key points", "motion"])
def test_a_pose_recording_gives_the_key_points_of_the_clip(name: str) -> None:
    recording = RECORDINGS[name](CORPUS.clip("word-test-0003"))
    probe, pose = recording.probe(None), recording.pose(None)
    assert (probe.frames, probe.layout, probe.fps, probe.dimensions) == (pose.frames, pose.layout, pose.fps, pose.points.shape[2])
    assert recording.pose(50.0).fps == recording.probe(50.0).fps == 50


def test_every_sign_can_be_signed_by_every_signer() -> None:
    for position, gloss in enumerate(SIGNS):
        made = signed(gloss, list(SIGNERS)[position % len(SIGNERS)])
        assert np.isfinite(made.rotations).all()
        assert np.isfinite(made.face).all()


def test_the_contact_sheet_is_written_and_the_documents_one_is_small(tmp_path: Path) -> None:
    from signbench.corpora.synthsign.contact_sheet import contact_sheet, write_contact_sheet

    sheet = contact_sheet(64)
    assert sheet.shape == (3 * 64, 5 * 64, 3)
    assert len(np.unique(sheet.reshape(-1, 3), axis=0)) > 1000
    write_contact_sheet(tmp_path / "sheet.png", 64)
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match="cannot be written"):
        write_contact_sheet(tmp_path / "nowhere" / "sheet.png", 64)
    shown = Path(__file__).parents[2] / "docs" / "images" / "synthsign.png"
    assert 0 < shown.stat().st_size < 400_000
