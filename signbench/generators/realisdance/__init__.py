"""RealisDance (Zhou et al. 2024) on Stable Diffusion 1.5: the third stage of SignAligner."""
