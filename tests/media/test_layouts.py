"""Key-point layouts: the sources' orders, names that all share, and the page that lists them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from signbench.errors import InputError
from signbench.media.layouts import Layout, guess_layout, known_layouts, layout, layout_of

PAGE = Path(__file__).parents[2] / "docs" / "layouts.md"

# Indices from the sources' own documents (docs/layouts.md names them), transcribed by hand.
INDICES = [
    # OpenPose, doc/02_output.md: BODY_25; face after 25, hands after 95
    ("openpose-137", 0, "nose"),
    ("openpose-137", 2, "right_shoulder"),
    ("openpose-137", 4, "right_wrist"),
    ("openpose-137", 7, "left_wrist"),
    ("openpose-137", 8, "mid_hip"),
    ("openpose-137", 9, "right_hip"),
    ("openpose-137", 15, "right_eye"),
    ("openpose-137", 18, "left_ear"),
    ("openpose-137", 19, "left_big_toe"),
    ("openpose-137", 24, "right_heel"),
    ("openpose-137", 25, "face_0"),
    ("openpose-137", 93, "face_right_pupil"),
    ("openpose-137", 94, "face_left_pupil"),
    ("openpose-137", 95, "left_hand_root"),
    ("openpose-137", 99, "left_thumb_4"),
    ("openpose-137", 116, "right_hand_root"),
    ("openpose-137", 136, "right_pinky_4"),
    # pose-format, utils/openpose_135.py and utils/alphapose.py
    ("openpose-135", 10, "right_wrist"),
    ("openpose-135", 17, "upper_neck"),
    ("openpose-135", 18, "head_top"),
    ("openpose-135", 22, "right_big_toe"),
    ("openpose-135", 25, "left_thumb_1"),
    ("openpose-135", 64, "right_pinky_4"),
    ("openpose-135", 65, "face_0"),
    ("openpose-135", 133, "face_right_pupil"),
    ("halpe-136", 17, "head_top"),
    ("halpe-136", 18, "neck"),
    ("halpe-136", 19, "mid_hip"),
    ("halpe-136", 21, "right_big_toe"),
    ("halpe-136", 26, "face_0"),
    ("halpe-136", 94, "left_hand_root"),
    ("halpe-136", 115, "right_hand_root"),
    # DWPose, wholebody.py: shoulders of COCO (5, 6) end up at 5 and 2, with the neck at 1
    ("dwpose-134", 1, "neck"),
    ("dwpose-134", 2, "right_shoulder"),
    ("dwpose-134", 5, "left_shoulder"),
    ("dwpose-134", 8, "right_hip"),
    ("dwpose-134", 14, "right_eye"),
    ("dwpose-134", 17, "left_ear"),
    ("dwpose-134", 18, "left_big_toe"),
    ("dwpose-134", 24, "face_0"),
    ("dwpose-134", 92, "left_hand_root"),
    ("dwpose-134", 113, "right_hand_root"),
    # COCO-WholeBody: 17 body, 6 feet, 68 face, 21 left hand, 21 right hand
    ("coco-wholebody-133", 1, "left_eye"),
    ("coco-wholebody-133", 6, "right_shoulder"),
    ("coco-wholebody-133", 9, "left_wrist"),
    ("coco-wholebody-133", 16, "right_ankle"),
    ("coco-wholebody-133", 17, "left_big_toe"),
    ("coco-wholebody-133", 23, "face_0"),
    ("coco-wholebody-133", 91, "left_hand_root"),
    ("coco-wholebody-133", 112, "right_hand_root"),
    # MediaPipe
    ("mediapipe-holistic", 11, "left_shoulder"),
    ("mediapipe-holistic", 16, "right_wrist"),
    ("mediapipe-holistic", 32, "right_foot_index"),
    ("mediapipe-holistic", 33, "mesh_0"),
    ("mediapipe-holistic", 500, "mesh_467"),
    ("mediapipe-holistic", 501, "left_hand_root"),
    ("mediapipe-holistic", 522, "right_hand_root"),
    ("mediapipe-holistic-refined", 510, "mesh_477"),
    ("mediapipe-178", 0, "left_shoulder"),
    ("mediapipe-178", 5, "right_wrist"),
    ("mediapipe-178", 9, "mesh_7"),
    ("mediapipe-178", 135, "mesh_466"),
    ("mediapipe-178", 136, "left_hand_root"),
    ("mediapipe-178", 141, "left_index_1"),
    ("mediapipe-178", 157, "right_hand_root"),
    # SLRTP, skeleton_def.py
    ("slrtp-178", 0, "right_shoulder"),
    ("slrtp-178", 2, "right_wrist"),
    ("slrtp-178", 5, "left_wrist"),
    ("slrtp-178", 7, "left_hip"),
    ("slrtp-178", 8, "right_hand_root"),
    ("slrtp-178", 28, "right_pinky_4"),
    ("slrtp-178", 29, "left_hand_root"),
    ("slrtp-178", 50, "slrtp_face_0"),
    ("slrtp-178", 177, "slrtp_face_127"),
    # Progressive Transformers
    ("pt-50", 0, "nose"),
    ("pt-50", 1, "neck"),
    ("pt-50", 4, "left_wrist"),
    ("pt-50", 7, "right_wrist"),
    ("pt-50", 8, "right_hand_root"),
    ("pt-50", 29, "left_hand_root"),
    # SMPL-X, smplx/joint_names.py
    ("smplx-55", 0, "pelvis"),
    ("smplx-55", 9, "spine_3"),
    ("smplx-55", 12, "neck"),
    ("smplx-55", 15, "head"),
    ("smplx-55", 20, "left_wrist"),
    ("smplx-55", 22, "jaw"),
    ("smplx-55", 25, "left_index_1"),
    ("smplx-55", 31, "left_pinky_1"),
    ("smplx-55", 34, "left_ring_1"),
    ("smplx-55", 39, "left_thumb_3"),
    ("smplx-55", 40, "right_index_1"),
    ("smplx-55", 54, "right_thumb_3"),
]


@pytest.mark.parametrize(("name", "index", "joint"), INDICES)
def test_a_joint_has_the_index_of_its_source(name, index, joint):
    assert layout(name).joints[index] == joint


@pytest.mark.parametrize("name", known_layouts())
def test_the_number_in_a_name_is_the_number_of_joints(name):
    counts = {"mediapipe-holistic": 543, "mediapipe-holistic-refined": 553}
    assert len(layout(name).joints) == counts.get(name, int(re.sub(r"\D", "", name) or 0))


@pytest.mark.parametrize("name", known_layouts())
def test_every_layout_has_both_arms_and_both_hands_under_the_same_names(name):
    arms = [f"{side}_{joint}" for side in ("left", "right") for joint in ("shoulder", "elbow", "wrist")]
    known = layout(name)
    assert all(joint in known for joint in arms)
    # MANO's hands have no joint at the finger tips, and their root is the wrist; the root of BODY_135's hands is its wrist as well
    if name in ("smplx-55", "openpose-135"):
        assert set(known.part("left_hand")) < set(layout("openpose-137").part("left_hand"))
    else:
        assert sorted(known.part("left_hand")) == sorted(layout("openpose-137").part("left_hand"))
    assert sorted(known.part("right_hand")) == sorted(joint.replace("left", "right") for joint in known.part("left_hand"))
    assert len(known.part("hands")) == {"smplx-55": 30, "openpose-135": 40}.get(name, 42)


def test_openposes_points_are_in_the_order_of_pose_format():
    openpose = pytest.importorskip("pose_format.utils.openpose")
    known = layout("openpose-137").joints
    letters = {"right": "R", "left": "L"}

    def spelled(joint: str) -> str:
        side, _, rest = joint.partition("_")
        return letters[side] + rest.title().replace("_", "") if side in letters else joint.title().replace("_", "")

    assert [spelled(joint) for joint in known[:25]] == openpose.BODY_POINTS
    assert [joint.rpartition("_")[2] for joint in known[25:93]] == [point.rpartition("_")[2] for point in openpose.FACE_POINTS[:68]]


def test_coco_wholebodys_body_is_in_the_order_of_pose_format():
    header = pytest.importorskip("pose_format.utils.cocowholebody133_header")
    assert list(layout("coco-wholebody-133").joints[:23]) == header.BODY_POINTS


def test_dwpose_is_coco_wholebody_with_a_neck_reordered_as_dwpose_does():
    points = list(layout("coco-wholebody-133").joints)
    points.insert(17, "neck")
    # DWPose, wholebody.py
    theirs = [17, 6, 8, 10, 7, 9, 12, 14, 16, 13, 15, 2, 1, 4, 3]
    openpose = [1, 2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17]
    moved = list(points)
    for target, source in zip(openpose, theirs, strict=True):
        moved[target] = points[source]
    assert tuple(moved) == layout("dwpose-134").joints


@pytest.mark.parametrize(
    ("joints", "name"), [(50, "pt-50"), (55, "smplx-55"), (133, "coco-wholebody-133"), (134, "dwpose-134"), (137, "openpose-137")]
)
@pytest.mark.parametrize("dimensions", [None, 2, 3])
def test_a_count_that_only_one_layout_has_determines_the_layout(joints, name, dimensions):
    assert guess_layout(joints, dimensions) is layout(name)


@pytest.mark.parametrize(
    ("joints", "dimensions", "message"),
    [
        (178, 3, r"178 joints can be mediapipe-178 or slrtp-178; declare the layout with `layout`"),
        (17, 2, r"no layout has 17 joints; the known layouts are mediapipe-178 \(178\), .*`layout`"),
        (50, 4, r"2 or 3 coordinates, not 4"),
    ],
)
def test_a_count_that_is_ambiguous_is_refused(joints, dimensions, message):
    with pytest.raises(InputError, match=message):
        guess_layout(joints, dimensions)


def test_an_unknown_layout_is_answered_with_the_nearest():
    with pytest.raises(InputError, match=r"no key-point layout openpose-138\. Did you mean openpose-13"):
        layout("openpose-138")


def test_an_unknown_joint_is_answered_with_the_nearest():
    with pytest.raises(InputError, match=r"pt-50 has no joint left_wirst\. Did you mean left_wrist"):
        layout("pt-50").index(["left_wirst"])


def test_a_subset_keeps_order_and_parts():
    subset = layout("pt-50").subset(["right_wrist", "left_thumb_1"])
    assert (subset.joints, subset.parts) == (("right_wrist", "left_thumb_1"), ("body", "left_hand"))


def test_two_joints_of_one_name_are_refused():
    with pytest.raises(InputError, match="two joints named b"):
        Layout("mine", ("a", "b", "b"), ("body",) * 3)


def test_parts_that_do_not_match_the_joints_are_refused():
    with pytest.raises(InputError, match="has 2 joints, but 1 entries in parts"):
        Layout("mine", ("a", "b"), ("body",))


def test_joints_that_a_file_names_itself_are_recognised_or_named_by_their_digest():
    joints = tuple(zip(layout("pt-50").joints, layout("pt-50").parts, strict=True))
    assert layout_of("any", joints) is layout("pt-50")
    one, other = layout_of("mine", joints[:3]), layout_of("mine", joints[1:4])
    assert re.fullmatch(r"mine-3-[0-9a-f]{6}", one.name)
    assert one.name != other.name


def listed(name: str) -> dict[int, tuple[str, str]]:
    """Rows of a layout's table in the documentation: index -> joint, part; ``x_0 … x_9`` and lists of words are expanded."""
    found = re.search(rf"^## `{name}`$(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found, f"docs/layouts.md has no section on {name}"
    rows: dict[int, tuple[str, str]] = {}
    for indices, joints, part in re.findall(r"^\| (\d+(?:–\d+)?) \| (.+?) \| (\w+) \|$", found.group(1), re.MULTILINE):
        first, last = int(indices.split("–")[0]), int(indices.split("–")[-1])
        words = joints.split()
        if "…" in words:
            stem, start = words[0].rsplit("_", 1)
            words = [f"{stem}_{int(start) + step}" for step in range(last - first + 1)]
            assert words[-1] == joints.split()[-1]
        assert len(words) == last - first + 1, (name, indices)
        rows.update((first + step, (word, part)) for step, word in enumerate(words))
    return rows


@pytest.mark.parametrize("name", known_layouts())
def test_the_page_lists_every_joint_at_its_index(name):
    known = layout(name)
    assert listed(name) == dict(enumerate(zip(known.joints, known.parts, strict=True)))
