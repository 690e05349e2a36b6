"""Pose-guided motion: a picture of a signer moves as in a driving video (PGMM), with the model that it extends (TPSMM)."""
