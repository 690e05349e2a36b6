from __future__ import annotations

import pytest

from signbench.documents import parse_json, read_yaml, yaml_text
from signbench.errors import InputError

BOMB = "\n".join(["a: &a0 [x]", *(f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (BOMB, r"line 1 has a reference by & or \*; write plain values"),
        ("name: &a [*a]", r"line 1 has a reference"),
        ("base: {a: 1}\nother:\n  <<: *base\n", r"line 3 has a reference"),
        ("[" * 60 + "]" * 60, r"line 1: lists are nested too deeply"),
        ("a: b\n" * 2, r"line 2: duplicate field a; keep one"),
        ("? [a]\n: b", r"the name of a field is a word, not a list"),
        ("name: [a", r"line 1 is not YAML"),
        ("name: !!python/object/apply:os.getcwd []", r"line 1 is not YAML"),
        ("name: 2025-99-99", r"is not YAML that a thing can have"),
        ("x" * 2_000, r"has more than 1,000 bytes"),
    ],
)
@pytest.mark.parametrize("texts", [False, True])
def test_yaml_that_is_not_plain_values_is_refused_before_it_grows(content, message, texts, tmp_path):
    path = tmp_path / "thing.yaml"
    path.write_text(content, "utf-8")
    if texts and "2025" in content:
        assert read_yaml(path, "a thing", texts=True) == {"name": "2025-99-99"}
        return
    with pytest.raises(InputError, match=message):
        read_yaml(path, "a thing", texts=texts, most_bytes=1_000)


def test_words_that_yaml_takes_for_other_things_stay_words_where_texts_are_wanted(tmp_path):
    path = tmp_path / "thing.yaml"
    path.write_text("on: no\nnumber: 007\nnothing: null\n", "utf-8")
    assert read_yaml(path, "a thing", texts=True) == {"on": "no", "number": "007", "nothing": None}
    assert read_yaml(path, "a thing") == {"on": False, "number": 7, "nothing": None}


def test_what_stands_at_two_places_is_written_twice_and_read_again(tmp_path):
    same = ["a", "b"]
    path = tmp_path / "thing.yaml"
    path.write_text(yaml_text({"first": same, "second": same}), "utf-8")
    assert read_yaml(path, "a thing") == {"first": same, "second": same}


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b"1" * 10_000, b"\xff", b"{"])
def test_json_that_cannot_be_read_is_one_kind_of_error(content):
    with pytest.raises(ValueError, match=r"\w"):
        parse_json(content)
