"""RuSignBot: from a word of Russian or English to a video of its sign, shown by a person of the user's choice."""
