"""The corpus: its clips, and handles of their media."""

from __future__ import annotations

from signbench.corpora.clip import Clip
from signbench.corpora.synthsign.performances import INSTANCES, PLAN, POSE_SIZE, RENDERINGS, SENTENCES, UNCUT, Performances
from signbench.corpora.synthsign.randomness import Choices
from signbench.corpora.synthsign.recordings import SynthSignMotion, SynthSignPose, SynthSignVideo
from signbench.corpora.synthsign.russian import RUSSIAN
from signbench.errors import InputError, nearest

SUBSETS = {"word30-train": "word-train", "word30-test": "word-test"}
"""The splits of the 30-sign subset, whose clips are also in the other splits."""

SAMPLES = {"word-sample": ("word-test", 100)}
"""Splits of drawn signs with one clip of each: the split that has these clips as well, and the number of signs."""

SPLITS = (*SENTENCES, *INSTANCES, *SUBSETS, *UNCUT, *SAMPLES)


class SynthSign(Performances):
    """A small artificial sign language, performed by a program: a test corpus, not one for research on signing.

    Everything follows from the version and the seed; nothing is stored. Plans and bodies are computed on first use.

    Attributes:
        name: ``synthsign``.
        version: rises when clips change. Texts, signers and variation have not changed since 1.0.
        licence: the licence of the clips.
        splits: names of the splits.
        fps: frames per second of all clips.
        translations: gloss -> words of another language, here Russian.
        seed: selects one of the corpora of this version.
        size: height and width in pixels of the videos that :meth:`clip` returns.
    """

    name = "synthsign"
    version = "1.1"
    licence = "CC0-1.0"
    splits = SPLITS
    translations = RUSSIAN

    def __reduce__(self) -> tuple[type[SynthSign], tuple[int, int]]:
        return SynthSign, (self.seed, self.size)

    def ids(self, split: str) -> list[str]:
        """Ids of a split's clips, such as ``test-0001`` or ``word-test-0001``, in order.

        Raises:
            InputError: there is no such split.
        """
        if split not in SPLITS:
            raise InputError(f"SynthSign has no split {split}. {nearest(split, SPLITS)}")
        if split in SUBSETS:
            return [clip for clip in self.ids(SUBSETS[split]) if self.planned[clip].gloss[0] in self.thirty_signs]
        if split in SAMPLES:
            return self._sampled(*SAMPLES[split])
        return [clip for clip in self.planned if clip.rpartition("-")[0] == split]

    def clip(self, clip_id: str, take: int = 0) -> Clip:
        """A clip with handles of its media, which render when they are read.

        Args:
            clip_id: of the clip.
            take: number of the performance of the sentence by the same signer; 0 is the reference.

        Raises:
            InputError: there is no such clip.
        """
        sentence = self.sentence(clip_id)
        return Clip(
            clip_id,
            video=SynthSignVideo(self.seed, clip_id, take, self.size),
            pose=SynthSignPose(self.seed, clip_id, take, POSE_SIZE),
            split=clip_id.rpartition("-")[0],
            signer=sentence.signer,
            text=sentence.text,
            gloss=sentence.gloss,
            fps=self.fps,
            other_signer=self.other_signer(clip_id),
            renderings={name: SynthSignVideo(self.seed, clip_id, take, self.size, name) for name in RENDERINGS if name != "video"},
            motion=SynthSignMotion(self.seed, clip_id, take, POSE_SIZE),
        )

    def _sampled(self, split: str, count: int) -> list[str]:
        """One clip of each of some signs; the corpus's seed draws both."""
        clips: dict[str, list[str]] = {}
        for clip in self.ids(split):
            clips.setdefault(self.planned[clip].gloss[0], []).append(clip)
        signs = Choices(PLAN, self.seed, "sample").shuffled(list(clips))[:count]
        return sorted(Choices(PLAN, self.seed, "sample", gloss).one(clips[gloss]) for gloss in signs)
