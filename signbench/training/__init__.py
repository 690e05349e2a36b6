"""The trainer: recipes, data, the loop, checkpoints and logs. Each model contributes its data, its losses and its answers."""
