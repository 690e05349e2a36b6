"""``.pose`` files: versions, people, other programs' headers, and the package pose-format as the reference."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Sequence

import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from signbench.media.pose_files import probe_pose, read_pose, write_pose
from signbench.media.pose_formats.header_joints import components_of, header_layout

pose_format = pytest.importorskip("pose_format")


def file_bytes(
    components: Sequence[tuple[str, Sequence[str]]],
    points: np.ndarray,
    confidence: np.ndarray,
    *,
    version: float = 0.2,
    fps: float = 25,
    form: str | None = None,
    frames: int | None = None,
) -> bytes:
    """A .pose file byte by byte, as specified in pose-format's docs/specs.

    Args:
        components: names with their points.
        points: (T, people, J, D).
        confidence: (T, people, J).
        version: of the header and body.
        fps: of the body.
        form: of the points.
        frames: count to state instead of the true one.
    """

    def text(words: str) -> bytes:
        return struct.pack("<H", len(words.encode())) + words.encode()

    form = form or ("XYC" if points.shape[3] == 2 else "XYZC")
    head = struct.pack("<fHHHH", version, 512, 512, 0, len(components))
    for name, names in components:
        head += text(name) + text(form) + struct.pack("<HHH", len(names), 0, 0) + b"".join(map(text, names))
    stated = len(points) if frames is None else frames
    body = (
        struct.pack("<HHH", int(fps), stated % 2**16, points.shape[1])
        if version < 0.15
        else struct.pack("<fIH", fps, stated, points.shape[1])
    )
    return head + body + points.astype("<f4").tobytes() + confidence.astype("<f4").tobytes()


def numbers(joints: int, frames: int = 4, people: int = 1, dimensions: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.Generator(np.random.PCG64(0))
    return random.normal(size=(frames, people, joints, dimensions)), random.uniform(0.5, 1, size=(frames, people, joints))


def mediapipe(name: str = "mediapipe-178") -> list[tuple[str, tuple[str, ...]]]:
    return components_of(layout(name))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "clip.pose"


@pytest.mark.parametrize("version", [0.1, 0.2])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_both_versions_are_read_with_their_rates(version, dimensions, path):
    points, confidence = numbers(178, dimensions=dimensions)
    path.write_bytes(file_bytes(mediapipe(), points, confidence, version=version, fps=24))
    pose = read_pose(path)
    assert (pose.layout, pose.fps) == (layout("mediapipe-178"), 24.0)
    np.testing.assert_array_equal(pose.points, points[:, 0].astype(np.float32))
    np.testing.assert_array_equal(pose.confidence, confidence[:, 0].astype(np.float32))


def test_version_0_1_counts_more_frames_than_its_16_bits(path):
    points, confidence = np.ones((70_000, 1, 1, 2)), np.ones((70_000, 1, 1))
    path.write_bytes(file_bytes([("POSE_LANDMARKS", ["NOSE"])], points, confidence, version=0.1))
    assert probe_pose(path).frames == read_pose(path).frames == 70_000


@pytest.mark.parametrize(("stated", "rate"), [(29.97, 29.97), (30000 / 1001, 29.97003), (23.976, 23.976), (0, None)])
def test_a_rate_in_float32_is_the_shortest_decimal_that_it_can_mean(stated, rate, path):
    path.write_bytes(file_bytes(mediapipe(), *numbers(178), fps=stated))
    assert probe_pose(path).fps == read_pose(path).fps == rate


@pytest.mark.parametrize("rate", [-1.0, np.nan, np.inf])
def test_an_impossible_rate_is_refused(rate, path):
    path.write_bytes(file_bytes(mediapipe(), *numbers(178), fps=rate))
    with pytest.raises(MediaError, match="states a frame rate of"):
        probe_pose(path)


@pytest.mark.parametrize(
    ("family", "name"),
    [
        ("openpose", "openpose-137"),
        ("openpose_135", "openpose-135"),
        ("cocowholebody133_header", "coco-wholebody-133"),
        ("alphapose_133", "coco-wholebody-133"),
        ("alphapose", "halpe-136"),
    ],
)
def test_headers_that_pose_format_makes_for_other_detectors_are_known(family, name):
    module = pytest.importorskip(f"pose_format.utils.{family}")
    made = {
        "openpose": "OpenPose_Components",
        "openpose_135": "OpenPose_Components",
        "alphapose_133": "AlphaPose133_Components",
        "alphapose": "AlphaPose_Components",
    }
    components = getattr(module, made[family]) if family in made else module.cocowholebody_components()
    known, indices = header_layout([(component.name, tuple(component.points)) for component in components])
    assert known is layout(name)
    assert indices == list(range(len(known.joints)))


@pytest.mark.parametrize(("name", "face"), [("mediapipe-holistic", 468), ("mediapipe-holistic-refined", 478)])
@pytest.mark.parametrize("world", [False, True])
def test_holistic_files_are_known_with_and_without_their_world_landmarks(name, face, world, path):
    components = mediapipe(name)
    if world:
        components.append(("POSE_WORLD_LANDMARKS", components[0][1]))
    joints = 33 + face + 42
    points, confidence = numbers(joints + 33 * world)
    path.write_bytes(file_bytes(components, points, confidence))
    pose = read_pose(path)
    assert pose.layout is layout(name)
    np.testing.assert_array_equal(pose.points, points[:, 0, :joints].astype(np.float32))


def test_points_stay_with_their_names_when_components_come_in_another_order(path):
    body, face, left, right = mediapipe()
    path.write_bytes(file_bytes([right, ("POSE_WORLD_LANDMARKS", body[1]), left, body, face], *numbers(186)))
    pose, stored = read_pose(path), numbers(186)[0]
    assert pose.layout.joints[:22] == (*layout("mediapipe-178").part("right_hand"), "left_hand_root")
    np.testing.assert_array_equal(pose.select(["left_shoulder"]).points[:, 0], stored[:, 0, 50].astype(np.float32))


def test_a_selection_of_points_gets_a_name_of_its_own(path):
    path.write_bytes(file_bytes([("POSE_LANDMARKS", ["LEFT_WRIST", "RIGHT_WRIST"])], *numbers(2)))
    pose = read_pose(path)
    assert pose.layout.joints == ("left_wrist", "right_wrist")
    assert pose.layout.name.startswith("mediapipe-2-")


def test_points_without_confidence_are_not_seen_whatever_they_hold(path):
    points, confidence = numbers(178)
    confidence[1, 0, 5] = 0
    points[1, 0, 5] = np.nan
    points[2, 0, 6] = np.nan
    path.write_bytes(file_bytes(mediapipe(), points, confidence))
    pose = read_pose(path)
    assert np.argwhere(~pose.seen).tolist() == [[1, 5]]
    assert not pose.points[1, 5].any()
    with pytest.raises(MediaError, match="frame 2, joint left_hip"):
        pose.check_finite()


@pytest.mark.parametrize("value", [-0.1, 101, np.nan, np.inf])
def test_an_invalid_confidence_is_refused(value, path):
    points, confidence = numbers(178)
    confidence[3, 0, 7] = value
    path.write_bytes(file_bytes(mediapipe(), points, confidence))
    with pytest.raises(MediaError, match=r"clip\.pose: frame 3, joint 7 has the confidence .*; a confidence must be at least 0"):
        read_pose(path)


@pytest.mark.parametrize("value", [1.04, 7.3])
@pytest.mark.parametrize("name", ["openpose-137", "coco-wholebody-133"])
def test_confidences_above_1_count_as_1_and_are_counted(name, value, path):
    points, confidence = numbers(len(layout(name).joints), dimensions=2)
    confidence[0, 0, 3] = confidence[1, 0, 5] = value
    path.write_bytes(file_bytes(components_of(layout(name)), points, confidence))
    pose = read_pose(path)
    assert (pose.confidence[0, 3], pose.confidence[1, 5], pose.capped) == (1, 1, 2)


def test_the_image_size_is_read_kept_and_written(path):
    points, confidence = numbers(178)
    path.write_bytes(file_bytes(mediapipe(), points, confidence))
    known = dataclasses.replace(read_pose(path), picture=(1280, 720))
    write_pose(path, known)
    assert read_pose(path).picture == probe_pose(path).picture == (1280, 720)


def test_the_extent_of_the_points_is_not_a_size_of_an_image(path):
    points, confidence = numbers(178)
    path.write_bytes(file_bytes(mediapipe(), points, confidence))
    write_pose(path, dataclasses.replace(read_pose(path), picture=None))
    assert probe_pose(path).picture is not None
    assert read_pose(path).picture is None


@pytest.mark.parametrize(
    ("hidden", "held", "refused"),
    [
        ("left_hand", "as they were", True),
        ("face", "as they were", True),
        ("left_hand", "zeros", False),
        ("left_hand", "zeros that moved with the signer", False),
        ("left_hand", "one frame's points throughout", False),
    ],
)
def test_a_part_that_moves_although_it_is_never_seen_is_refused(hidden, held, refused, path):
    points, confidence = numbers(178)
    members = [index for index, part in enumerate(layout("mediapipe-178").parts) if part == hidden]
    confidence[:, 0, members] = 0
    if held == "zeros":
        points[:, 0, members] = 0
    elif held == "zeros that moved with the signer":
        points[:, 0, members] = np.arange(len(points))[:, None, None]
    elif held == "one frame's points throughout":
        points[:, 0, members] = points[:1, 0, members]
    path.write_bytes(file_bytes(mediapipe(), points, confidence))
    if refused:
        with pytest.raises(MediaError, match=f"its {hidden.replace('_', ' ')} moves but has confidence 0 in every frame"):
            read_pose(path)
    else:
        assert not read_pose(path).seen[:, members].any()


def test_a_second_person_who_is_never_seen_does_not_count(path):
    points, confidence = numbers(178, people=2)
    confidence[:, 1] = 0
    path.write_bytes(file_bytes(mediapipe(), points, confidence))
    np.testing.assert_array_equal(read_pose(path).points, points[:, 0].astype(np.float32))


@pytest.mark.parametrize("people", [0, 2, 3])
def test_several_people_or_none_are_refused(people, path):
    path.write_bytes(file_bytes(mediapipe(), *numbers(178, people=people)))
    with pytest.raises(MediaError, match=f"shows {people} people; keep the one who signs" if people else "shows no person"):
        read_pose(path)


@pytest.mark.parametrize("version", [0.1, 0.2])
@pytest.mark.parametrize("missing", [1, 4, 2000, -4])
def test_a_body_of_another_length_than_promised_is_refused(version, missing, path):
    content = file_bytes(mediapipe(), *numbers(178), version=version)
    path.write_bytes(content[:-missing] if missing > 0 else content + bytes(-missing))
    with pytest.raises(MediaError, match="header promises 4 frames, but its"):
        probe_pose(path)


def test_a_header_that_promises_billions_of_frames_costs_nothing(path):
    path.write_bytes(file_bytes(mediapipe(), *numbers(178), frames=2**32 - 1))
    with pytest.raises(MediaError, match="promises 4294967295 frames"):
        read_pose(path)


@pytest.mark.parametrize(
    ("components", "form", "message"),
    [
        ([("MANO", ["WRIST"])], "XYC", r"component 'MANO', which is none of POSE_LANDMARKS, FACE_LANDMARKS"),
        ([("POSE_LANDMARKS", ["NOZE"])], "XYC", r"no known point 'NOZE' in POSE_LANDMARKS\. Did you mean NOSE"),
        ([("POSE_LANDMARKS", ["NOSE"])], "XYTC", "its points are 'XYTC'; XYC, XYZC, XYZKC are supported"),
        ([("POSE_WORLD_LANDMARKS", ["NOSE"])], "XYC", "its header names no key points"),
    ],
)
def test_a_header_that_names_something_else_is_refused(components, form, message, path):
    path.write_bytes(file_bytes(components, *numbers(1, dimensions=len(form) - 1), form=form))
    with pytest.raises(MediaError, match=message):
        probe_pose(path)


def test_a_duplicate_joint_is_refused(path):
    path.write_bytes(file_bytes([("POSE_LANDMARKS", ["NOSE", "NOSE"])], *numbers(2)))
    with pytest.raises(InputError, match=r"clip\.pose: the layout mediapipe-2-\w+ has two joints named nose"):
        probe_pose(path)


@pytest.mark.parametrize(("version", "said"), [(0.3, "version 0.3"), (-1.0, "no version"), (np.nan, "no version")])
def test_other_versions_are_refused(version, said, path):
    path.write_bytes(file_bytes(mediapipe(), *numbers(178), version=version))
    with pytest.raises(MediaError, match=f"has {said} of the .pose format"):
        probe_pose(path)


@pytest.mark.parametrize("name", ["mediapipe-178", "mediapipe-holistic", "coco-wholebody-133", "openpose-137"])
def test_pose_format_reads_what_we_write_under_the_detectors_own_names(name, path):
    random = np.random.Generator(np.random.PCG64(0))
    known = layout(name)
    pose = Pose(
        random.normal(size=(3, len(known.joints), 2)).astype(np.float32), np.ones((3, len(known.joints)), np.float32), known, 25.0
    )
    write_pose(path, pose)
    theirs = pose_format.Pose.read(path.read_bytes())
    np.testing.assert_array_equal(theirs.body.data.data[:, 0], pose.points)
    assert theirs.body.fps == 25
    point = {"mediapipe-178": ("POSE_LANDMARKS", "RIGHT_WRIST"), "mediapipe-holistic": ("RIGHT_HAND_LANDMARKS", "PINKY_TIP")}.get(
        name
    )
    if point is not None:
        joint = {"RIGHT_WRIST": "right_wrist", "PINKY_TIP": "right_pinky_4"}[point[1]]
        assert theirs.header.get_point_index(*point) == known.joints.index(joint)


def test_real_files_read_as_pose_format_reads_them(real_data):
    paths = sorted(real_data.rglob("*.pose"))
    assert len(paths) == 33
    for source in paths:
        theirs = pose_format.Pose.read(source.read_bytes())
        probe, ours = probe_pose(source), read_pose(source)
        assert ours.layout is probe.layout is layout("mediapipe-178")
        assert (probe.frames, 1, 178, 3) == theirs.body.data.shape
        assert (probe.dimensions, probe.has_confidence) == (3, True)
        assert ours.fps == probe.fps == theirs.body.fps
        assert ours.fps == (24 if source.name == "mediapipe_holistic.pose" else 25)
        np.testing.assert_array_equal(ours.points, theirs.body.data.filled(0)[:, 0])
        np.testing.assert_array_equal(ours.confidence, theirs.body.confidence[:, 0])
        ours.check_finite()


def test_real_files_survive_being_written_again(real_data, tmp_path):
    for source in sorted(real_data.rglob("*.pose"))[::8]:
        pose = read_pose(source)
        for suffix in (".pose", ".npz"):
            copy = tmp_path / f"copy{suffix}"
            write_pose(copy, pose)
            again = read_pose(copy)
            assert again.points.tobytes() == pose.points.tobytes()
            assert again.confidence.tobytes() == pose.confidence.tobytes()
            assert (again.layout, again.fps) == (pose.layout, pose.fps)


def version_0_bytes(components, frames, form="XYZC"):
    """A file of version 0.0: each frame is a list of people, each an array (J, coordinates and confidence)."""
    whole = file_bytes(components, np.zeros((0, 1, 1, 3)), np.zeros((0, 1, 1)), version=0.0, form=form)
    head = whole[: -struct.calcsize("<HHH")]
    body = struct.pack("<HH", 25, len(frames))
    for people in frames:
        body += struct.pack("<H", len(people)) + b"".join(
            struct.pack("<h", 7) + person.astype("<f4").tobytes() for person in people
        )
    return head + body


def person_of(joints, seed, confidence=0.5):
    found = np.random.default_rng(seed).normal(size=(joints, 4)).astype(np.float32)
    found[:, 3] = confidence
    return found


def test_version_0_is_read_as_pose_format_reads_it(path):
    frames = [[person_of(178, 0)], [], [person_of(178, 1)]]
    path.write_bytes(version_0_bytes(mediapipe(), frames))
    pose = read_pose(path)
    theirs = pose_format.Pose.read(path.read_bytes())
    assert (pose.fps, pose.layout, pose.frames) == (25, layout("mediapipe-178"), 3)
    np.testing.assert_array_equal(pose.points, theirs.body.data.filled(0)[:, 0].astype(np.float32))
    np.testing.assert_array_equal(pose.confidence, theirs.body.confidence[:, 0].astype(np.float32))
    assert not pose.seen[1].any()


@pytest.mark.parametrize(
    ("frames", "change", "message"),
    [
        ([[person_of(178, 0), person_of(178, 1)]], lambda content: content, "shows 2 people in frame 0"),
        ([[person_of(178, 0)]], lambda content: content[:-4], "ends within frame 0"),
        ([[person_of(178, 0)]], lambda content: content + b"more", "4 bytes follow them"),
    ],
)
def test_a_file_of_version_0_that_is_not_one_signers_is_refused(frames, change, message, path):
    path.write_bytes(change(version_0_bytes(mediapipe(), frames)))
    with pytest.raises(MediaError, match=message):
        read_pose(path)


def test_a_second_person_of_version_0_who_is_never_seen_does_not_count(path):
    path.write_bytes(version_0_bytes(mediapipe(), [[person_of(178, 1, confidence=0), person_of(178, 0)]]))
    np.testing.assert_array_equal(read_pose(path).points[0], person_of(178, 0)[:, :3])


def test_the_depth_of_a_kinect_is_left_out(path):
    points, confidence = numbers(178, dimensions=3)
    deep = np.concatenate([points, np.full((*points.shape[:3], 1), 9.0)], axis=3)
    path.write_bytes(file_bytes(mediapipe(), deep, confidence, form="XYZKC"))
    pose = read_pose(path)
    np.testing.assert_array_equal(pose.points, points[:, 0].astype(np.float32))
    assert probe_pose(path).dimensions == 3
