"""SUS of a study: the paper's numbers, what is counted, who is an outlier, and the same bytes every time."""

from __future__ import annotations

import csv
import json
import random
import time
from dataclasses import replace

import jsonschema
import numpy as np
import pytest

from signbench.errors import InputError, NotComparableError
from signbench.runs.signature import STUDY_MEANINGS, differences, parse
from signbench.schemas import schema_file
from signbench.study.importing import import_study
from signbench.study.report.score_tables import four_decimals, overview, remarks
from signbench.study.scores.result import read_study_result
from signbench.study.scoring import score_study
from signbench.study.settings import StudySettings
from signbench.study.sheets.answers import read_study
from tests.study.judged import WORDS, as_in_the_paper, exactly, judged, scored


@pytest.fixture(scope="module")
def paper():
    return scored(as_in_the_paper())


@pytest.fixture(scope="module")
def sheets_of_the_paper(tmp_path_factory):
    """Two wide sheets as a form exports them: 20 raters each, 267 of 400 and 507 of 600 answers correct."""
    folder = tmp_path_factory.mktemp("sheets")
    mappings = []
    for name, right, signs in (("pack20", 267, WORDS[:20]), ("pack30", 507, WORDS[20:])):
        outcomes = exactly(right, 20, len(signs))
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["name", *(f"video {number}" for number in range(len(signs)))])
            for row in range(20):
                said = [sign if outcomes[row, column] == "correct" else "что-то" for column, sign in enumerate(signs)]
                writer.writerow([f"{name} {row}", *said])
        clips = {f"video {number}": {"clip": f"{name}/{number}", "sign": sign} for number, sign in enumerate(signs)}
        mappings.append({"file": f"{name}.csv", "layout": "wide", "pack": name, "rater": "name", "clips": clips})
    settings = StudySettings.model_validate({"name": "paper", "sheets": mappings, "signs": {sign: [sign] for sign in WORDS}})
    import_study([folder / "pack20.csv", folder / "pack30.csv"], settings, folder / "study")
    return read_study(folder / "study")


def test_sheets_with_the_papers_counts_give_the_papers_scores(sheets_of_the_paper):
    # RuSignBot, table 2: 0.668, 0.845, mean 0.7565 (from the rounded packs); the text's mean over all signs is not printed there
    result = score_study(sheets_of_the_paper)
    assert [row["value"] for row in overview(result)] == ["0.7740", "0.7563", "0.6675", "0.8450"]
    assert [pack.sus.value for pack in result.packs] == [0.6675, 0.845]
    for estimate in (result.mean_over_signs, result.mean_of_packs, *(pack.sus for pack in result.packs)):
        low, high = estimate.interval
        assert low < estimate.value < high and 0.05 < high - low < 0.25
    assert result.counts.open == 226
    assert result.signature.startswith("metric:sus|revision:2|clips:50|signs:50|packs:2|shown:")
    assert "|answered-nothing:left-out|" in result.signature


def test_the_mean_over_signs_and_the_mean_of_packs_are_what_their_names_say(paper):
    accuracies = {pack.pack: [row.accuracy for row in paper.per_sign if row.pack == pack.pack] for pack in paper.packs}
    assert paper.mean_over_signs.value == pytest.approx(np.mean([value for values in accuracies.values() for value in values]))
    assert paper.mean_of_packs.value == pytest.approx(np.mean([np.mean(values) for values in accuracies.values()]))


def test_a_half_is_rounded_up():
    assert [four_decimals(value) for value in (0.75625, 0.7562499999999999, 0.00005, None, 1.0)] == [
        "0.7563",
        "0.7563",
        "0.0001",
        "-",
        "1.0000",
    ]


def test_the_same_study_gives_the_same_bytes_in_any_order_of_answers(paper):
    judgements = as_in_the_paper()
    random.Random(1).shuffle(judgements)
    assert scored(judgements).json_bytes() == paper.json_bytes()


