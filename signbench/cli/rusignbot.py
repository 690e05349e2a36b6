"""``signbench rusignbot``: a word as a video of its sign, shown by a person of your choice."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signbench.cli.groups import group
from signbench.cli.options import LARGEST_SEED, Checkpoint, Device, Json, Progress, Root, option

if TYPE_CHECKING:
    from signbench.generators.rusignbot.saying import Speaker

app = group("RuSignBot: a word of Russian or English as a video of its sign, shown by a person of your choice.")


@app.command("say")
def say(
    text: Annotated[str, typer.Argument(help="A word or a short phrase.")],
    out: Annotated[Path, option("--out", "A new .mp4 or .mkv file.")],
    avatar: Annotated[Path | None, option("--avatar", "Default: the person in the recording.")] = None,
    generator: Annotated[str, option("--generator")] = "rusignbot",
    checkpoint: Checkpoint = None,
    corpus: Annotated[str, option("--corpus", "Its isolated signs are shown.")] = "synthsign",
    root: Root = None,
    seed: Annotated[int, option("--seed", min=0, max=LARGEST_SEED)] = 0,
    device: Device = "cpu",
    progress: Progress = True,
    json: Json = False,
) -> None:
    """Make a video of the sign for TEXT: its gloss, a recording of that sign, and an avatar that moves in the same way."""
    from signbench.cli import printing
    from signbench.generators.rusignbot.avatars import read_avatar

    picture = None if avatar is None else read_avatar(avatar)
    speaker = _speaker(generator, checkpoint, device, corpus, root)
    with printing.progress_bars(progress) as report:
        said = speaker.say(text, out, avatar=picture, seed=seed, progress=report)
    if said.way in ("embedding", "characters"):
        printing.talk(f"{text!r} is no gloss of {corpus}; {said.gloss} is the nearest one.")
    if json:
        printing.document({**asdict(said), "video": str(said.video)})
        return
    printing.data(f"{said.gloss} ({said.way}, {said.score:.3f}) as in {said.clip}: {said.frames} frames at {said.fps:g} per second")
    printing.talk(str(said.video))


def _speaker(generator: str, checkpoint: str | None, device: str, corpus: str, root: Path | None) -> Speaker:
    from signbench.corpora.registry import corpus as corpus_named
    from signbench.errors import InputError
    from signbench.generators.registry import create, options_of
    from signbench.generators.rusignbot.generator import RuSignBotGenerator
    from signbench.generators.rusignbot.saying import Speaker

    made = create(generator, **options_of(checkpoint, device))
    if not isinstance(made, RuSignBotGenerator):
        raise InputError(f"{generator} is not rusignbot; use rusignbot, or rusignbot:key=value for its parameters.")
    return Speaker(made, corpus_named(corpus, root))


@app.command("serve")
def serve(
    avatars: Annotated[Path | None, option("--avatars")] = None,
    study: Annotated[Path | None, option("--study", "The one that signbench study new made.")] = None,
    out: Annotated[Path | None, option("--out", "The folder of the study's filled-in sheets.")] = None,
    generator: Annotated[str, option("--generator")] = "rusignbot",
    checkpoint: Checkpoint = None,
    corpus: Annotated[str, option("--corpus", "Its isolated signs are shown.")] = "synthsign",
    root: Root = None,
    device: Device = "cpu",
    json: Json = False,
) -> None:
    """Run the Telegram bot: words in, videos back; with --study it also shows a study's videos and collects the answers.

    The bot's token is in the environment variable SIGNBENCH_TELEGRAM_TOKEN. The bot runs until it is interrupted.
    """
    from signbench.bot.conversation import Conversation
    from signbench.bot.jobs import Jobs
    from signbench.bot.study_answers import StudyAnswers
    from signbench.bot.telegram import serve as served
    from signbench.bot.telegram import token
    from signbench.cli import printing
    from signbench.errors import InputError
    from signbench.generators.rusignbot.avatars import avatars_in

    token()
    if (study is None) != (out is None):
        raise InputError("a study needs a folder for its sheets, and the other way round; give both --study and --out.")
    answers = None if study is None or out is None else StudyAnswers(study, out)
    pictures = {} if avatars is None else avatars_in(avatars)
    speaker = _speaker(generator, checkpoint, device, corpus, root)
    for name, picture in pictures.items():
        speaker.check_avatar(picture, f"the avatar {name}")
    jobs = Jobs()
    conversation = Conversation(speaker, jobs, pictures, answers)
    try:
        served(conversation, jobs, lambda: printing.talk("the bot answers now; interrupt it to end it"))
    finally:
        counts = {"videos": conversation.videos, "answers": conversation.answers}
        if json:
            printing.document(counts)
        else:
            printing.data(f"videos: {counts['videos']}, answers: {counts['answers']}")
