"""``signbench study``: the human study, from response sheets to the Sign Understandability Score."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signbench.cli.groups import group
from signbench.cli.options import LARGEST_SEED, Json, Progress, Replace, option

if TYPE_CHECKING:
    from signbench.study.judging.lexicon import Lexicon
    from signbench.study.sheets.answers import Study

app = group("Human studies: from sheets of free-text answers to the Sign Understandability Score (SUS) with its uncertainty.")

Folder = Annotated[Path, typer.Argument(help="Folder of a study, as signbench study import wrote it.")]
Decisions = Annotated[Path | None, option("--lexicon")]
ComparedRun = Annotated[Path | None, option("--run")]


@app.command("import")
def import_command(
    sheets: Annotated[list[Path], typer.Argument(help="Response sheets: CSV, TSV or XLSX.")],
    out: Annotated[Path, option("--out", "Folder of the study.")],
    mapping: Annotated[Path | None, option("--mapping")] = None,
    key: Annotated[Path | None, option("--key")] = None,
    encoding: Annotated[str | None, option("--encoding")] = None,
    replace: Replace = False,
    json: Json = False,
) -> None:
    """Import SHEETS into a study, in which pseudonyms replace the names of raters."""
    from signbench.cli import printing
    from signbench.errors import InputError
    from signbench.study.importing import import_study
    from signbench.study.settings import read_settings
    from signbench.study.sheets.mapping import read_files
    from signbench.study.sheets.proposing import write_proposal

    if mapping is None:
        proposal = Path("study.yaml")
        write_proposal(read_files(sheets), proposal, encoding)
        raise InputError(
            f"nothing was imported, because no --mapping was given. A proposal is in {proposal}: check it, fill in signs and "
            f"accepted answers, and repeat the command with --mapping {proposal}."
        )
    if encoding is not None:
        raise InputError(f"--encoding is for sheets without a mapping; add 'encoding: {encoding}' to the sheet in {mapping}.")
    done = import_study(sheets, read_settings(mapping), out, key=key, replace=replace)
    for note in done.notes:
        printing.talk(note)
    if json:
        printing.document({"study": str(out), **done.counts, "repeated": done.repeated})
        return
    state = "already imported" if done.repeated else "imported"
    counts = done.counts
    printing.data(
        f"{state}: {counts['answers']:,} answers of {counts['raters']} raters to {counts['clips']} clips of {counts['signs']} "
        f"signs in packs: {counts['packs']}"
    )
    kept = f"the names of the raters are in {key}" if key is not None else "the names of the raters are not stored"
    printing.talk(f"study: {out}" + ("" if done.repeated else f"; {kept}"))


@app.command("unmatched")
def unmatched_command(
    study: Folder,
    out: Annotated[Path, option("--out", "A new CSV file, to be filled in by a person and given to --lexicon.")],
    lexicon: Decisions = None,
    json: Json = False,
) -> None:
    """List the answers that matched nothing, in a file in which a person decides about them."""
    from dataclasses import asdict

    from signbench.cli import printing
    from signbench.study.judging.unmatched import unmatched, write_adjudication

    table, decided = _study_and_decisions(study, lexicon)
    items = unmatched(table, decided)
    write_adjudication(out, items, decided)
    if json:
        printing.document([asdict(item) for item in items])
    else:
        answers = sum(item.count for item in items)
        printing.data(
            f"open answers: {answers:,} ({len(items):,} different ones); they count as wrong until a person decides about them"
        )
    printing.talk(f"fill in the column decision of {out}: yes, no, or what was meant")


@app.command("score")
def score_command(
    study: Folder,
    lexicon: Decisions = None,
    run: ComparedRun = None,
    json: Json = False,
) -> None:
    """Score a study: SUS with intervals for the study, each pack and each sign, confusions, raters, agreement."""
    from signbench.cli import printing
    from signbench.study.report import score_tables
    from signbench.study.scoring import score_study

    result = score_study(*_study_and_decisions(study, lexicon), run=run)
    if json:
        printing.data(result.json_bytes().decode().rstrip())
        return
    printing.data("SUS is the Sign Understandability Score, the share of correct answers; not the System Usability Scale.")
    for title, rows in (
        ("Study", score_tables.overview(result)),
        ("Signs", score_tables.sign_rows(result)),
        ("Understood instead", score_tables.confusion_rows(result, most=20)),
        ("Outliers and fast raters", score_tables.rater_rows(result, only_marked=True)),
        ("Agreement", score_tables.agreement_rows(result)),
        ("Groups", score_tables.group_rows(result)),
        ("Order of presentation", score_tables.fatigue_rows(result)),
        ("Time per answer", score_tables.speed_rows(result)),
        ("Correlation with metrics", score_tables.correlation_rows(result.correlations.rows) if result.correlations else []),
    ):
        if rows:
            printing.table(score_tables.table_of(rows), title)
    printing.sentences([result.signature])
    if result.correlations:
        printing.sentences(score_tables.metric_signatures(result.correlations.rows))
    for remark in score_tables.remarks(result):
        printing.talk(remark)
    for note in result.import_notes:
        printing.talk(f"import: {note}")
    if result.correlations:
        for remark in score_tables.correlation_remarks(result.correlations):
            printing.talk(remark)


@app.command("report")
def report_command(
    study: Folder,
    out: Annotated[Path, option("--out", "An older report there is renamed to <name>.old-N.")],
    lexicon: Decisions = None,
    run: ComparedRun = None,
    videos: Annotated[Path | None, option("--videos", "For thumbnails.")] = None,
    progress: Progress = True,
    json: Json = False,
) -> None:
    """Write a static HTML report of a study."""
    from signbench.cli import printing
    from signbench.study.report.page import write_report
    from signbench.study.scoring import score_study

    result = score_study(*_study_and_decisions(study, lexicon))
    with printing.progress_bars(progress) as bars:
        page = write_report(result, out, run=run, videos=videos, progress=bars)
    if json:
        printing.document({"report": str(page)})
    else:
        printing.data(str(page))


@app.command("plan")
def plan_command(
    expected: Annotated[float, option("--expected")],
    half_width: Annotated[float, option("--half-width")],
    packs: Annotated[str | None, option("--packs", "Print the interval for each number of raters.")] = None,
    most_clips: Annotated[int | None, option("--most-clips")] = None,
    sign_spread: Annotated[float, option("--sign-spread")] = 1.5,
    rater_spread: Annotated[float, option("--rater-spread")] = 0.5,
    progress: Progress = True,
    json: Json = False,
) -> None:
    """Simulate how many raters and signs a study needs."""
    from signbench.cli import printing
    from signbench.study.planning.packs import parse_sizes
    from signbench.study.planning.sizes import plan
    from signbench.study.report import score_tables

    sizes = parse_sizes(packs) if packs is not None else None
    with printing.progress_bars(progress) as bars:
        found = plan(
            expected,
            half_width,
            sign_spread=sign_spread,
            rater_spread=rater_spread,
            packs=sizes,
            most_clips=most_clips,
            progress=bars,
        )
    if json:
        printing.data(found.model_dump_json(indent=2))
        return
    if rows := score_tables.plan_rows(found):
        title = "Fewest signs for each number of raters" if sizes is None else "Interval for each number of raters"
        printing.table(score_tables.table_of(rows), title)
    if not found.frontier:
        printing.data("No simulated design reaches this width; accept a wider interval.")


@app.command("new")
def new_command(
    videos: Annotated[Path, option("--videos", "A clips.csv in it may name their signs.")],
    packs: Annotated[str, option("--packs")],
    raters: Annotated[int, option("--raters", min=1)],
    out: Annotated[Path, option("--out", "A new folder.")],
    seed: Annotated[int, option("--seed", min=0, max=LARGEST_SEED)] = 0,
    progress: Progress = True,
    json: Json = False,
) -> None:
    """Start a study: draw packs and orders, and write neutral videos, blank sheets, an answer key and a mapping file."""
    from signbench.cli import printing
    from signbench.study.planning.packs import new_study, parse_sizes

    with printing.progress_bars(progress) as bars:
        drawn = new_study(videos, out, sizes=parse_sizes(packs), raters=raters, seed=seed, progress=bars)
    if json:
        packs_drawn = {pack: {"clips": len(drawn.packs[pack]), "raters": len(orders)} for pack, orders in drawn.orders.items()}
        printing.document({"study": str(out), "packs": packs_drawn})
    else:
        for pack, orders in drawn.orders.items():
            printing.data(f"{pack}: {len(drawn.packs[pack])} clips, {len(orders)} raters")
    printing.talk(f"study: {out}; import the filled-in sheets: signbench study import FILES --mapping {out}/study.yaml --out DIR")


def _study_and_decisions(folder: Path, lexicon: Path | None) -> tuple[Study, Lexicon | None]:
    from signbench.cli import printing
    from signbench.errors import listing
    from signbench.study.judging.lexicon import read_lexicon
    from signbench.study.judging.normalisation import unused_decisions
    from signbench.study.sheets.answers import read_study

    study = read_study(folder)
    if lexicon is None:
        return study, None
    decided = read_lexicon(lexicon)
    unused = [f"{answer} ({sign})" for sign, answer in unused_decisions(study, decided)]
    if unused:
        printing.talk(f"the lexicon has decisions about answers that nobody gave: {listing(unused)}")
    return study, decided