def renamed(judgements, seed):
    """The same answers under other pseudonyms, in another order."""
    names = sorted({row.answer.rater for row in judgements})
    dealt = dict(
        zip(names, random.Random(seed).sample([f"r{number:03}" for number in range(1, 1 + len(names))], len(names)), strict=True)
    )
    rows = [replace(row, answer=replace(row.answer, rater=dealt[row.answer.rater])) for row in judgements]
    random.Random(seed).shuffle(rows)
    return rows, {new: old for old, new in dealt.items()}


@pytest.mark.parametrize("seed", range(3))
def test_other_pseudonyms_change_no_number(paper, seed):
    # an import deals pseudonyms at random; the interval of the same sheets moved with them
    rows, former = renamed(as_in_the_paper(), seed)
    found = scored(rows)
    own_names = [row.model_copy(update={"rater": former[row.rater]}) for row in found.per_rater]
    in_order = tuple(sorted(own_names, key=lambda row: (row.pack, row.rater)))
    assert found.model_copy(update={"per_rater": in_order}) == paper


def blank_rows(outcomes):
    """Judgements in which the outcome ``blank`` is an empty cell and ``silent`` is "don't know"."""
    rows = judged(np.where(outcomes == "silent", "blank", outcomes))
    said = iter(outcomes[outcomes != ""])
    return [replace(row, answer=replace(row.answer, text="не знаю")) if next(said) == "silent" else row for row in rows]


@pytest.mark.parametrize(
    ("last_rater", "value", "raters", "nothing"),
    [
        (["blank", "blank"], 1.0, 3, 1),
        (["correct", "blank"], 0.875, 4, 0),
        (["silent", "silent"], 0.75, 4, 0),
        (["silent", "blank"], 0.75, 4, 0),
    ],
    ids=["nothing at all", "a blank between answers", "does not know", "does not know, then nothing"],
)
def test_a_rater_who_wrote_nothing_took_no_part_and_a_blank_among_answers_is_wrong(last_rater, value, raters, nothing):
    result = scored(blank_rows(np.array([["correct", "correct"]] * 3 + [last_rater])))
    assert result.mean_over_signs.value == value
    assert (result.raters, result.answered_nothing, result.packs[0].raters) == (raters, nothing, raters)
    assert len(result.per_rater) == raters
    assert ("wrote nothing" in " ".join(remarks(result))) == bool(nothing)


def test_a_rater_who_wrote_nothing_in_one_pack_took_part_in_the_other():
    rows = [
        *judged(np.array([["correct", "wrong"]] * 2), "a"),
        *judged(np.array([["correct", "correct"], ["blank", "blank"]]), "b"),
    ]
    result = scored(rows)
    assert (result.raters, result.answered_nothing) == (2, 0)
    assert [(pack.raters, pack.sus.value) for pack in result.packs] == [(2, 0.5), (1, 1.0)]


def test_a_pack_in_which_nobody_wrote_anything_is_named_and_not_counted():
    result = scored([*judged(np.array([["correct"]]), "a"), *judged(np.array([["blank"]]), "b", first_rater=5)])
    assert (result.unanswered_packs, result.signs, [pack.pack for pack in result.packs]) == (("b",), 1, ["a"])
    assert "Nobody wrote anything in pack b" in " ".join(remarks(result))


def test_a_study_in_which_nobody_wrote_anything_measures_nothing():
    with pytest.raises(NotComparableError, match="nothing was measured"):
        scored(judged(np.array([["blank", "blank"]])))


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"pack": "called otherwise"}, True),
        ({"signs": ["sign00", "sign01", "other"]}, False),
        ({"outcomes": np.full((4, 3), "wrong")}, True),
        ({"outcomes": np.full((3, 2), "correct")}, False),
    ],
    ids=["another name of the pack", "another sign", "other answers", "one sign less"],
)
def test_the_shown_clips_are_in_the_signature_and_the_answers_are_not(changes, same):
    first = scored(judged(np.full((4, 3), "correct"), signs=["sign00", "sign01", "sign02"]))
    given = {"outcomes": np.full((4, 3), "correct"), "pack": "pack20", **changes}
    outcomes = given.pop("outcomes")
    given.setdefault("signs", [f"sign{number:02}" for number in range(outcomes.shape[1])])
    rows = judged(outcomes, **given)
    rows = [replace(row, answer=replace(row.answer, clip=f"pack20/{row.answer.sign}")) for row in rows]
    assert (scored(rows).signature == first.signature) == same


