from __future__ import annotations

import csv
import json
from collections import Counter

import numpy as np
import openpyxl
import pytest

from signbench.errors import InputError
from signbench.media.video import read_frames
from signbench.media.video_writer import write_video
from signbench.study.importing import import_study
from signbench.study.judging.normalisation import judge
from signbench.study.planning.packs import new_study, parse_sizes, present
from signbench.study.settings import read_settings
from signbench.study.sheets.answers import read_study
from tests.clips import moving_square

CLIPS = [f"clip-{number:02d}" for number in range(12)]


@pytest.fixture
def clips(tmp_path):
    """A folder of clips with different pixels."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for seed, name in enumerate(CLIPS):
        write_video(folder / f"{name}.mkv", iter(moving_square(2, seed=seed)), 25)
    (folder / "clips.csv").write_text("id,gloss\n" + "".join(f"{name},SIGN {name[-1]}\n" for name in CLIPS), encoding="utf-8")
    return folder


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_clips_are_drawn_into_packs_and_every_rater_has_a_separate_order():
    drawn = present(CLIPS, sizes=(4, 6), raters=21, seed=7)
    first, second = drawn.packs.values()
    assert (len(first), len(second), len({*first, *second})) == (4, 6, 10)
    assert [len(orders) for orders in drawn.orders.values()] == [11, 10]
    raters = [rater for orders in drawn.orders.values() for rater in orders]
    assert len(set(raters)) == 21
    for pack, orders in drawn.orders.items():
        assert all(sorted(order) == sorted(drawn.packs[pack]) for order in orders.values())
    assert len(set(drawn.orders["pack-2"].values())) > 5
    assert len(set(drawn.codes.values())) == 10
    assert sorted(drawn.codes, key=drawn.codes.__getitem__) != sorted(drawn.codes)


def test_each_clip_has_each_position_in_the_order_about_equally_often():
    drawn = present(CLIPS, sizes=(4,), raters=2000, seed=1)
    firsts = Counter(order[0] for order in drawn.orders["pack-1"].values())
    assert all(400 < count < 600 for count in firsts.values())


def test_equal_seeds_draw_equally_and_others_do_not():
    assert (
        present(CLIPS, sizes=(4, 6), raters=20, seed=7)
        == present(CLIPS, sizes=(4, 6), raters=20, seed=7)
        != present(CLIPS, sizes=(4, 6), raters=20, seed=8)
    )
    assert present(CLIPS[::-1], sizes=(4, 6), raters=20, seed=7) == present(CLIPS, sizes=(4, 6), raters=20, seed=7)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_filled_sheets_are_read_back_with_the_mapping_that_came_with_them(clips, tmp_path, suffix):
    begun = tmp_path / "begun"
    new_study(clips, begun, sizes=(4, 6), raters=6, seed=3)
    key = {row["video"]: row for row in rows_of(begun / "answer_key.csv")}
    sheets = []
    for pack in ("pack-1", "pack-2"):
        rows = rows_of(begun / f"{pack}.csv")
        path = tmp_path / f"{pack}.{suffix}"
        sheets.append(path)
        if suffix == "csv":
            with path.open("w", encoding="utf-8", newline="") as stream:
                writer = csv.DictWriter(stream, list(rows[0]))
                writer.writeheader()
                writer.writerows({**row, "answer": key[row["video"]]["sign"], "group": "deaf"} for row in rows)
        else:
            book = openpyxl.load_workbook(begun / f"{pack}.xlsx")
            for row in book.active.iter_rows(min_row=2):
                row[4].value = key[row[3].value]["sign"]
            book.save(path)
    study = read_study(import_study(sheets, read_settings(begun / "study.yaml"), tmp_path / "study").folder)
    assert len(study.answers) == 3 * 4 + 3 * 6
    assert {judgement.outcome for judgement in judge(study)} == {"correct"}
    assert {answer.clip for answer in study.answers} == {row["clip"] for row in key.values()}
    assert all(answer.sign == f"SIGN {answer.clip[-1]}" for answer in study.answers)
    assert {(answer.pack, answer.order) for answer in study.answers} == {("pack-1", n) for n in range(1, 5)} | {
        ("pack-2", n) for n in range(1, 7)
    }


def test_blank_sheets_contain_no_answers(clips, tmp_path):
    new_study(clips, tmp_path / "begun", sizes=(4,), raters=2)
    settings = read_settings(tmp_path / "begun" / "study.yaml")
    with pytest.raises(InputError, match="these sheets contain no answers at all"):
        import_study([tmp_path / "begun" / "pack-1.xlsx"], settings, tmp_path / "study")
    assert not (tmp_path / "study").exists()


def filled(sheet, path, answer, *raters):
    """A copy of a blank sheet in which some raters answered; ``answer`` makes an answer of rater and video."""
    rows = rows_of(sheet)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        for row in rows:
            row["answer"] = answer(row["participant"], row["video"]) if row["participant"] in raters else ""
            writer.writerow(row)
    return path


@pytest.fixture
def begun(clips, tmp_path):
    new_study(clips, tmp_path / "begun", sizes=(4,), raters=3, seed=3)
    return tmp_path / "begun"


@pytest.mark.parametrize("layout", ["{rater}.csv", "{rater}/pack-1.csv", "Kopie von pack-1 ({rater}).csv"])
def test_copies_that_each_participant_filled_in_are_one_pack(begun, tmp_path, layout):
    copies = [
        filled(begun / "pack-1.csv", tmp_path / "back" / layout.format(rater=rater), "{}-{}".format, rater)
        for rater in ("p001", "p002", "p003")
    ]
    for order, paths in enumerate((copies, copies[::-1])):
        done = import_study(
            paths, read_settings(begun / "study.yaml"), tmp_path / f"study{order}", key=tmp_path / f"key{order}.json"
        )
        study = read_study(done.folder)
        names = json.loads((tmp_path / f"key{order}.json").read_text())["raters"]
        counted = ("answers", "raters", "clips", "signs", "packs", "replaced")
        assert [done.counts[name] for name in counted] == [12, 3, 4, 4, 1, 0]
        assert all(answer.text.startswith(names[answer.rater]) and answer.order for answer in study.answers)
        record = (done.folder / "import.json").read_text(encoding="utf-8")
        assert "p001" not in record and "Kopie" not in record  # files are returned under the names of those who filled them in


def test_a_shared_sheet_keeps_all_answers_and_blanks_overwrite_nothing(begun, tmp_path):
    sheet = begun / "pack-1.csv"
    copies = [
        filled(sheet, tmp_path / "back" / "z.csv", "{}-{}".format, "p001"),
        filled(sheet, tmp_path / "back" / "m.csv", "{}-{}".format, "p001", "p002"),
        filled(sheet, tmp_path / "back" / "a.csv", "{}-{}".format, "p003"),
        filled(sheet, tmp_path / "back" / "empty.csv", "{}".format),
        filled(sheet, tmp_path / "back" / "empty too.csv", "{}".format),
    ]
    done = import_study(copies, read_settings(begun / "study.yaml"), tmp_path / "study")
    assert (done.counts["answers"], done.counts["raters"], done.counts["replaced"]) == (12, 3, 0)
    assert all(answer.text for answer in read_study(done.folder).answers)


def test_copies_that_contradict_each_other_are_refused_with_both_names(begun, tmp_path):
    copies = [
        filled(begun / "pack-1.csv", tmp_path / "a.csv", "one {} {}".format, "p001"),
        filled(begun / "pack-1.csv", tmp_path / "b.csv", "two {} {}".format, "p001"),
    ]
    settings = read_settings(begun / "study.yaml")
    with pytest.raises(
        InputError, match=r"a\.csv, row \d+, column E and b\.csv, row \d+, column E are two answers of one participant"
    ):
        import_study(copies, settings, tmp_path / "study")
    chosen = settings.model_copy(update={"resubmissions": "last"})
    with pytest.raises(InputError, match="without times it is unknown which came first; keep one"):
        import_study(copies, chosen, tmp_path / "study")


def test_what_raters_see_does_not_reveal_the_sign(clips, tmp_path):
    begun = tmp_path / "begun"
    drawn = new_study(clips, begun, sizes=(4,), raters=2)
    for name in ("pack-1.csv", "pack-1.xlsx"):
        assert b"clip-" not in (begun / name).read_bytes() and b"SIGN" not in (begun / name).read_bytes()
    assert {path.name for path in (begun / "videos").iterdir()} == {"v001.mkv", "v002.mkv", "v003.mkv", "v004.mkv"}
    for clip, code in drawn.codes.items():
        original, copy = (next(read_frames(path)) for path in (clips / f"{clip}.mkv", begun / "videos" / f"{code}.mkv"))
        assert np.array_equal(original, copy)


def test_the_sign_is_the_clips_id_where_no_table_names_it(clips, tmp_path):
    (clips / "clips.csv").unlink()
    new_study(clips, tmp_path / "begun", sizes=(4,), raters=2)
    assert all(row["sign"] == row["clip"] for row in rows_of(tmp_path / "begun" / "answer_key.csv"))


@pytest.mark.parametrize(
    ("sizes", "raters", "message"),
    [
        ((8, 5), 20, "the packs need 13 clips, but there are only 12"),
        ((4, 4), 1, "1 raters are too few for 2 packs"),
        ((4, 0), 9, "every pack needs at least 1 clip"),
    ],
)
def test_a_study_that_cannot_be_drawn_is_refused_and_nothing_is_written(clips, tmp_path, sizes, raters, message):
    with pytest.raises(InputError, match=message):
        new_study(clips, tmp_path / "begun", sizes=sizes, raters=raters)
    assert not (tmp_path / "begun").exists()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("id,sign\nclip-00,a\n", "has an unknown column 'sign'. Did you mean signer"),
        ("id,file\nclip-00,\n", "needs a column gloss or text for the sign"),
        ("id,gloss\nclip-00,a\n", "has no row for clip clip-01"),
        ("id,gloss\nclip-00,\n", "line 2: clip clip-00 has no gloss, which names its sign"),
        ("id,gloss\nclip-00,a\nclip-00,b\n", "line 3: the clip clip-00 is already in line 2"),
    ],
)
def test_a_table_of_signs_that_does_not_fit_is_refused(clips, tmp_path, table, message):
    (clips / "clips.csv").write_text(table, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        new_study(clips, tmp_path / "begun", sizes=(4,), raters=2)


def test_a_folder_that_is_not_empty_or_has_no_video_is_refused(clips, tmp_path):
    with pytest.raises(InputError, match="is not an empty folder"):
        new_study(clips, clips, sizes=(4,), raters=2)
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="contains no videos"):
        new_study(tmp_path / "none", tmp_path / "begun", sizes=(4,), raters=2)


@pytest.mark.parametrize("text", ["", "20,", "a", "20;30", "-1", "2.5"])
def test_text_that_is_not_a_list_of_sizes_is_refused(text):
    with pytest.raises(InputError, match="is not a list of sizes"):
        parse_sizes(text)


def test_sizes_are_numbers_separated_by_commas():
    assert parse_sizes("20, 30") == (20, 30)
