"""Before a study: how large it has to be, and the packs, videos and blank sheets that it starts with."""
