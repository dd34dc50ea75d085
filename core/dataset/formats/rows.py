"""What every reader hands over: documents and numbered label sets, before rules are applied."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field


class LabelSets:
    """Distinct label sets, each numbered once, and the labels in order of first appearance."""

    def __init__(self, labels: Sequence[str] = ()) -> None:
        self._columns: dict[str, int] = {label: column for column, label in enumerate(labels)}
        self.members: list[tuple[int, ...]] = []
        self.has_repeats: list[bool] = []

    @property
    def labels(self) -> list[str]:
        """Label names, by column."""
        return list(self._columns)

    def add(self, names: Sequence[str]) -> int:
        """Number a label set given by names; a name given twice counts once and is marked."""
        columns = self._columns
        members = tuple(dict.fromkeys(columns.setdefault(name, len(columns)) for name in names))
        self.has_repeats.append(len(members) < len(names))
        self.members.append(members)
        return len(self.members) - 1


@dataclass
class Rows:
    """Documents as they were read."""

    sets: LabelSets = field(default_factory=LabelSets)
    """The label sets that `codes` number."""
    texts: list[str] = field(default_factory=list)
    """Text of each document."""
    codes: "array[int]" = field(default_factory=lambda: array("I"))
    """Number of each document's label set."""
    lines: "array[int]" = field(default_factory=lambda: array("Q"))
    """Physical line where each document begins, counted from 1."""
    ids: list[str] | None = None
    """Id cell of each document; None when there is no id column."""
    numbers: "array[int]" = field(default_factory=lambda: array("Q"))
    """Row number of each document in the source, counted from 1; kept when `ids` is None."""
    groups: list[str] | None = None
    """Group cell of each document; None when there is no group column."""
    rows_read: int = 0
    """Data rows seen, those left out included."""
    not_scored: int = 0
    """Rows left out because they are not scored."""
    blank_lines: int = 0
    """Lines without any cell, passed over."""
