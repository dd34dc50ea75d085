"""The wanted shares of a split, the names of its parts, and shares turned into whole rows."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.text import plural, printable

FloatVector = npt.NDArray[np.float64]
IntVector = npt.NDArray[np.int64]

_TITLE = "Cannot split"
_EXAMPLES = "write them like 70/10/20 (train/calibration/test) or 80/20 (train/test)"
_MOST_PARTS = 127
_ROUNDING = 1e-9


def parse_ratios(text: str) -> tuple[float, ...]:
    """Read shares such as ``70/10/20`` or ``0.8/0.2``; return fractions that add up to 1.

    Raises:
        InvalidInput: not two or three positive numbers, or they do not add up to 100 (or 1).
    """
    shown = printable(text, 60)
    try:
        numbers = [float(piece) for piece in text.split("/")]
    except ValueError:
        raise InvalidInput(_TITLE, f"the ratios {shown!r} are not numbers", _EXAMPLES) from None
    if len(numbers) not in (2, 3):
        raise InvalidInput(_TITLE, f"the ratios {shown!r} do not name 2 or 3 parts", _EXAMPLES)
    if not all(math.isfinite(number) and number > 0 for number in numbers):
        raise InvalidInput(_TITLE, f"every ratio in {shown!r} must be above 0", _EXAMPLES)
    total = math.fsum(numbers)
    if not any(math.isclose(total, whole, rel_tol=1e-6) for whole in (100.0, 1.0)):
        message = f"the ratios {shown!r} add up to {total:g}, not to 100"
        raise InvalidInput(_TITLE, message, _EXAMPLES)
    return tuple(number / total for number in numbers)


def part_names_for(ratios: Sequence[float]) -> tuple[str, ...]:
    """Return the part names that belong to 2 or 3 ratios, in the order of the ratios.

    Raises:
        InvalidInput: the ratios name another number of parts.
    """
    if len(ratios) == 2:
        return ("train", "test")
    if len(ratios) == 3:
        return ("train", "calibration", "test")
    message = f"a split has 2 or 3 parts, not {len(ratios)}"
    raise InvalidInput(_TITLE, message, _EXAMPLES)


def checked_shares(ratios: Sequence[float]) -> FloatVector:
    """float64 (n_parts,): `ratios` divided by their sum.

    Raises:
        InvalidInput: fewer than 2 or more than 127 ratios, or one that is not above 0.
    """
    shares: FloatVector = np.asarray(ratios, dtype=np.float64)
    if shares.ndim != 1 or not 2 <= len(shares) <= _MOST_PARTS:
        message = f"a split needs 2 to {_MOST_PARTS} ratios, got {shares.size}"
        raise InvalidInput(_TITLE, message, _EXAMPLES)
    if not np.all(np.isfinite(shares) & (shares > 0)):
        raise InvalidInput(_TITLE, "every ratio must be a number above 0", _EXAMPLES)
    fractions: FloatVector = shares / shares.sum()
    return fractions


def whole_rows(wanted: FloatVector, total: int) -> IntVector:
    """int64 (n_parts,): `wanted` in whole rows that add up to `total`, each less than 1 row off.

    Largest remainders first (Hamilton); at equal remainders the earlier part gets the row.
    `wanted` must add up to `total`.
    """
    rows = np.floor(wanted + _ROUNDING).astype(np.int64)
    remainders = np.round(wanted - rows, 9)
    most_owed = np.argsort(-remainders, kind="stable")
    rows[most_owed[: total - int(rows.sum())]] += 1
    return rows


def part_sizes(n_documents: int, shares: FloatVector, ideal: IntVector | None = None) -> IntVector:
    """int64 (n_parts,): documents of each part, each less than 1 off its share.

    Args:
        n_documents: documents in all.
        shares: float64 (n_parts,): wanted shares, adding up to 1.
        ideal: int64 (n_parts,): sizes that would suit the labels best; of the sizes that are less
            than 1 off, those nearest to it are taken. None for the sizes nearest to the shares.

    Raises:
        InvalidInput: there are too few documents to give every part at least one.
    """
    wanted = shares * n_documents
    sizes = whole_rows(wanted, n_documents)
    least = np.floor(wanted + _ROUNDING).astype(np.int64)
    if ideal is not None and least.min() > 0:
        remainders = np.round(wanted - least, 9)
        may_grow = np.flatnonzero(remainders > 0)
        by_need = may_grow[np.lexsort((-remainders[may_grow], (least - ideal)[may_grow]))]
        sizes = least.copy()
        sizes[by_need[: n_documents - int(least.sum())]] += 1
    refuse_empty_parts(sizes, "use more documents, or larger ratios for the small parts")
    return sizes


def refuse_empty_parts(sizes: IntVector, hint: str) -> None:
    """Raise InvalidInput when a part has no document.

    Raises:
        InvalidInput: naming the first empty part.
    """
    empty = np.flatnonzero(sizes == 0)
    if len(empty):
        total = plural(int(sizes.sum()), "document")
        names = part_names_for(sizes.tolist()) if len(sizes) <= 3 else ()
        name = names[empty[0]] if names else f"number {empty[0] + 1}"
        raise InvalidInput(_TITLE, f"of {total}, none would be left for the part {name}", hint)
