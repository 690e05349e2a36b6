"""SignAvatar: a conditional variational transformer that turns a word, or a picture, into motion."""
