"""Speed of generating SynthSign's clips: frames per second on one core, including the pixels."""

from __future__ import annotations

import time

from benchmarks.measurement import Row

_CLIPS = 12


def rows(clips: int = _CLIPS) -> list[Row]:
    """One row for the plan of all sentences and words, and one for each rendering at 128 pixels.

    Args:
        clips: number of clips of the test split to generate.
    """
    from signbench.corpora.synthsign import SynthSign
    from signbench.corpora.synthsign.performances import RENDERINGS

    begun = time.process_time()
    corpus = SynthSign(seed=1)
    ids = corpus.ids("test")[:clips]
    planned = time.process_time() - begun
    found = [Row("SynthSign: the plan of all clips", planned, "s", "<= 2", f"{len(ids)} clips are measured below")]
    for take, rendering in enumerate(RENDERINGS):
        # another take each time, so that no body is cached
        begun = time.process_time()
        frames = sum(1 for clip in ids for _ in corpus.frames(clip, take, 128, rendering))
        rate = frames / (time.process_time() - begun)
        bound = ">= 150" if rendering == "video" else ""
        found.append(Row(f"SynthSign: {rendering}, 128 px, one core", rate, "frames/s", bound, f"{1000 / rate:.2f} ms a frame"))
    return found
