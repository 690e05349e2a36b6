"""Plain torch: layers, decoders and searches that several models share. Nothing here knows signbench's contracts."""
