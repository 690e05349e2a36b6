"""SynthSign, the built-in corpus: a small artificial sign language, for testing signbench."""

from signbench.corpora.synthsign.corpus import SynthSign
from signbench.corpora.synthsign.export import export
from signbench.corpora.synthsign.sentences import Sentence

__all__ = ["Sentence", "SynthSign", "export"]
