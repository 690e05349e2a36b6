"""The videos of a report: for each shown clip the recording, the reference and every run's production, with curves under them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.clip import Clip
from signbench.errors import SignbenchError, in_flags
from signbench.media.pose import Pose
from signbench.media.video_writer import write_video
from signbench.progress import Progress, silent
from signbench.report import frames
from signbench.report.found_points import FoundPoints, drawn_over
from signbench.report.sources import Sources
from signbench.runs.measured_run import MeasuredRun
from signbench.scoring.views import ClipViews

FOLDER = "videos"
_SHOWN_STRETCH = 0.05
Kind = Literal["source", "recording", "driving", "reference", "production"]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One picture of a player.

    Attributes:
        kind: what it shows.
        label: its heading.
        file: path of the video relative to the page, or None.
        frames: number of frames of the video.
        size: height and width of the video in pixels.
        note: why there is no video, or what should be known of it.
        run: index of the run whose production it shows, or None.
        points: path of a video of the key points that a judge found in it, on black, which can be laid over it; or None.
    """

    kind: Kind
    label: str
    file: str | None = None
    frames: int = 0
    size: tuple[int, int] = (1, 1)
    note: str | None = None
    run: int | None = None
    points: str | None = None


@dataclass(kw_only=True)
class Player:
    """A shown clip.

    Attributes:
        clip: its id.
        number: of the player on the page.
        fps: frames per second of its videos.
        panels: its pictures, from left to right.
        points: path of the video of the reference's key points on black, which can be laid over the others; or None.
        judge: name of the judge that found key points in the videos; empty if none did.
        curves: for each run with a production its curves.
        text: the spoken-language sentence or word, or None.
        gloss: the glosses.
        signer: who signs, or None.
    """

    clip: str
    number: int
    fps: float = 25.0
    panels: list[Panel] = field(default_factory=list)
    points: str | None = None
    judge: str = ""
    curves: dict[int, list[frames.Curve]] = field(default_factory=dict)
    text: str | None = None
    gloss: tuple[str, ...] = ()
    signer: str | None = None

    def as_json(self) -> dict[str, Any]:
        """What the page's script needs."""
        curves = {
            run: [{"name": curve.name, "unit": curve.unit, "values": curve.values} for curve in found]
            for run, found in self.curves.items()
        }
        return {"fps": self.fps, "frames": max((panel.frames for panel in self.panels), default=0), "curves": curves}


def players(
    runs: Sequence[tuple[MeasuredRun, str]],
    sources: Sequence[Sources],
    clips: Sequence[str],
    folder: Path,
    progress: Progress = silent,
    *,
    found: Sequence[FoundPoints] = (),
) -> list[Player]:
    """Writes the videos of clips.

    Files are numbered, so that no path is derived from a clip's id. What cannot be shown is a sentence in its picture.

    Args:
        runs: the runs, each with the name under which its productions are shown.
        sources: the clips behind each run.
        clips: ids of the clips to show.
        folder: of the page; a folder ``videos`` is created in it.
        progress: called with the number of clips done.
        found: of each run, the key points that its judge found; empty: none.
    """
    (folder / FOLDER).mkdir()
    made = []
    for number, clip in enumerate(clips, start=1):
        progress("videos", number - 1, len(clips))
        made.append(_Writer(runs, sources, clip, number, folder, found).player())
    return made