def test_packs_with_other_clips_are_another_study():
    rows = judged(np.full((4, 4), "correct"))
    split = [replace(row, answer=replace(row.answer, pack="one" if row.answer.sign < "sign02" else "two")) for row in rows]
    number, which = differences(scored(rows).signature, scored(split).signature)
    assert number == "the number of packs: 1 against 2"
    assert which.startswith("the clips, signs and packs that were shown: ")


def test_every_key_of_a_studys_signature_has_a_meaning(sheets_of_the_paper):
    assert set(parse(score_study(sheets_of_the_paper).signature)) <= set(STUDY_MEANINGS)


def imported(folder, header, rows, *, layout):
    """The study of one sheet with three signs."""
    folder.mkdir(parents=True)
    with (folder / "sheet.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    clips = {sign: {"clip": f"c/{sign}", "sign": sign} for sign in WORDS[:3]}
    sheet = {"file": "sheet.csv", "layout": layout, "pack": "p", "rater": "name", "clips": clips}
    if layout == "long":
        sheet |= {"clip": "clip", "answer": "answer", "order": "order"}
    settings = StudySettings.model_validate({"sheets": [sheet], "signs": {sign: [sign] for sign in WORDS[:3]}})
    import_study([folder / "sheet.csv"], settings, folder / "study")
    return read_study(folder / "study")


PEOPLE = {"Ann": WORDS[:3], "Bob": (WORDS[0], "", "?"), "Cas": ("", "", ""), "Dan": ("x", WORDS[1], WORDS[2])}


def as_wide(people):
    return ["name", *WORDS[:3]], [[name, *answers] for name, answers in people.items()]


def as_long(people, *, blanks):
    rows = [
        [name, sign, answer, position]
        for name, answers in people.items()
        for position, (sign, answer) in enumerate(zip(WORDS[:3], answers, strict=True), start=1)
        if answer or blanks
    ]
    return ["name", "clip", "answer", "order"], rows


def test_equal_sheets_give_equal_bytes_whoever_imports_them(tmp_path):
    # pseudonyms were dealt at random, and with them the interval
    found = []
    for name, people in (("first", PEOPLE), ("again", PEOPLE), ("other order", dict(reversed(PEOPLE.items())))):
        study = imported(tmp_path / name, *as_wide(people), layout="wide")
        found.append(((tmp_path / name / "study" / "answers.parquet").read_bytes(), score_study(study).json_bytes()))
    assert found[0] == found[1] == found[2]


def test_missing_answers_mean_the_same_in_every_sheet(tmp_path):
    # a row of blanks gave 0.75 for 1.0, and a blank of a wide sheet counted where one left out of a long sheet did not
    sheets = {
        "wide": (*as_wide(PEOPLE), "wide"),
        "long": (*as_long(PEOPLE, blanks=True), "long"),
        "short": (*as_long(PEOPLE, blanks=False), "long"),
    }
    found = {
        name: score_study(imported(tmp_path / name, head, rows, layout=layout)) for name, (head, rows, layout) in sheets.items()
    }
    assert {name: (result.mean_over_signs.value, result.raters) for name, result in found.items()} == dict.fromkeys(
        sheets, (2 / 3, 3)
    )
    assert {name: result.answered_nothing for name, result in found.items()} == {"wide": 1, "long": 1, "short": 0}
    assert "1 rater wrote nothing at all, and did not take part" in " ".join(remarks(found["wide"]))


def test_the_document_is_read_back_as_it_was(paper, tmp_path):
    path = tmp_path / "result.json"
    path.write_bytes(paper.json_bytes())
    assert read_study_result(path) == paper


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"schema_version": 3}', "newer signbench"),
        ('{"schema_version": 1}', "older signbench, which scored studies differently; score the study again"),
        ("{", "is not a study's result"),
        ('{"schema_version": 2}', "is not a study's result"),
    ],
)
def test_another_document_is_refused(content, message, tmp_path):
    path = tmp_path / "result.json"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_study_result(path)
    with pytest.raises(InputError, match="does not exist"):
        read_study_result(tmp_path / "none.json")


