"""SignAligner: key points, hands and body of a sentence, generated together and corrected by each other."""
