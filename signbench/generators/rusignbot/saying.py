"""RuSignBot as a person uses it: a word in, a file of video out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.corpus import Corpus, train_split_of_words
from signbench.errors import InputError
from signbench.generators.rusignbot.avatars import check_person
from signbench.generators.rusignbot.generator import RuSignBotGenerator
from signbench.generators.rusignbot.words import plain
from signbench.generators.training import TrainView
from signbench.media.video_writer import write_video
from signbench.predictions.prompts import Made, Prompt
from signbench.progress import Progress, silent

MOST_LETTERS = 60
"""The longest text that is signed: a word or a short phrase."""

_LOSSLESS = ".mkv"


@dataclass(frozen=True)
class Said:
    """A video of a sign.

    Attributes:
        video: the file.
        frames: number of its frames.
        fps: its rate.
        gloss: the gloss that was found for the text.
        way: how it was found, see :data:`signbench.generators.rusignbot.words.Way`.
        score: cosine with the text; 1 for an exact match.
        clip: the train clip whose movement it shows.
    """

    video: Path
    frames: int
    fps: float
    gloss: str
    way: str
    score: float
    clip: str


class Speaker:
    """Signs words, one at a time.

    Args:
        generator: which person and networks; it learns the corpus's glosses now.
        corpus: has isolated signs with videos.

    Raises:
        InputError: the corpus has no isolated signs.
    """

    def __init__(self, generator: RuSignBotGenerator, corpus: Corpus) -> None:
        self._generator = generator
        self._made = Made("video", generator.moving.rate)
        split = next((name for name in corpus.splits if name.endswith("word-train")), "train")
        if split not in corpus.splits or (words := train_split_of_words(corpus, split)) is None:
            raise InputError(f"the corpus {corpus.name} has no isolated signs to show; choose one such as synthsign or slovo.")
        generator.prepare(TrainView(corpus, self._made, split=split, references="video", word_split=words))

    def check_avatar(self, avatar: NDArray[np.uint8], name: str) -> None:
        """Refuses a picture in which the pose estimator finds nobody who faces the camera.

        Args:
            avatar: uint8 ``(H, W, 3)``.
            name: the picture's, for the message.

        Raises:
            UnfitPictureError: it finds nobody.
        """
        height, width = avatar.shape[:2]
        check_person(self._generator.moving.estimated(avatar[None], name), height / width, name)

    def say(
        self, text: str, out: Path, *, avatar: NDArray[np.uint8] | None = None, seed: int = 0, progress: Progress = silent
    ) -> Said:
        """Makes the video of a word's sign.

        Args:
            text: a word or a short phrase, in Russian or English.
            out: a new file: ``.mp4`` for people, ``.mkv`` without loss.
            avatar: the person to show, uint8 ``(H, W, 3)``; None: the generator's, else the person in the recording.
            seed: of the noise that the video is made from.
            progress: called with what is done, and how much of it; often, so that what it raises soon ends the work.

        Raises:
            UnfitPictureError: nobody in the avatar faces the camera.
            InputError: the text has no word or is too long, or the file exists or cannot be written.
        """
        word = checked(text)
        if out.suffix.lower() not in (".mp4", _LOSSLESS):
            raise InputError(f"{out} is neither an .mp4 nor an .mkv file; choose another `out`.")
        if out.exists():
            raise InputError(f"{out} exists; choose another `out`.")
        if avatar is not None:
            self.check_avatar(avatar, "the avatar")
        self._generator.moving.progress = progress
        try:
            progress("finding the sign", 0, 1)
            (made,) = self._generator.generate([Prompt(clip="said", made=self._made, word=word, source_image=avatar)], [seed])
            if made.frames is None or made.details is None:
                raise AssertionError("RuSignBot makes frames, and says what it found")
            progress("finding the sign", 1, 1)
            frames = write_video(out, _counted(made.frames, progress), made.fps, lossless=out.suffix.lower() == _LOSSLESS)
        finally:
            self._generator.moving.progress = silent
        found = made.details
        return Said(out, frames, made.fps, str(found["gloss"]), str(found["way"]), float(found["score"]), str(found["clip"]))


def checked(text: str) -> str:
    """A user's text, with single spaces.

    Raises:
        InputError: it has no letters or digits, or is too long.
    """
    kept = " ".join(text.split())
    if not plain(kept):
        raise InputError("there is no word to sign; write one, such as water.")
    if len(kept) > MOST_LETTERS:
        raise InputError(f"the text has {len(kept)} letters, and at most {MOST_LETTERS} are signed; write one word.")
    return kept


def _counted(frames: Iterator[NDArray[np.uint8]], progress: Progress) -> Iterator[NDArray[np.uint8]]:
    for number, frame in enumerate(frames, start=1):
        progress("writing frames", number, number)
        yield frame
