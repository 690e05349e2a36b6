"""How sure a score is: the bootstrap, the jackknife, and the choice between them."""
