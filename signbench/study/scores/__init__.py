"""From judgements to numbers: accuracies, their intervals and tests, and the result that holds them."""
