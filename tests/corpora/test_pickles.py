"""Pickles of data sets: what they hold is read, and nothing in them runs."""

from __future__ import annotations

import gzip
import os
import pickle
import warnings

import numpy as np
import pytest
import torch

from signbench.corpora.pickles import read_pickle
from signbench.errors import InputError


class Hostile:
    def __reduce__(self):
        return os.system, ("touch ran",)


class HostileStorage:
    """Bytes that torch would unpickle."""

    def __reduce__(self):
        return torch.storage._load_from_bytes, (pickle.dumps(Hostile()),)


def tensor_of(storage, size, stride=(1,)):
    class Made:
        def __reduce__(self):
            return torch._utils._rebuild_tensor_v2, (storage, 0, size, stride, False, {})

    return Made()


def storage(count):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ones(count).storage()


def plain(value):
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return plain(value.tolist()) if hasattr(value, "tolist") else value


ARRAY = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
CONTENT = {
    "texts and numbers": {"name": "S1", "label": ["ä", 3, 2.5, None, True]},
    "arrays": [ARRAY, ARRAY.astype(">f8"), np.asfortranarray(ARRAY), ARRAY[:, :1]],
    "an array of objects": np.array([ARRAY, ARRAY[:1]], dtype=object),
    "numbers of NumPy": {"width": np.int64(5), "share": np.float32(0.5)},
    "tensors": [torch.arange(6).reshape(2, 3), torch.arange(6.0).reshape(2, 3).t(), torch.ones(2, dtype=torch.float16)],
}


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
@pytest.mark.parametrize("content", CONTENT.values(), ids=CONTENT.keys())
def test_a_pickle_is_read_as_it_was_saved(content, packed, protocol, tmp_path):
    data = pickle.dumps(content, protocol)
    (tmp_path / "a.pkl").write_bytes(gzip.compress(data) if packed else data)
    assert plain(read_pickle(tmp_path / "a.pkl")) == plain(content)


def test_tensors_are_left_out_if_they_are_not_wanted(tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"sign": torch.ones(3), "text": "regen"}))
    assert read_pickle(tmp_path / "a.pkl", tensors=False) == {"sign": None, "text": "regen"}


REFUSED = {
    "it calls the system": (Hostile(), "its pickle calls (posix|nt).system, and no code"),
    "it calls it in a dictionary": ({"a": [Hostile()]}, "calls (posix|nt).system"),
    "its tensor's bytes call it": (tensor_of(HostileStorage(), (1,)), "damaged, or not a pickle"),
    "its tensor reaches beyond its numbers": (tensor_of(storage(2), (9,)), "as many numbers as its shape"),
    "its tensor repeats one number": (tensor_of(storage(2), (10**9,), (0,)), "as many numbers as its shape"),
}


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_pickle_that_calls_something_is_refused_and_nothing_runs(content, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(content))
    with pytest.raises(InputError, match=message):
        read_pickle(tmp_path / "a.pkl")
    assert not (tmp_path / "ran").exists()


def test_a_file_that_is_cut_off_is_said_to_be(tmp_path):
    for name, data in (("plain", pickle.dumps([ARRAY] * 9)), ("packed", gzip.compress(pickle.dumps(os.urandom(9999))))):
        (tmp_path / name).write_bytes(data[: len(data) // 2])
        with pytest.raises(InputError, match="it is cut off or damaged"):
            read_pickle(tmp_path / name)
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_pickle(tmp_path / "nothing")


def test_a_small_file_cannot_unpack_to_any_size(tmp_path):
    (tmp_path / "a.pkl").write_bytes(gzip.compress(pickle.dumps(b"\0" * 2**22)))
    with pytest.raises(InputError, match="unpacks to more than the limit of 1,048,576"):
        read_pickle(tmp_path / "a.pkl", most_bytes=2**20)
