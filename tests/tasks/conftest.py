import pytest

from signbench.corpora import registry
from signbench.errors import InputError
from tests.tasks.tiny import TinyCorpus


@pytest.fixture
def tiny_corpus(monkeypatch):
    """The tiny corpus, and no other, under its name."""
    corpus = TinyCorpus()

    def named(name, root=None):
        if name != corpus.name:
            raise InputError(f"there is no corpus {name}.")
        return corpus

    monkeypatch.setattr(registry, "known", lambda: [corpus.name])
    monkeypatch.setattr(registry, "corpus", named)
    return corpus
