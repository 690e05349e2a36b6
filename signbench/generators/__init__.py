"""Whatever turns prompts into signing: the contract, the trivial generators, and the folder that productions are written to."""