def test_a_study_s_result_keeps_to_the_schema_that_ships(paper):
    shipped = json.loads(schema_file("study-result").read_text(encoding="utf-8"))
    content = json.loads(paper.json_bytes())
    jsonschema.validate(content, shipped)
    content["packs"][0]["sus"]["value"] = "much"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, shipped)


def test_blank_answers_count_as_wrong_or_are_left_out():
    outcomes = np.array([["correct", "blank"], ["correct", "correct"], ["open", ""]])
    counted, left_out = scored(judged(outcomes)), scored(judged(outcomes), count_blank=False)
    assert [row.accuracy for row in counted.per_sign] == [2 / 3, 1 / 2]
    assert [row.accuracy for row in left_out.per_sign] == [2 / 3, 1]
    assert (counted.counts.answers, counted.counts.left_out, counted.counts.blank) == (5, 0, 1)
    assert (left_out.counts.answers, left_out.counts.left_out, left_out.counts.blank) == (4, 1, 1)
    assert (counted.mean_over_signs.value, left_out.mean_over_signs.value) == (pytest.approx(7 / 12), pytest.approx(5 / 6))


def test_a_sign_without_an_answer_that_counts_has_no_accuracy_and_is_not_averaged():
    result = scored(judged(np.array([["correct", "blank"], ["wrong", "blank"]])), count_blank=False)
    assert [row.accuracy for row in result.per_sign] == [0.5, None]
    assert result.per_sign[1].interval is None
    assert result.mean_over_signs.value == 0.5


def test_the_number_of_open_answers_is_shown_with_the_score_and_its_upper_bound(paper):
    assert paper.counts.open > 0
    assert paper.if_open_were_correct == pytest.approx(0.774 + np.mean([row.counts.open / 20 for row in paper.per_sign]))
    assert f"{paper.counts.open} of 1000 answers are open" in remarks(paper)[0]


def test_the_confusions_are_the_answers_that_are_not_correct_most_frequent_first(paper):
    assert sum(row.answers for row in paper.confusions) == 1000 - 774
    for sign in {(row.pack, row.sign) for row in paper.confusions}:
        counts = [row.answers for row in paper.confusions if (row.pack, row.sign) == sign]
        assert counts == sorted(counts, reverse=True)


def test_clips_of_one_sign_are_one_sign_and_several_clips():
    rows = judged(np.array([["correct", "wrong"], ["correct", "correct"]]), signs=["дом", "дом "])
    result = scored([replace(row, answer=replace(row.answer, sign="дом")) for row in rows])
    assert [(row.sign, row.accuracy, len(row.clips)) for row in result.per_sign] == [("дом", 0.75, 2)]
    assert [row.accuracy for row in result.per_clip] == [1.0, 0.5]


def test_a_rater_who_is_far_from_all_others_is_marked_and_stays_in_the_score():
    outcomes = exactly(340, 20, 20)
    outcomes[7] = "wrong"
    result = scored(judged(outcomes))
    assert [row.rater for row in result.per_rater if row.outlier] == ["r008"]
    assert result.counts.answers == 400
    assert "1 rater is an outlier" in " ".join(remarks(result))


def test_a_rater_who_differs_by_chance_is_not_marked():
    # all but one have 18 of 20, so the median absolute deviation is 0; 16 of 20 is nothing unusual
    outcomes = np.full((20, 20), "correct", dtype="<U7")
    for row in range(20):
        outcomes[row, [row, (row + 1) % 20]] = "wrong"
    outcomes[3, 10:12] = "wrong"
    assert not any(row.outlier for row in scored(judged(outcomes)).per_rater)


