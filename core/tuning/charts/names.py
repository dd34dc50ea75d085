"""Where on a chart the name of each line may stand: beside its own line, clear of the others."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Cells = npt.NDArray[np.int64]


def place_names(
    width: int, height: int, lines: Sequence[tuple[str, Cells, Cells]]
) -> list[tuple[str, int, int, int]]:
    """Name, line number, cell column and cell row (from the bottom) of each name.

    A name goes to the row above or below its line where it is farthest from the other lines; over
    the line's own dots when no place is free. A line without dots gets no name.

    Args:
        width: of the canvas, in cells.
        height: of the canvas, in cells.
        lines: name, cell columns and cell rows of each line.
    """
    owner = np.full((height, width), -1)
    for number, (_, columns, rows) in enumerate(lines):
        owner[rows, columns] = number
    taken = owner >= 0
    placed = []
    for number in reversed(range(len(lines))):
        name, columns, rows = lines[number]
        if not len(columns) or len(name) + 2 > width:
            continue
        others = [
            np.stack([line[1], line[2]]) for place, line in enumerate(lines) if place != number
        ]
        column, row = _best_place(taken, len(name), columns, rows, np.concatenate(others, axis=1))
        taken[row, max(column - 1, 0) : column + len(name) + 1] = True
        placed.append((name, number, column, row))
    return placed


def _best_place(
    taken: npt.NDArray[np.bool_], length: int, columns: Cells, rows: Cells, others: Cells
) -> tuple[int, int]:
    height, width = taken.shape
    cells = np.unique(np.stack([columns, rows]), axis=1)
    beside = [(2, 0), (-length - 1, 0), (-(length // 2), 1), (-(length // 2), -1)]
    spots = np.concatenate([cells + np.array([step]).T for step in beside], axis=1)
    inside = (spots[1] >= 0) & (spots[1] < height) & (spots[0] >= 0) & (spots[0] <= width - length)
    spots = spots[:, inside]
    # Dots in a row up to each column, with a free column on both sides of the canvas.
    before = np.cumsum(np.pad(taken, ((0, 0), (2, 1))), axis=1)
    dots = before[spots[1], spots[0] + length + 2] - before[spots[1], spots[0]]
    spots = spots[:, dots == 0]
    if spots.shape[1]:
        farthest = int(np.argmax(_distance(spots, length, others)))
        return int(spots[0, farthest]), int(spots[1, farthest])
    middle = len(columns) // 2
    return min(max(int(columns[middle]), 0), width - length), int(rows[middle])


def _distance(spots: Cells, length: int, others: Cells) -> Cells:
    """Cells from a name at each spot to the nearest dot of another line; rows count twice."""
    if not others.shape[1]:
        return np.zeros(spots.shape[1], dtype=np.int64)
    lefts, rows = spots[0][:, None], spots[1][:, None]
    across = np.maximum(np.maximum(lefts - others[0], others[0] - lefts - length + 1), 0)
    nearest: Cells = (across + 2 * np.abs(others[1] - rows)).min(axis=1)
    return nearest
