"""The nearest-neighbour recogniser: the judge that needs no training."""