def test_a_rater_is_judged_by_the_signs_that_they_answered():
    outcomes = np.full((20, 20), "correct", dtype="<U7")
    outcomes[:, :10] = "wrong"
    outcomes[0, 10:] = ""
    outcomes[1, :10] = ""
    assert all(abs(row.deviation) < 1e-6 and not row.outlier for row in scored(judged(outcomes)).per_rater)


def test_alpha_on_answers_leaves_out_blank_ones_and_alpha_on_correctness_counts_what_the_score_counts():
    outcomes = np.array([["correct", "wrong", "blank"], ["correct", "wrong", "correct"], ["wrong", "correct", "correct"]])
    answers, correctness = scored(judged(outcomes)).agreement
    assert (answers.of, answers.values, correctness.of, correctness.values) == ("answers", 8, "correctness", 9)
    assert scored(judged(outcomes), count_blank=False).agreement[1].values == 8


def groups_of(outcomes, *names):
    return scored(judged(outcomes, group=lambda row: names[row % len(names)]))


def test_groups_that_differ_differ_significantly_and_the_others_do_not():
    outcomes = exactly(300, 30, 20)
    outcomes[1::3][outcomes[1::3] == "correct"] = "wrong"
    result = groups_of(outcomes, "a", "b", "c")
    assert [row.group for row in result.groups] == ["a", "b", "c"]
    found = {(row.first, row.second): row for row in result.group_comparisons}
    for pair, significant in {("a", "b"): True, ("a", "c"): False, ("b", "c"): True}.items():
        low, high = found[pair].difference.interval
        assert (found[pair].p_adjusted < 0.05) == significant
        assert (not low <= 0 <= high) == significant
    assert found["a", "b"].difference.value == pytest.approx(result.groups[0].sus - result.groups[1].sus)
    assert found["a", "b"].p_value == pytest.approx(1 / 10001)
    assert found["a", "b"].p_adjusted == pytest.approx(3 / 10001)


def test_groups_are_compared_on_the_signs_that_both_answered():
    rows = [
        *judged(exactly(100, 12, 12), "one", group=lambda row: "a" if row < 6 else "b"),
        *judged(exactly(10, 6, 12), "two", first_rater=50, group=lambda row: "a"),
    ]
    (comparison,) = scored(rows).group_comparisons
    assert comparison.signs == 12
    assert comparison.difference.interval is not None


def test_groups_that_answered_different_packs_cannot_be_compared():
    rows = [*judged(exactly(100, 12, 12), "one", group=lambda row: "a")]
    rows += judged(exactly(100, 12, 12), "two", first_rater=50, group=lambda row: "b")
    (comparison,) = scored(rows).group_comparisons
    assert (comparison.signs, comparison.difference.value, comparison.p_value) == (0, None, None)
    assert comparison.difference.interval_note == "no sign was answered by both groups"


def test_a_study_without_groups_compares_none(paper):
    assert scored(judged(exactly(267, 20, 20))).group_comparisons == ()
    assert [row.group for row in paper.groups] == ["deaf", "hearing"]


def test_the_p_values_of_groups_that_do_not_differ_are_uniform():
    p_values = [groups_of(exactly(120, 12, 15, seed=seed), "a", "b").group_comparisons[0].p_value for seed in range(40)]
    assert 0.3 < np.mean(p_values) < 0.75 and min(p_values) < 0.25


def test_a_rater_in_two_groups_is_refused():
    rows = [*judged(exactly(5, 2, 5), "one", group=lambda row: "a"), *judged(exactly(5, 2, 5), "two", group=lambda row: "b")]
    with pytest.raises(InputError, match="rater r001 is in the groups a and b"):
        scored(rows)


def test_a_study_without_an_answer_that_counts_measures_nothing():
    with pytest.raises(NotComparableError, match="nothing was measured"):
        scored(judged(np.array([["blank", "blank"]])), count_blank=False)


def test_a_hundred_thousand_answers_are_scored_in_seconds():
    judgements = judged(exactly(70_000, 500, 200), group=lambda row: ("a", "b")[row % 2])
    begun = time.process_time()
    result = scored(judgements)
    assert result.counts.answers == 100_000
    assert time.process_time() - begun < 20
