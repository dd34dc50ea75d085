"""Items, such as texts, as rows of counts of the names they are made of, such as their words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Analyzer:
    """A fixed way to take an item apart."""

    name: str
    """What it finds, such as "words"."""
    rules: str
    """Everything that its results depend on; kept counts of other rules are not used."""
    split: Callable[[str], list[str]]
    """The names in an item; a name holds no line feed."""


@dataclass(frozen=True)
class Counted:
    """Counts of items; the same items in the same order always give the same arrays."""

    names: list[str]
    """Every name that occurs, sorted."""
    matrix: Any
    """float32 CSR (n_items, n_names): how often; places in a row ascend."""


Count = Callable[[Sequence[str], Analyzer], Counted]


def count_anew(items: Sequence[str], analyzer: Analyzer) -> Counted:
    """Take every item apart and count."""
    from scipy import sparse
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(analyzer=analyzer.split, dtype=np.float32)
    try:
        matrix = counter.fit_transform(items)
    except ValueError:  # scikit-learn's word for an empty vocabulary
        return Counted([], sparse.csr_matrix((len(items), 0), dtype=np.float32))
    matrix.sort_indices()
    return Counted(counter.get_feature_names_out().tolist(), matrix)


def gathered(
    pieces: Sequence[Counted], piece_of: npt.NDArray[np.intp], row_of: npt.NDArray[np.intp]
) -> Counted:
    """Put rows of several pieces together, without the names that do not occur in them.

    Args:
        pieces: counts by the same analyzer.
        piece_of: intp (n_items,): the piece that holds each item.
        row_of: intp (n_items,): the item's row in it.
    """
    from scipy import sparse

    names, matrices = _with_common_names(pieces)
    starts = np.cumsum([0, *(matrix.shape[0] for matrix in matrices)])
    stacked = matrices[0] if len(matrices) == 1 else sparse.vstack(matrices, format="csr")
    chosen = stacked[starts[piece_of] + row_of]
    is_used = np.zeros(len(names), np.bool_)
    is_used[chosen.indices] = True
    if is_used.all():
        return Counted(names, chosen)
    place = (np.cumsum(is_used) - 1).astype(np.int32)
    kept = [names[position] for position in np.flatnonzero(is_used).tolist()]
    matrix = sparse.csr_matrix(
        (chosen.data, place[chosen.indices], chosen.indptr), shape=(len(row_of), len(kept))
    )
    return Counted(kept, matrix)


def _with_common_names(pieces: Sequence[Counted]) -> tuple[list[str], list[Any]]:
    """The names of all pieces, sorted, and the pieces' matrices over them."""
    from scipy import sparse

    if len(pieces) == 1:
        return pieces[0].names, [pieces[0].matrix]
    names = sorted(set().union(*(piece.names for piece in pieces)))
    position = {name: number for number, name in enumerate(names)}
    matrices = []
    for piece in pieces:
        place = np.array([position[name] for name in piece.names], np.int32)
        matrix = piece.matrix
        matrices.append(
            sparse.csr_matrix(
                (matrix.data, place[matrix.indices], matrix.indptr),
                shape=(matrix.shape[0], len(names)),
            )
        )
    return names, matrices
