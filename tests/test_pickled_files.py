"""Checkpoints and pickled arrays: what is read, what is refused by name, and that nothing in a file runs."""

from __future__ import annotations

import collections
import pickle
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.lib import format as npy

from signbench.errors import InputError
from signbench.pickled_files import read_checkpoint, read_pickled_array

RAN: list[int] = []


class Hostile:
    """Calls a function when it is unpickled."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def old_names(content):
    """A pickle with the module names of NumPy 1."""
    return pickle.dumps(content, protocol=2).replace(b"numpy._core", b"numpy.core")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file"


def saved(path, content):
    """A ``.npy`` file of one object, written as NumPy does, with a pickle of our own."""
    with path.open("wb") as stream:
        npy.write_array_header_1_0(stream, {"descr": "|O", "fortran_order": False, "shape": ()})
        stream.write(content)
    return path


BESIDE_WEIGHTS = {
    "a best score": np.float64(0.25),
    "best scores by name": {"bleu": np.float32(1.5), "steps": np.int64(7)},
    "an infinite best score": -np.inf,
    "states of random generators": {
        "torch": torch.get_rng_state(),
        "numpy": np.random.get_state(),  # noqa: NPY002 - the checkpoints hold the state of the old generator
        "random": random.getstate(),
    },
    "an optimiser's state": torch.optim.Adam([torch.nn.Parameter(torch.zeros(2))]).state_dict(),
    "a counter": collections.Counter("aab"),
    "an array of texts": np.array(["left", "right"]),
}


@pytest.mark.parametrize("zipped", [True, False], ids=["zipped", "from before PyTorch 1.6"])
@pytest.mark.parametrize("beside", BESIDE_WEIGHTS.values(), ids=BESIDE_WEIGHTS.keys())
def test_a_checkpoint_may_hold_more_than_its_weights(beside, zipped, path):
    torch.save({"model": {"a": torch.arange(3.0)}, "more": beside}, path, _use_new_zipfile_serialization=zipped)
    assert read_checkpoint(path)["model"]["a"].tolist() == [0, 1, 2]


def test_a_checkpoint_with_the_names_of_numpy_1_is_read(path):
    torch.save({"a": torch.ones(1), "score": np.float64(2)}, path, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes().replace(b"numpy._core", b"numpy.core"))
    assert read_checkpoint(path)["a"].item() == 1


REFUSED = {
    "a function of Python": (Hostile(exec, "raise SystemExit('it ran')"), "calls exec, and no code"),
    "a function of the system": (Hostile(__import__("os").system, "false"), r"calls posix\.system, and no code"),
    "a whole network": (torch.nn.Linear(1, 1), r"calls torch\.nn\.modules\.linear\.Linear, and no code.*state_dict"),
    "a path": (Path("a"), r"calls pathlib\S*Path, and no code"),
    "a random generator itself": (np.random.default_rng(1), r"calls numpy\.random\.\S+, and no code"),
}


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_checkpoint_that_calls_something_is_refused_with_its_name(content, message, zipped, path):
    torch.save({"a": torch.ones(1), "more": content}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(InputError, match=message):
        read_checkpoint(path)


def compressed(path):
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def flipped(path):
    data = bytearray(path.read_bytes())
    data[data.index(bytes(1000)) + 500] = 1
    path.write_bytes(data)


DAMAGE = {
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:-300]), "it is damaged"),
    "empty": (lambda path: path.write_bytes(b""), "it is damaged, or torch.save did not write it"),
    "of other bytes": (lambda path: path.write_bytes(b"<html>not found</html>"), "it is damaged, or torch.save did not write it"),
    "compressed": (compressed, "it is a compressed archive"),
    "with a changed byte": (flipped, "does not match its checksum"),
    "missing": (lambda path: path.unlink(), "No such file"),
}


@pytest.mark.parametrize(("damage", "message"), DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_checkpoint_is_refused(damage, message, path):
    torch.save({"a": torch.zeros(1000)}, path)
    damage(path)
    with pytest.raises(InputError, match=message):
        read_checkpoint(path)


@pytest.mark.parametrize("kind", ["zipped", "from before PyTorch 1.6", "an array"])
def test_random_damage_is_never_anything_but_an_input_error(kind, path):
    read = read_pickled_array if kind == "an array" else read_checkpoint
    if kind == "an array":
        with path.open("wb") as stream:
            np.save(stream, {"a": [np.arange(6.0), 1], "b": np.float32(1)}, allow_pickle=True)
    else:
        content = {"a": torch.ones(20), "score": np.float64(1), "state": np.arange(3)}
        torch.save(content, path, _use_new_zipfile_serialization=kind == "zipped")
    whole, draw = path.read_bytes(), random.Random(1)
    refused = 0
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(draw.randint(1, 4)):
            damaged[draw.randrange(min(len(damaged), 700))] = draw.randrange(256)
        path.write_bytes(damaged)
        try:
            read(path)
        except InputError:
            refused += 1
    assert refused > 75


def test_a_file_over_the_limit_is_not_opened(path):
    path.write_bytes(bytes(11))
    for read in (read_checkpoint, read_pickled_array):
        with pytest.raises(InputError, match="11 bytes, more than the limit of 10"):
            read(path, most_bytes=10)


def test_reading_leaves_torchs_list_of_allowed_names_as_it_was(path):
    before = set(torch.serialization.get_safe_globals())
    torch.save({"score": np.float64(1)}, path)
    read_checkpoint(path)
    assert set(torch.serialization.get_safe_globals()) == before
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)


def as_plain(value):
    if isinstance(value, dict):
        return {key: as_plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_plain(one) for one in value]
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


DICTIONARIES = {
    "glosses with ids and counts": {"HAUS": [1, 20], "ÜBER": [2, 3]},
    "NumPy's numbers": {"a": np.int64(4), "b": np.float32(0.5), "c": np.bool_(True), "d": np.str_("ß")},
    "lists of arrays": {"conv1": [np.arange(6.0).reshape(2, 3), np.arange(3, dtype="int16")]},
    "arrays of Fortran's order": {"a": np.asfortranarray(np.arange(6, dtype="f4").reshape(2, 3))},
    "arrays of big endian numbers": {"a": np.arange(3, dtype=">i4")},
    "arrays of texts": {"a": np.array(["x", "yz"])},
    "arrays without numbers": {"a": np.zeros((0, 4))},
    "an ordered dictionary": collections.OrderedDict(b=1, a=2),
}


@pytest.mark.parametrize("content", DICTIONARIES.values(), ids=DICTIONARIES.keys())
def test_a_pickled_dictionary_is_read_as_it_was_saved(content, path):
    with path.open("wb") as stream:
        np.save(stream, content, allow_pickle=True)
    assert as_plain(read_pickled_array(path)) == as_plain(content)
    whole = np.array(content, dtype=object)
    saved(path, old_names(whole))
    assert as_plain(read_pickled_array(path)) == as_plain(content)


def test_several_objects_are_a_list(path):
    with path.open("wb") as stream:
        np.save(stream, np.array([{"a": 1}, "b"], dtype=object), allow_pickle=True)
    assert read_pickled_array(path) == [{"a": 1}, "b"]


def test_an_object_that_is_referred_to_often_is_built_once(path):
    nested = [0]
    for _ in range(200):
        nested = [nested, nested]
    saved(path, pickle.dumps(nested))
    assert len(read_pickled_array(path)) == 2


def with_itself():
    loop = []
    loop.append(loop)
    return loop


class Shape:
    """An array whose shape is larger than its content."""

    def __init__(self, shape, kind, data):
        self.state = 1, shape, np.dtype(kind), False, data

    def __reduce__(self):
        whole = np.zeros(0).__reduce__()
        return whole[0], whole[1], self.state


BAD_ARRAYS = {
    "a function": (pickle.dumps(Hostile(RAN.append, 1)), r"calls builtins\.getattr, and no code"),
    "a function of the system": (pickle.dumps(Hostile(__import__("os").system, "false")), r"calls posix\.system, and no code"),
    "a random generator": (pickle.dumps({"a": np.random.default_rng(0)}), r"calls numpy\.random\.\S+, and no code"),
    "an array that claims a terabyte": (pickle.dumps(Shape((10**12,), "f8", b"\0" * 8)), "not have as many bytes"),
    "an array that claims many objects": (pickle.dumps(Shape((10**9,), "O", [1])), "not have as many as its shape"),
    "an array of pointers": (pickle.dumps(Shape((1,), "V8", b"\0" * 8)), "numbers of the type 'V8'"),
    "a list that holds itself": (pickle.dumps(with_itself()), "it is damaged"),
    "nothing": (b"", "it is damaged"),
    "half a pickle": (pickle.dumps({"a": [1, 2, 3]})[:-6], "it is damaged"),
}


@pytest.mark.parametrize(("content", "message"), BAD_ARRAYS.values(), ids=BAD_ARRAYS.keys())
def test_a_bad_pickled_array_is_refused_and_nothing_in_it_runs(content, message, path):
    with pytest.raises(InputError, match=message):
        read_pickled_array(saved(path, content))
    assert RAN == []


def test_an_array_of_numbers_is_no_dictionary(path):
    with path.open("wb") as stream:
        np.save(stream, np.zeros(3))
    with pytest.raises(InputError, match=r"array of numbers \(float64\), not a dictionary"):
        read_pickled_array(path)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"not an array at all"])
def test_a_file_that_numpy_did_not_write_is_refused(content, path):
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"it is damaged, or numpy\.save did not write it"):
        read_pickled_array(path)
