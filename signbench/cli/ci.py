"""``signbench ci``: pin a run as a baseline, and fail a build whose run got worse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signbench.cli import foreign
from signbench.cli.groups import group
from signbench.cli.options import (
    Checkpoint,
    ClipSeconds,
    Fresh,
    GeneratorDevice,
    Json,
    Judges,
    Progress,
    ReadBaselines,
    Replace,
    RunOut,
    Workers,
    WrittenBaselines,
    option,
)
from signbench.cli.score import named_task

if TYPE_CHECKING:
    from signbench.ci.gate import GateReport

app = group("Pin baselines, and fail a build whose model got worse.")


@app.command("pin")
def pin(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a complete run.")],
    name: Annotated[str, option("--as", "Such as text-to-pose/main.")],
    baselines: WrittenBaselines = Path("baselines"),
    replace: Replace = False,
    json: Json = False,
) -> None:
    """Pin a run as a baseline: its scores and records, small enough to be committed."""
    from signbench.ci import baselines as store
    from signbench.cli import printing
    from signbench.runs.measured_run import measured_run

    with measured_run(run) as measured:
        folder, done = store.pin(measured, name, baselines, replace=replace)
    size = sum(path.stat().st_size for path in folder.iterdir())
    if json:
        printing.document({"baseline": name, "folder": str(folder), "outcome": done, "bytes": size})
    else:
        printing.data(f"{done}: {name} in {folder} ({size / 1024:.0f} KiB)")


@app.command("check")
def check(
    baseline: Annotated[str, option("--baseline")],
    run: Annotated[Path | None, typer.Argument(metavar="RUN", help="Folder of a run; or use --task and --generator.")] = None,
    config: Annotated[str | None, option("--config")] = None,
    baselines: ReadBaselines = None,
    task: Annotated[str | None, option("--task", "It is run first.")] = None,
    generator: Annotated[str | None, option("--generator")] = None,
    checkpoint: Checkpoint = None,
    device: GeneratorDevice = None,
    out: RunOut = None,
    fresh: Fresh = False,
    judge: Judges = None,
    workers: Workers = None,
    clip_seconds: ClipSeconds = 3600,
    junit: Annotated[Path | None, option("--junit")] = None,
    markdown: Annotated[Path | None, option("--markdown")] = None,
    github: Annotated[bool, option("--github")] = False,
    progress: Progress = True,
    json: Json = False,
) -> None:
    """Check a run against a baseline.

    Exit 1: significantly worse, and by more than the tolerance; or clips are missing. 3: incomplete. 4: not comparable.
    """
    foreign.beware(generator, judge)
    from signbench.ci import baselines as store
    from signbench.ci.configuration import Configuration, read_configuration
    from signbench.ci.gate import check as checked
    from signbench.ci.generation import made_run
    from signbench.cli import printing
    from signbench.errors import InputError
    from signbench.generators import registry
    from signbench.runs.measured_run import measured_run
    from signbench.scoring.ranks import Ranks

    made = {"--task": task, "--generator": generator}
    only_made: dict[str, object] = {
        "--judge": judge,
        "--checkpoint": checkpoint,
        "--device": device,
        "--out": out,
        "--workers": workers,
        "--fresh": fresh or None,
    }
    surplus = [name for name, value in {**made, **only_made}.items() if value is not None]
    if run is not None and surplus:
        raise InputError(f"{surplus[0]} cannot be used together with a RUN, which is already scored; use one of the two.")
    if run is None and (task is None or generator is None):
        raise InputError("name the folder of a run, or use --task and --generator to make one.")
    configuration = read_configuration(Path(config)) if config is not None else Configuration()
    pinned = store.baseline(baseline, baselines)
    if task is not None and generator is not None:
        given = registry.options_of(checkpoint, device)
        ranks = Ranks.from_environment()
        with printing.progress_bars(progress and ranks.first) as bars:
            run = made_run(
                named_task(task),
                registry.create(generator, **given),
                pinned,
                out,
                fresh=fresh,
                workers=workers if ranks.world == 1 else workers or 1,
                progress=bars,
                device=device or "cpu",
                judges=judge or (),
                content=registry.content(generator, **given),
                clip_seconds=clip_seconds or None,
            )
    if run is None:  # another rank than the first
        return
    with measured_run(run) as measured:
        report = checked(measured, pinned, configuration)
    _write(report, junit, markdown, github=github, json=json)
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _write(report: GateReport, junit: Path | None, markdown: Path | None, *, github: bool, json: bool) -> None:
    import os

    from signbench.ci import reports
    from signbench.cli import printing
    from signbench.whole_files import write_atomically

    if junit is not None:
        write_atomically(junit, reports.junit(report))
    if markdown is not None:
        write_atomically(markdown, reports.markdown(report).encode())
    if json:
        printing.document(report.as_json())
    else:
        if report.checks:
            printing.table(reports.table_of(report))
        printing.sentences([*reports.lines(report), report.summary])
    if github:
        write = printing.talk if json else printing.data
        write("\n".join(reports.github_annotations(report)))
        if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            reports.append_summary(report, Path(summary))
    if report.verdict == "improved":
        printing.talk(f"better than the baseline; to keep it: signbench ci pin {report.run} --as {report.baseline} --replace")
