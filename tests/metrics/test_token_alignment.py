"""Edit distance and longest common subsequence against brute force, and the order in which ties are broken."""

from functools import cache
from itertools import combinations, product

import pytest

from signbench.metrics.token_alignment import EditCosts, edit_counts, longest_common_subsequence

UNIT = EditCosts(1, 1, 1, True)
SIGNJOEY = EditCosts(4, 3, 3, True)
CORRNET = EditCosts(4, 3, 3, False)
WORDS = [word for length in range(5) for word in product("ab", repeat=length)] + list(product("abc", repeat=4))


def cheapest(prediction, reference, costs):
    """The lowest cost of any alignment, by recursion over all of them."""

    @cache
    def cost(made, there):
        if not made or not there:
            return len(made) * costs.insertion + len(there) * costs.deletion
        pair = 0 if made[-1] == there[-1] else costs.substitution
        return min(
            cost(made[:-1], there[:-1]) + pair, cost(made[:-1], there) + costs.insertion, cost(made, there[:-1]) + costs.deletion
        )

    return cost(tuple(prediction), tuple(reference))


@pytest.mark.parametrize("costs", [UNIT, SIGNJOEY, CORRNET, EditCosts(3, 2, 4, True)])
def test_the_alignment_is_the_cheapest_and_its_counts_add_up(costs):
    for prediction, reference in product(WORDS[::2], WORDS[::3]):
        found = edit_counts(prediction, reference, costs)
        paid = found.substitutions * costs.substitution + found.deletions * costs.deletion + found.insertions * costs.insertion
        assert paid == cheapest(prediction, reference, costs)
        assert len(prediction) - len(reference) == found.insertions - found.deletions


@pytest.mark.parametrize(
    ("prediction", "reference", "costs", "expected"),
    [
        ("", "", UNIT, (0, 0, 0)),
        ("", "abc", UNIT, (0, 3, 0)),
        ("abc", "", UNIT, (0, 0, 3)),
        ("xbc", "abc", UNIT, (1, 0, 0)),
        ("ab", "ba", UNIT, (2, 0, 0)),  # and not one deletion and one insertion
        ("ab", "ba", SIGNJOEY, (0, 1, 1)),  # 6 instead of 8
        # Both cost 15, and differ in their number of errors: walking back, the one takes an insertion first, the other a deletion.
        ("abba", "cccab", SIGNJOEY, (0, 3, 2)),
        ("abba", "cccab", CORRNET, (3, 1, 0)),
    ],
)
def test_operations_are_those_worked_out_by_hand(prediction, reference, costs, expected):
    assert edit_counts(prediction, reference, costs) == expected


def test_lengths_beyond_a_byte_do_not_wrap_around():
    words = [str(number) for number in range(1000)]
    assert edit_counts([], words, SIGNJOEY) == (0, 1000, 0)
    assert edit_counts(["x"] * 1000, words, SIGNJOEY) == (1000, 0, 0)
    assert edit_counts(words, words[::-1], UNIT).substitutions > 900


def test_the_longest_common_subsequence_is_that_of_all_subsequences():
    for prediction, reference in product(WORDS[::2], WORDS[::3]):
        parts = {part for size in range(len(prediction) + 1) for part in combinations(prediction, size)}
        others = {part for size in range(len(reference) + 1) for part in combinations(reference, size)}
        assert longest_common_subsequence(prediction, reference) == max(len(part) for part in parts & others)
