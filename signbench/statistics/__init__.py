"""The uncertainty of a score: the bootstrap, the jackknife, and the choice between them."""
