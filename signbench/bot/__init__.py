"""RuSignBot as a bot that people write to: words in, videos back, and answers of human studies."""
