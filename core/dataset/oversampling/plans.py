"""What arms a sweep is asked for, and the arms that are planned for it."""

from typing import Literal

import msgspec

from core.dataset.oversampling.recipe import Recipe

DEFAULT_POSITIVES = (10, 25, 50, 100, 200, 500)
"""Positives of the chosen labels in the arms of a sweep, unless others are asked for."""
MOST_ARMS = 60
"""Most arms of one sweep, the base and all replicates included: each is a paid training."""
MOST_REPLICATES = 10

Kind = Literal["base", "distinct", "repeats", "mixed", "repeats-from", "ml-ros"]


class ArmsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The arms of a sweep; exactly one of positives, factors, ratios and growths is given."""

    labels: tuple[str, ...] = ()
    """Labels to raise together; may be empty only with `growths`, which raise every rare label."""
    positives: tuple[int, ...] = ()
    """Positives of each chosen label: below what is there drawn, above it repeated."""
    factors: tuple[float, ...] = ()
    """Positives as a multiple of those that are there, above 1."""
    ratios: tuple[float, ...] = ()
    """Positives as a share of those of the commonest label as it is (1 / IRLbl), in (0, 1]."""
    growths: tuple[float, ...] = ()
    """ML-ROS: copies as a share of the documents, in (0, 5]."""
    repeat_from: int | None = None
    """With `positives`: further arms that repeat so many distinct positives to each larger one."""
    replicates: int = 1
    """Trainings of every arm, each with a seed of its own; 1 to 10."""
    seed: int = 0
    """Seed of the first replicate; replicate k has this plus k - 1."""


class PlannedArm(msgspec.Struct, frozen=True, kw_only=True):
    """One arm of a sweep, once."""

    id: str
    """``base``, ``n500``, ``n500-from10``, ``x2.5``, ``ratio0.1``, ``ros25``; then ``-2`` …"""
    group: str
    """The id without the number of the replicate."""
    kind: Kind
    """What happens to the chosen labels; mixed: some are drawn from, some repeated."""
    amount: float
    """Positives, factor, ratio or growth; 0 for the base."""
    replicate: int
    """From 1."""
    recipe: Recipe
