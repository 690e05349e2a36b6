"""Sign-language corpora: clips with their texts, glosses and media, read lazily."""
