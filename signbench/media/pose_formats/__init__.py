"""Key-point files, one module per family of formats."""
