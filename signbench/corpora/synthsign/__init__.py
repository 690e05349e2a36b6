"""SynthSign, the built-in corpus: a small sign language made by a program, for trying signbench out."""

from signbench.corpora.synthsign.corpus import SynthSign
from signbench.corpora.synthsign.export import export
from signbench.corpora.synthsign.sentences import Sentence

__all__ = ["Sentence", "SynthSign", "export"]
