"""What the whole-body network is shown, and the points that are read from its maps."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.judges.dwpose.judge import points
from signbench.judges.dwpose.sessions import DETECTOR, ESTIMATOR, loaded
from signbench.judges.dwpose.whole_body import GIVEN, MADE, cropped, decoded, person, view, with_neck
from signbench.media.layouts import layout
from tests.judges.dwpose import stand_in


@pytest.mark.parametrize(
    ("box", "centre", "extent"),
    [
        ((0, 0, 75, 100), (37.5, 50), (93.75, 125)),
        ((10, 20, 110, 120), (60, 70), (125, 125 / 0.75)),
        ((10, 20, 20, 120), (15, 70), (125 * 0.75, 125)),
    ],
)
def test_a_box_is_widened_by_a_quarter_and_extended_to_three_by_four(box, centre, extent):
    found = view(np.array(box, np.float32), (384, 288))
    assert found[0].tolist() == pytest.approx(centre)
    assert found[1].tolist() == pytest.approx(extent)


def test_a_part_of_a_frame_is_scaled_about_its_centre_and_black_outside():
    frame = np.full((40, 30, 3), (255, 0, 128), np.uint8)
    picture = cropped(frame, np.array([15.0, 20.0]), np.array([60.0, 80.0]), (80, 60))
    black = [(0 - mean) / deviation for mean, deviation in ((123.675, 58.395), (116.28, 57.12), (103.53, 57.375))]
    inside = [(255 - 123.675) / 58.395, black[1], (128 - 103.53) / 57.375]
    assert picture.shape == (3, 80, 60) and picture.dtype == np.float32
    assert picture[:, 40, 30].tolist() == pytest.approx(inside, rel=1e-5)
    assert picture[:, 5, 5].tolist() == pytest.approx(black, rel=1e-5)
    shown = picture[0] > 0
    assert (shown.any(axis=1).nonzero()[0][[0, -1]].tolist(), shown.any(axis=0).nonzero()[0][[0, -1]].tolist()) == (
        [20, 59],
        [15, 44],
    )


def test_a_point_is_where_both_maps_are_highest_and_as_sure_as_the_lower_one():
    across, down = np.zeros((3, 6), np.float32), np.zeros((3, 8), np.float32)
    across[0, 4], down[0, 7] = 0.9, 0.4
    across[1, 2], down[1, 0] = 0.2, 0.6
    across[2], down[2] = -0.1, 0.7
    cells, confidence = decoded(across, down)
    assert cells.tolist() == [[4, 7], [2, 0], [-1, -1]]
    assert confidence.tolist() == pytest.approx([0.4, 0.2, -0.1])


def test_a_found_cell_is_half_a_pixel_of_the_picture(monkeypatch, tmp_path):
    """A point at the network's cell c lies at ``c / 2`` of its picture, and so in the frame."""
    stand_in.put(monkeypatch, tmp_path, found=stand_in.detector((64, 64)), estimated=stand_in.estimator((64, 48)))
    network = loaded(ESTIMATOR, "cpu")
    frame, box = stand_in.scene(120, 90), np.array([0, 0, 90, 120], np.float32)
    centre, extent = view(box, network.size)
    cells, confidence = decoded(*(output[0] for output in network.outputs(cropped(frame, centre, extent, network.size))))
    rows = person(network, frame, box)
    assert rows[:, 2].tolist() == confidence.tolist()
    assert np.allclose(rows[:, :2], cells / 2 * extent / [48, 64] + centre - extent / 2)


def test_openpose_s_order_and_the_neck_are_the_original_s():
    """``wholebody.py`` moves points of the body by two lists of indices, of COCO's points with a neck after them and OpenPose's."""
    coco = [17, 6, 8, 10, 7, 9, 12, 14, 16, 13, 15, 2, 1, 4, 3]
    openpose = [1, 2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17]
    given = np.random.Generator(np.random.PCG64(0)).uniform(0.31, 1, (2, 133, 3))
    given[1, 6, 2] = 0.3
    found = with_neck(given)
    necks = given[:, [5, 6]].mean(axis=1)
    necks[:, 2] = [1, 0]
    wanted = np.insert(given, 17, necks, axis=1)
    wanted[:, openpose] = wanted[:, coco]
    assert np.array_equal(found, wanted)
    assert found.shape == (2, len(layout(MADE).joints), 3)
    assert layout(GIVEN).joints[5:7] == ("left_shoulder", "right_shoulder")


SCENES = [
    (
        (720, 540, 1, 1),
        {
            0: (126.6974, -23.3752, 0.6962),
            1: (150.2457, 12.4059, 1.0),
            2: (127.3091, 48.7986, 0.4159),
            4: (125.4742, 48.7986, 0.3765),
            17: (127.3091, 49.4103, 0.6422),
            23: (45.9606, -22.7635, 0.5158),
            24: (-0.5242, -23.9868, 0.6398),
            92: (45.9606, -23.9868, 0.7769),
            133: (47.7955, -23.3752, 0.4716),
        },
        (35.7242, 0.54279),
    ),
    (
        (200, 200, 0, 2),
        {
            0: (-24.1319, -65.7986, 0.6064),
            1: (99.1319, -32.3785, 0.0),
            2: (-25.0, 1.9097, 0.1395),
            17: (-22.3958, 263.1944, 0.5279),
            92: (222.3958, -66.6667, 0.7888),
        },
        (85.384, 0.51266),
    ),
    (
        (96, 640, 2, 3),
        {
            0: (-3.7561, -19.8567, 0.6064),
            1: (144.5707, 71.757, 1.0),
            23: (161.4393, 201.1794, 0.6175),
            133: (162.6026, -19.8567, 0.4716),
        },
        (84.0146, 0.55996),
    ),
]


@pytest.mark.parametrize(("scene", "some", "means"), SCENES, ids=["a person", "nobody, so the whole frame", "several people"])
def test_the_points_are_the_original_s(scene, some, means, monkeypatch, tmp_path):
    """Golden values of MimicMotion's ``dwpose/wholebody.py`` with the same networks and frames."""
    stand_in.put(monkeypatch, tmp_path)
    found = points(loaded(DETECTOR, "cpu"), loaded(ESTIMATOR, "cpu"), stand_in.scene(*scene))[0]
    assert found[list(some)] == pytest.approx(np.array(list(some.values())), abs=2e-3)
    assert (found[:, :2].mean(), found[:, 2].mean()) == pytest.approx(means, abs=1e-3)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (stand_in.detector((64, 48)), r"returns arrays of shape \[\(1, 62, 85\)\], not two of 133 maps"),
        (
            stand_in.estimator((64, 48), points=17),
            r"returns arrays of shape \[\(1, 17, 96\), \(1, 17, 128\)\], not two of 133 maps",
        ),
    ],
)
def test_another_network_is_refused(other, message, monkeypatch, tmp_path):
    stand_in.put(monkeypatch, tmp_path, estimated=other)
    with pytest.raises(InputError, match=rf"dw-ll_ucoco_384\.onnx is not the network dw-ll-ucoco-384: it {message}"):
        person(loaded(ESTIMATOR, "cpu"), stand_in.scene(64, 48), np.array([0, 0, 48, 64], np.float32))
