"""Files of texts: by line, by column, and everything that can be wrong with them."""

import hashlib
import os

import pytest

from signbench.errors import InputError
from signbench.sides.text_files import TextEntry, read_text_side

PHOENIX = "name|video|start|end|speaker|orth|translation"


@pytest.fixture
def written(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def texts(path, **columns):
    return {name: clip.written.text for name, clip in read_text_side(path, **columns).clips.items()}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("eins\nzwei\n", ["eins", "zwei"]),
        ("eins\nzwei", ["eins", "zwei"]),
        ("eins\r\nzwei\r\n", ["eins", "zwei"]),
        ("\ufeffeins\nzwei\n", ["eins", "zwei"]),
        ("eins\n\ndrei\n", ["eins", "", "drei"]),
        ("eins\n\n", ["eins", ""]),
        ('eins, "zwei" | drei;\n', ['eins, "zwei" | drei;']),
        ("a\u2028b\x0bc\x85d\n", ["a\u2028b\x0bc\x85d"]),
        ("дождь\n他四岁。\n", ["дождь", "他四岁。"]),
    ],
)
def test_a_text_file_has_a_text_a_line(written, content, expected):
    assert texts(written("refs.txt", content)) == {f"{line:06d}": text for line, text in enumerate(expected, start=1)}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_is_read_whatever_parts_its_columns(written, delimiter):
    rows = [["signer", "id", "text"], ["a", "x/2", "zwei"], ["b", "x/1", "eins: 1"]]
    path = written("refs.csv", "".join(delimiter.join(row) + "\n" for row in rows))
    assert texts(path) == {"x/1": "eins: 1", "x/2": "zwei"}
    assert list(read_text_side(path).clips) == ["x/1", "x/2"]


@pytest.mark.parametrize(
    ("name", "content", "columns", "expected"),
    [
        ("a.csv", 'id,text\nx,"regen, wind"\n', {}, {"x": "regen, wind"}),
        ("a.csv", 'id,text\nx,"er sagt ""ja"""\n', {}, {"x": 'er sagt "ja"'}),
        ("a.csv", '"id";"text"\n"x";"regen, wind"\n', {}, {"x": "regen, wind"}),
        ("a.csv", 'id,text\nx,"zwei\nzeilen"\ny,z\n', {}, {"x": "zwei\nzeilen", "y": "z"}),
        ("a.csv", "id,text\n\nx,\n  \ny,z\n", {}, {"x": "", "y": "z"}),
        ("a.csv", "\ufeffid,text\r\nx,y\r\n", {}, {"x": "y"}),
        ("a.csv", "id;a,b,c;text\nx;1;y\n", {"text_column": "text", "id_column": "id"}, {"x": "y"}),
        ("a.csv", "clip,sentence,text\n x ,y,z\n", {"id_column": "clip", "text_column": "sentence"}, {"x": "y"}),
        (
            "a.tsv",
            "SENTENCE_NAME\tSENTENCE\nx\tregen, wind\n",
            {"id_column": "SENTENCE_NAME", "text_column": "SENTENCE"},
            {"x": "regen, wind"},
        ),
        ("a.csv", "id,text\ntest/x,y\n", {}, {"x": "y"}),
        ("a.CSV", "id,text\nu\u0308,y\n", {}, {"ü": "y"}),
        ("a.csv", f'{PHOENIX}\nx-1|x-1/1/*.png|-1|-1|Signer08|REGEN WIND|"regen" und wind\n', {}, {"x-1": '"regen" und wind'}),
        ("a.csv", f"{PHOENIX}\nx-1|x-1/1/*.png|-1|-1|Signer08|REGEN WIND|regen\n", {"text_column": "orth"}, {"x-1": "REGEN WIND"}),
    ],
)
def test_a_table_gives_the_columns_that_are_requested(written, name, content, columns, expected):
    assert texts(written(name, content), **columns) == expected


@pytest.mark.parametrize(
    ("name", "content", "columns", "message"),
    [
        ("a.txt", "", {}, "a.txt is empty"),
        ("a.txt", "\n \n", {}, "a.txt is empty"),
        ("a.csv", "", {}, "a.csv is empty"),
        ("a.txt", "x\n", {"id_column": "id"}, "no columns; use `id_column` and `text_column` only with"),
        ("a.json", "{}", {}, "is not a text file"),
        ("a.txt", "gut\nschön\n".encode("latin-1"), {}, "a.txt, line 2 is not UTF-8"),
        ("a.csv", "id,text\n".encode("utf-16"), {}, "a.csv, line 1 is not UTF-8"),
        ("a.csv", "id,text\n", {}, "nothing below it"),
        ("a.csv", "clip,text\nx,y\n", {}, "no column id; name it with `id_column=COLUMN`. Known: clip, text."),
        ("a.csv", "id,sentence\nx,y\n", {}, "no column text; name it with `text_column=COLUMN`. Known: id, sentence."),
        ("a.csv", "id,text\nx,y\n", {"text_column": "txt"}, "no column txt. Did you mean text"),
        ("a.csv", "id,text,text\nx,y,z\n", {}, "2 columns named text"),
        ("a.csv", "id,text\nx\n", {}, "a.csv, line 2 has 1 fields for 2 columns."),
        (
            "a.csv",
            "id,text\nx,a\ny,regen, wind\n",
            {},
            "a.csv, line 3 has 3 fields for 2 columns; a field that holds the delimiter",
        ),
        ("a.csv", "id|text\nx|a|b\n", {}, "a.csv, line 2 has 3 fields for 2 columns."),
        ("a.csv", 'id,text\nx,"one\ntwo"\nx,b\n', {}, "a.csv, line 4: the clip id x is already in line 2"),
        ("a.csv", "id,text\nx,a\ntest/x,b\n", {}, "line 3: the clip id x is already in line 2"),
        ("a.csv", "id,text\nx,a\n,b\n", {}, "a.csv, line 3, column id: a clip has an empty id"),
        ("a.csv", "id,text\n../x,a\n", {}, "a.csv, line 2, column id: clip id '../x'"),
        ("a.csv", 'id,text\nx,"a\ny,b\n', {}, "a.csv, line 2 cannot be divided into columns"),
        ("a.csv", 'id,text\nx,y\nz,"' + "a" * 200_000 + '"\n', {}, "a.csv, line 3 cannot be divided into columns: field larger"),
    ],
)
def test_errors_in_a_file_are_reported_with_their_location(written, name, content, columns, message):
    with pytest.raises(InputError) as error:
        read_text_side(written(name, content), **columns)
    assert message in str(error.value)


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"refs\.txt does not exist"):
        read_text_side(tmp_path / "refs.txt")
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        read_text_side(tmp_path / "folder.txt")


def test_an_entry_says_where_it_stands_and_changes_with_its_file_and_its_text(written):
    path = written("refs.csv", "id,text\nx,schön\ny,regen\n")
    side = read_text_side(path)
    entry = side.clips["y"].written
    assert entry == TextEntry(path, "regen", 3)
    assert entry.label == f"{path}, line 3"
    assert entry.stamp()[:2] == (path.stat().st_size, path.stat().st_mtime_ns)
    assert side.clips["x"].written.digest() == hashlib.sha256("schön".encode()).hexdigest()
    assert side.location == os.path.realpath(path)
    assert side.clips["x"].recording("text") is side.clips["x"].written
