"""Computes scores from judgements: accuracies, intervals, tests, and the result document."""
