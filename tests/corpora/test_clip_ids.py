from __future__ import annotations

import unicodedata

import pytest

from signbench.corpora.clip_ids import clip_id
from signbench.errors import InputError


@pytest.mark.parametrize(
    ("name", "suffix", "expected"),
    [
        ("a.mp4", True, "a"),
        ("a.b.mp4", True, "a.b"),
        ("signer 1/häuser.mp4", True, "signer 1/häuser"),
        (unicodedata.normalize("NFD", "häuser.mp4"), True, unicodedata.normalize("NFC", "häuser")),
        ("test/01April_2010.mp4", True, "01April_2010"),
        ("dev/a/b.pose", True, "a/b"),
        ("testing/a.pose", True, "testing/a"),
        ("test/test/a.pose", True, "test/a"),
        ("frames.folder", False, "frames.folder"),
        ("dev/01April", False, "01April"),
        ("手話.mp4", True, "手話"),
        ("знак.mp4", True, "знак"),
        ("test.mp4", True, "test"),
    ],
)
def test_an_id_is_the_nfc_path_without_split_and_suffix(name, suffix, expected):
    assert clip_id(name, suffix=suffix) == expected


@pytest.mark.parametrize(
    "name", ["../a", "a/../b", "/etc/passwd", "a\\b", "a\nb", "a\x00b", "a\x1b[2Jb", "", "test/", "a//b", "./a", "a\x7f"]
)
def test_an_id_that_could_leave_its_folder_or_hide_is_refused(name):
    with pytest.raises(InputError):
        clip_id(name, suffix=False)
