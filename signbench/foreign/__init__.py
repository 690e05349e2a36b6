"""Code that is not signbench's own: what it may do, and what is put back after it."""
