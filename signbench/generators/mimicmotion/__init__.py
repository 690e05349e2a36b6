"""The generator MimicMotion: a picture of a person moves as key points say, by video diffusion."""
