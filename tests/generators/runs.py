"""Running generators on the small corpus as a run of a task does."""

from __future__ import annotations

from signbench.generators.base import Anchor, clip_seed
from signbench.generators.producing import produce
from signbench.generators.registry import create
from signbench.generators.training import References, TrainView, prompt_of
from signbench.predictions.manifest import merge
from tests.generators.corpora import SmallCorpus

TASK, SEED = "small/task", 5


def prepared(generator, made, split="test", references=None, corpus=None):
    """A generator that is ready for its first prompt."""
    corpus = corpus or SmallCorpus()
    generator = create(generator) if isinstance(generator, str) else generator
    references = references or made.modality
    if isinstance(generator, Anchor):
        generator.see(References(corpus, corpus.ids(split), references=references, task=TASK, seed=SEED))
    generator.prepare(TrainView.of_task(corpus, made, split=split, references=references))
    return generator


def prompts(made, given, split="test", references=None, clips=None):
    """The prompts of a split's clips by id."""
    corpus = SmallCorpus()
    return {
        name: prompt_of(corpus.clip(name), made, given, references=references or made.modality)
        for name in (clips if clips is not None else corpus.ids(split))
    }


def run(generator, made, given, folder, *, split="test", references=None, clips=None, ranks=1, finish=True):
    """Makes the productions of a split as several processes would, one after the other; returns the outcome of each."""
    found = prompts(made, given, split, references, clips)
    names = list(found)
    outcomes = []
    for rank in range(ranks):
        ready = prepared(generator, made, split, references)
        outcomes.append(produce(ready, names[rank::ranks], found.__getitem__, folder=folder, task=TASK, seed=SEED, rank=rank))
    if finish:
        merge(folder)
    return outcomes


def productions(generator, made, given, **options):
    """Clip id -> production, its frames as a list."""
    found = prompts(made, given, **{key: value for key, value in options.items() if key != "corpus"})
    ready = prepared(generator, made, options.get("split", "test"), options.get("references"), options.get("corpus"))
    made_of = ready.generate(list(found.values()), [clip_seed(TASK, SEED, name) for name in found])
    return {each.clip: list(each.frames) if each.frames is not None else each.pose for each in made_of}
