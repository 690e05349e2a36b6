"""Plain torch: layers, decoders and searches that several models share. Nothing here depends on signbench's interfaces."""
