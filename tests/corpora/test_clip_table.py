"""clips.csv: tables survive writing and reading, and invalid ones are refused with the line."""

import pytest

from signbench.corpora.clip_table import COLUMNS, NAME, ListedClip, read_clip_table, write_clip_table
from signbench.errors import InputError

ROWS = {
    "rain": ListedClip(file="video/rain.mkv", text="am montag, regen", gloss="MONTAG REGEN", signer="ann", fps=25.0),
    "sun": ListedClip(text='"sonne"', fps=12.5),
    "snow": ListedClip(),
}


def test_a_written_table_is_read_back(tmp_path):
    write_clip_table(tmp_path / NAME, ROWS)
    table = read_clip_table(tmp_path / NAME)
    assert (dict(table.rows), table.columns) == (ROWS, COLUMNS)
    assert table.where("sun") == f"{tmp_path / NAME}, line 3"


def test_columns_besides_the_id_are_optional(tmp_path):
    (tmp_path / NAME).write_text("gloss,id\nRAIN,rain\n", "utf-8")
    table = read_clip_table(tmp_path / NAME)
    assert (dict(table.rows), table.columns) == ({"rain": ListedClip(gloss="RAIN")}, ("gloss", "id"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"clips\.csv has no column id; its first line names the columns, some of id, file, text, gloss, signer, fps"),
        ("id\n", r"clips\.csv has a line of column names and nothing below it"),
        ("id;fps\na;25\n", r"clips\.csv has no column id; separate its columns by commas"),
        ("id,speaker\na,ann\n", r"clips\.csv has an unknown column 'speaker'"),
        ("id,text\na,b,c\n", r"line 2 has 3 cells for 2 columns; put text with a comma into double quotes"),
        ("id,text\n,b\n", r"line 2 has nothing in the column id"),
        ("id\n../a\n", r"line 2: clip id '\.\./a' would lead out of its folder"),
        ("id\na\ntrain/a\n", r"line 3: the clip a is already in line 2"),
        ("id,fps\na,0\n", r"line 2: fps is '0'; write frames per second, such as 25, or nothing"),
    ],
)
def test_an_invalid_table_is_refused_with_the_line(content, message, tmp_path):
    (tmp_path / NAME).write_text(content, "utf-8")
    with pytest.raises(InputError, match=message):
        read_clip_table(tmp_path / NAME)