class _Writer:
    """Writes the videos of one clip."""

    def __init__(
        self,
        runs: Sequence[tuple[MeasuredRun, str]],
        sources: Sequence[Sources],
        clip: str,
        number: int,
        folder: Path,
        found: Sequence[FoundPoints],
    ) -> None:
        self.runs, self.sources, self.clip, self.number, self.folder = runs, sources, clip, number, folder
        self.found = {index: each.of_clip[clip] for index, each in enumerate(found) if clip in each.of_clip}
        self.judges = [each.judge for each in found]
        annotated = self._first(lambda found: found.annotated)
        self.annotated = annotated or Clip(clip)
        self.made = Player(
            clip=clip, number=number, text=self.annotated.text, gloss=self.annotated.gloss, signer=self.annotated.signer
        )

    def player(self) -> Player:
        """The clip's player."""
        reference = self._first(lambda found: found.references)
        if reference is None:
            self.made.panels.append(Panel(kind="reference", label="reference", note="The reference could not be found."))
            reference = Clip(self.clip)
        video = reference.video is not None
        protocol = self.runs[0][0].plan.protocol
        drawing: list[frames.Drawing] = []
        if video or reference.pose is not None:
            alone = ClipViews(reference, reference, protocol)
            try:
                self.made.fps = float(frames.fps_of(alone, video=video))
                self._context(reference, alone)
            except (SignbenchError, OSError) as error:
                self.made.panels.append(Panel(kind="recording", label="recording", note=_said(error)))
            self.made.panels.append(
                self._panel("reference", "reference", "reference", lambda: self._reference(alone, video=video, drawing=drawing))
            )
            if not video:
                self.made.points = self.made.panels[-1].file
            elif self.found:
                index = min(self.found)
                self.made.judge = self.judges[index]
                self.made.panels[-1] = self._with_points(self.made.panels[-1], self.found[index].reference, "reference")
        for index, ((run, label), found) in enumerate(zip(self.runs, self.sources, strict=True)):
            self._production(index, run, label, reference, found, drawing)
        return self.made

    def _first(self, of: Callable[[Sources], Mapping[str, Clip]]) -> Clip | None:
        return next((clip for found in self.sources if (clip := of(found).get(self.clip)) is not None), None)

    def _context(self, reference: Clip, alone: ClipViews) -> None:
        """What is not compared, but helps to understand: source image, recording, driving video, key points to lay over videos."""
        if (source := self.sources[0].source_of(self.clip)) is not None:
            self.made.panels.append(self._panel("source", "source image", "source", lambda: frames.first_picture(source)))
        recorded = self.annotated.video
        given = self.sources[0].task.given if self.sources[0].task is not None else ()
        if recorded is not None and recorded is not reference.video:
            driving = "driving_video" in given or "driving_pose" in given
            kind: Kind = "driving" if driving else "recording"
            self.made.panels.append(
                self._panel(
                    kind, "driving" if driving else "recording", "recording", lambda: frames.plain_frames(recorded, alone.protocol)
                )
            )
        points = self.annotated.renderings.get("pose")
        if reference.video is not None and points is not None and points is not reference.video:
            self.made.points = self._panel(
                "reference", "key points", "points", lambda: frames.plain_frames(points, alone.protocol)
            ).file

    def _reference(self, alone: ClipViews, *, video: bool, drawing: list[frames.Drawing]) -> Iterator[NDArray[np.uint8]]:
        if video:
            return frames.video_frames(alone, "reference")
        pose = alone.pose_pair(paired=False).reference
        drawing.append(frames.Drawing.of(pose))
        return drawing[0].draw(pose, "reference")

    def _production(
        self,
        index: int,
        run: MeasuredRun,
        label: str,
        reference: Clip,
        found: Sources,
        drawing: Sequence[frames.Drawing],
    ) -> None:
        """The picture and the curves of one run's production."""
        production = found.predictions.get(self.clip)
        if production is None:
            reasons = [item.reason for score in run.result.scores for item in score.missing if item.clip == self.clip]
            note = f"No production: {reasons[0]}" if reasons else "No production."
            self.made.panels.append(Panel(kind="production", label=label, note=note, run=index))
            return
        views = ClipViews(reference, production, run.plan.protocol)
        name = f"run-{index + 1}"
        if reference.video is not None:
            panel = self._panel("production", label, name, lambda: frames.video_frames(views, "prediction"), index)
            curves: Callable[[], list[frames.Curve]] = partial(frames.image_curves, views)
        elif drawing:
            paired = run.plan.protocol.frames == "resample"

            def drawn() -> Iterator[NDArray[np.uint8]]:
                pair = views.pose_pair(paired=paired)
                return drawing[0].draw(pair.paired_prediction if paired else pair.prediction, "prediction")

            panel = self._panel("production", label, name, drawn, index)

            def curves() -> list[frames.Curve]:
                pair = views.pose_pair(paired=True)
                return [frames.joint_curve(pair.paired_reference, pair.paired_prediction)]
        else:
            return
        if panel.file is not None:
            if run.plan.protocol.frames == "resample" and (seconds := _own_seconds(run, self.clip)) is not None:
                panel = replace(panel, note=f"stretched from {seconds:.1f} s")
            if index in self.found and self.judges[index] == self.made.judge:
                panel = self._with_points(panel, self.found[index].production, name)
            try:
                self.made.curves[index] = curves()
            except (SignbenchError, OSError) as error:
                panel = replace(panel, note=f"No curve: {_said(error)}")
        self.made.panels.append(panel)

    def _with_points(self, panel: Panel, pose: Pose, name: str) -> Panel:
        """A picture with the key points that were found in it; without them if they cannot be drawn."""
        if panel.file is None:
            return panel
        file = f"{FOLDER}/{self.number:03}-{name}-found.mp4"
        try:
            write_video(self.folder / file, drawn_over(pose, panel.size, panel.frames), self.made.fps, lossless=False)
        except (SignbenchError, OSError):
            return panel
        return replace(panel, points=file)

    def _panel(
        self, kind: Kind, label: str, name: str, pictures: Callable[[], Iterator[NDArray[np.uint8]]], run: int | None = None
    ) -> Panel:
        """A picture with its video, or with the reason why there is none."""
        file = f"{FOLDER}/{self.number:03}-{name}.mp4"
        size = [1, 1]

        def watched() -> Iterator[NDArray[np.uint8]]:
            for some in pictures():
                size[:] = some.shape[-3:-1]
                yield some

        try:
            count = write_video(self.folder / file, watched(), self.made.fps, lossless=False)
        except (SignbenchError, OSError) as error:
            return Panel(kind=kind, label=label, note=_said(error), run=run)
        return Panel(kind=kind, label=label, file=file, frames=count, size=(size[0], size[1]), run=run)


def _own_seconds(run: MeasuredRun, clip: str) -> float | None:
    """The duration of a production, if it differs from that of its reference by more than a frame or so."""
    row = run.store.row(clip)
    for pair in row.lengths.values() if row is not None else ():
        ours, theirs = pair.prediction_seconds, pair.reference_seconds
        if ours is not None and theirs is not None and abs(ours - theirs) >= _SHOWN_STRETCH:
            return ours
    return None


def _said(error: Exception) -> str:
    return in_flags(str(error))
