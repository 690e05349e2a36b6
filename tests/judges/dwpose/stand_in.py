"""Small networks with the inputs and outputs of DWPose's two files, which depend on every part of the picture."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from signbench.judges.dwpose.sessions import DETECTOR, ESTIMATOR
from signbench.weights import registry

CLASSES = 80
POINTS = 133
SPLIT = 2


def _constant(name, values):
    return numpy_helper.from_array(np.asarray(values), name)


def _model(nodes, size, outputs, constants):
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, *size])
    made = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    graph = helper.make_graph(nodes, "stand-in", [given], made, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def detector(size=(640, 640), seed=0, bias=-4.0):
    """A network with YOLOX's output ``(1, cells, 85)``: boxes and scores follow the mean colour of each cell; people are
    bright."""
    random = np.random.default_rng(seed)
    weights = (random.normal(size=(3, 5 + CLASSES)) / 128).astype(np.float32)
    weights[:, 2:4] /= 4
    weights[:, 4:6] = 0.01 + 0.002 * random.normal(size=(3, 2))
    shift = np.full(5 + CLASSES, bias, np.float32)
    shift[:2] = 0.5
    shift[2:4] = 1.5
    nodes, grids = [], []
    for stride in (8, 16, 32):
        sides = {"kernel_shape": [stride, stride], "strides": [stride, stride]}
        nodes += [
            helper.make_node("AveragePool", ["input"], [f"mean{stride}"], **sides),
            helper.make_node("Reshape", [f"mean{stride}", "flat"], [f"flat{stride}"]),
            helper.make_node("Transpose", [f"flat{stride}"], [f"rows{stride}"], perm=[0, 2, 1]),
        ]
        grids.append(f"rows{stride}")
    nodes += [
        helper.make_node("Concat", grids, ["rows"], axis=1),
        helper.make_node("MatMul", ["rows", "weights"], ["product"]),
        helper.make_node("Add", ["product", "shift"], ["sum"]),
        helper.make_node("Split", ["sum", "parts"], ["box", "logits"], axis=2),
        helper.make_node("Sigmoid", ["logits"], ["scores"]),
        helper.make_node("Concat", ["box", "scores"], ["output"], axis=2),
    ]
    constants = [
        _constant("flat", np.array([1, 3, -1], np.int64)),
        _constant("parts", np.array([4, 1 + CLASSES], np.int64)),
        _constant("weights", weights),
        _constant("shift", shift),
    ]
    return _model(nodes, size, ["output"], constants)


def estimator(size=(384, 288), seed=1, points=POINTS, height=0.9):
    """A network with SimCC's two outputs, maps of each axis, from the mean colour of columns and of rows."""
    random = np.random.default_rng(seed)
    nodes, constants = [], [_constant("one", np.float32(height))]
    for axis, kept, length in (("across", 2, size[1]), ("down", 3, size[0])):
        mixed = random.normal(size=(points, 3, 9))
        mixed = ((mixed - mixed.mean(axis=2, keepdims=True)) / 5).astype(np.float32)
        doubled = np.repeat(np.eye(length, dtype=np.float32), SPLIT, axis=1)
        doubled[:, 1::SPLIT] = 0.5 * (doubled[:, 1::SPLIT] + np.roll(doubled[:, 1::SPLIT], -1, axis=1))
        constants += [_constant(f"mixed {axis}", mixed), _constant(f"doubled {axis}", doubled)]
        nodes += [
            helper.make_node("ReduceMean", ["input"], [f"mean {axis}"], axes=[kept], keepdims=0),
            helper.make_node("Conv", [f"mean {axis}", f"mixed {axis}"], [f"maps {axis}"], kernel_shape=[9], pads=[4, 4]),
            helper.make_node("MatMul", [f"maps {axis}", f"doubled {axis}"], [f"long {axis}"]),
            helper.make_node("Tanh", [f"long {axis}"], [f"bounded {axis}"]),
            helper.make_node("Mul", [f"bounded {axis}", "one"], [f"simcc {axis}"]),
        ]
    return _model(nodes, size, ["simcc across", "simcc down"], constants)


def put(monkeypatch, folder: Path, *, found=None, estimated=None) -> None:
    """Writes both files into a folder of weights, and makes the registry name their bytes."""
    monkeypatch.setenv("SIGNBENCH_WEIGHTS", str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    known = dict(registry.registered())
    for name, model in (
        (DETECTOR, detector() if found is None else found),
        (ESTIMATOR, estimator() if estimated is None else estimated),
    ):
        path = folder / known[name].file
        content = model if isinstance(model, bytes) else model.SerializeToString()
        path.write_bytes(content)
        known[name] = known[name].model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})
    monkeypatch.setattr(registry, "registered", lambda: known)


def scene(height=360, width=480, people=2, seed=0):
    """uint8 ``(H, W, 3)``: uneven bright figures over dark noise."""
    random = np.random.Generator(np.random.PCG64(seed))
    cells = random.integers(0, 60, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
    for person in range(people):
        top, left = 6 + 5 * person, 6 + (width // 8 - 12) * person // max(1, people - 1 or 1)
        figure = cells[top : top + 22, left : left + 10]
        figure[:] = random.integers(120, 256 - 40 * person, figure.shape, dtype=np.uint8)
    large = np.kron(cells, np.ones((8, 8, 1), np.uint8))[:height, :width]
    return np.ascontiguousarray(large - large % 16 + random.integers(0, 16, large.shape, dtype=np.uint8))
