"""How a training part is changed, and what came of it."""

from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from core.dataset.documents import Dataset

Rows = npt.NDArray[np.intp]

MOST_GROWTH = 5.0
"""Most copies that ML-ROS may be asked for, as a share of the documents."""
TITLE = "Cannot oversample"


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """How a training part is changed; an empty recipe changes nothing.

    The steps follow each other in this order: leave out, repeat, clone, shuffle.
    """

    targets: dict[str, int] = {}
    """Positives wanted by label, reached by repeating documents."""
    distinct: dict[str, int] = {}
    """Most distinct positives kept, by label; the label's other positives are left out."""
    growth: float = 0.0
    """Copies that ML-ROS adds, as a share of the documents it is given; 0 for none."""
    is_shuffled: bool = False
    """Documents in an order drawn from the seed, instead of source order and then the copies."""
    seed: int = 0
    """The same seed gives the same documents; 0 or above."""


@dataclass(frozen=True)
class Resampled:
    """A training part after a recipe."""

    dataset: Dataset
    """Kept documents in their order, then the copies: ids ``<id>#copy1``, origins set."""
    rows: Rows
    """intp (n_documents,): position in the training part of each document of `dataset`."""
    added: int
    """Number of copies."""
    removed: int
    """Number of documents left out."""
    before: dict[str, int]
    """Positives of every label as the training part was."""
    after: dict[str, int]
    """Positives of every label in `dataset`, copies included."""
    distinct: dict[str, int]
    """Positives of every label in `dataset` without copies."""
