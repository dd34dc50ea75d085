"""Seeded choices that stay the same on every Python version.

Only `random.Random.random` is used: its sequence for a seed is promised to stay, which the other
methods do not promise.
"""

import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Dice:
    """A seeded source of choices.

    Args:
        seed: equal seeds give equal sequences.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def chance(self, probability: float) -> bool:
        """Whether an event of this probability happens."""
        return self._random.random() < probability

    def number(self, low: int, high: int) -> int:
        """An integer between `low` and `high`, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def pick(self, items: Sequence[Item]) -> Item:
        """One of `items`, each equally likely."""
        return items[int(self._random.random() * len(items))]

    def weighted(self, weights: Mapping[str, float]) -> str:
        """A key of `weights`, likely in proportion to its weight."""
        point = self._random.random() * sum(weights.values())
        for name, weight in weights.items():
            point -= weight
            if point < 0:
                return name
        return next(reversed(list(weights)))

    def several(self, items: Sequence[Item], count: int) -> list[Item]:
        """`count` different items in random order, or all of them when there are fewer."""
        return self.shuffled(items)[:count]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """The items in random order."""
        result = list(items)
        for index in range(len(result) - 1, 0, -1):
            other = int(self._random.random() * (index + 1))
            result[index], result[other] = result[other], result[index]
        return result
