"""Letter box, boxes and non-maximum suppression, compared with their definitions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.judges.dwpose.detection import OVERLAP, STRIDES, boxes_of, letter_box, people, surest
from signbench.judges.dwpose.sessions import DETECTOR, ESTIMATOR, loaded
from tests.judges.dwpose import stand_in


@pytest.mark.parametrize(
    ("frame", "size", "scale", "shown"),
    [
        ((360, 480), (640, 640), 640 / 480, (480, 640)),
        ((480, 360), (640, 640), 640 / 480, (640, 480)),
        ((641, 333), (640, 640), 640 / 641, (640, 332)),
        ((32, 16), (64, 64), 2.0, (64, 32)),
        ((1, 900), (64, 64), 64 / 900, (1, 64)),
    ],
)
def test_a_frame_lies_in_the_top_left_corner_of_a_grey_picture(frame, size, scale, shown):
    picture, found = letter_box(np.full((*frame, 3), 200, np.uint8), size)
    assert found == scale
    assert picture.shape == (3, *size)
    assert (picture[:, : shown[0], : shown[1]] == 200).all()
    assert (picture[:, shown[0] :] == 114).all() and (picture[:, :, shown[1] :] == 114).all()


def test_channels_stay_in_their_order():
    picture, _ = letter_box(np.full((4, 4, 3), (10, 20, 30), np.uint8), (8, 8))
    assert picture[:, 0, 0].tolist() == [10, 20, 30]


def test_boxes_are_offsets_from_their_cell_and_logarithms_of_its_side():
    size = (64, 96)
    cells = [(stride, row, column) for stride in STRIDES for row in range(64 // stride) for column in range(96 // stride)]
    output = np.random.Generator(np.random.PCG64(0)).normal(size=(len(cells), 5)).astype(np.float32)
    found = boxes_of(output, size)
    for row in (0, 1, 13, 95, 96, 97, len(cells) - 1):
        stride, down, across = cells[row]
        x, y = (across + output[row, 0]) * stride, (down + output[row, 1]) * stride
        width, height = np.exp(output[row, 2:4]) * stride
        wanted = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
        assert found[row].tolist() == pytest.approx(wanted, rel=1e-5, abs=1e-4)


def overlap(one, other):
    """Intersection over union of boxes whose sides count their last pixel."""
    width = min(one[2], other[2]) - max(one[0], other[0]) + 1
    height = min(one[3], other[3]) - max(one[1], other[1]) + 1
    shared = max(0.0, width) * max(0.0, height)
    areas = [(box[2] - box[0] + 1) * (box[3] - box[1] + 1) for box in (one, other)]
    return shared / (sum(areas) - shared)


@pytest.mark.parametrize("seed", range(4))
def test_suppression_keeps_what_no_surer_kept_box_overlaps(seed):
    random = np.random.Generator(np.random.PCG64(seed))
    corners = random.uniform(0, 100, (60, 2))
    boxes = np.concatenate([corners, corners + random.uniform(5, 60, (60, 2))], axis=1).astype(np.float32)
    scores = random.permutation(60).astype(np.float32)
    kept = surest(boxes, scores)
    assert scores[kept].tolist() == sorted(scores[kept].tolist(), reverse=True)
    assert all(overlap(boxes[one], boxes[other]) <= OVERLAP for one, other in itertools.combinations(kept, 2))
    for row in set(range(60)) - set(kept):
        assert any(overlap(boxes[row], boxes[best]) > OVERLAP for best in kept if scores[best] > scores[row])
    assert 5 < len(kept) < 60
    assert surest(boxes[:0], scores[:0]) == []


def test_boxes_that_touch_overlap_by_their_last_pixel():
    boxes = np.array([[0, 0, 9, 9], [9, 0, 18, 9], [0, 0, 9, 9]], np.float32)
    assert surest(boxes, np.array([0.9, 0.8, 0.7], np.float32), overlap=10 / 190) == [0, 1]
    assert surest(boxes, np.array([0.9, 0.8, 0.7], np.float32), overlap=10 / 191) == [0]


@pytest.mark.parametrize(
    ("scene", "count", "surest_box"),
    [
        ((720, 540, 1, 1), 32, (15.8678026, 75.9708252, 156.7902527, 110.9262848)),
        ((200, 200, 0, 2), 0, None),
        ((96, 640, 2, 3), 14, (12.4144058, 75.2695313, 146.4320984, 107.2165375)),
    ],
)
def test_people_are_those_that_the_original_finds(scene, count, surest_box, monkeypatch, tmp_path):
    """Golden values of MimicMotion's ``dwpose/onnxdet.py`` with the same networks and frames."""
    stand_in.put(monkeypatch, tmp_path)
    found = people(loaded(DETECTOR, "cpu"), stand_in.scene(*scene))
    assert len(found) == count
    if surest_box is not None:
        assert found[0].tolist() == pytest.approx(surest_box, abs=1e-3)


def test_another_network_is_refused(monkeypatch, tmp_path):
    stand_in.put(monkeypatch, tmp_path, found=stand_in.estimator((64, 64)), estimated=stand_in.estimator((64, 48)))
    with pytest.raises(InputError, match=r"yolox_l\.onnx is not the network yolox-l: .* shape \(1, 133, 128\), not \(1, 84, 85\)"):
        people(loaded(DETECTOR, "cpu"), stand_in.scene())
    assert loaded(ESTIMATOR, "cpu").size == (64, 48)
