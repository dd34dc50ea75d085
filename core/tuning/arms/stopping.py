"""When to stop adding arms."""

from collections.abc import Sequence

LEAST_GAIN = 0.005
"""A smaller gain of the figure is none."""


def has_stalled(history: Sequence[float | None], patience: int) -> bool:
    """Whether the newest arms brought nothing over the best one before them.

    Args:
        history: the figure of every arm so far, the base first; None where it is not known.
        patience: how many arms in a row may bring no gain; with 0 nothing stops.

    Returns:
        Never True while one of these arms is unknown, or nothing before them is known.
    """
    if patience < 1 or len(history) <= patience:
        return False
    before = [value for value in history[:-patience] if value is not None]
    newest = [value for value in history[-patience:] if value is not None]
    if not before or len(newest) < patience:
        return False
    return max(newest) < max(before) + LEAST_GAIN - 1e-12
