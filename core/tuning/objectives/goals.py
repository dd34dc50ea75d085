"""What can be tuned for: the objectives, their written form and the menu of them."""

import re
from dataclasses import dataclass
from fractions import Fraction

import msgspec

from core.errors import InvalidInput
from core.text import printable

_DECIMALS = 4
_NUMBER = re.compile(r"\d+\.?\d*|\.\d+", re.ASCII)


@dataclass(frozen=True)
class MenuEntry:
    """One kind of objective, as a menu offers it."""

    kind: str
    title: str
    purpose: str
    """What is taken, in a sentence."""
    value_name: str = ""
    """What the value is; empty when the objective takes none."""
    example_value: float | None = None
    """A sensible value to start from."""
    lowest: float = 0.0
    """The lowest value allowed."""
    highest: float = 0.0
    """The highest value allowed."""
    is_joint: bool = False
    """Whether it weighs all labels together."""


MENU: tuple[MenuEntry, ...] = (
    MenuEntry("max_f1", "Highest F1", "the threshold of highest F1, each label for itself"),
    MenuEntry(
        "f_beta", "Highest F-beta", "as F1, with recall weighing beta times as much as precision",
        "beta", 2.0, 0.1, 10.0,
    ),
    MenuEntry(
        "precision", "Precision at least", "the highest recall among thresholds of that precision",
        "precision", 0.9, 0.01, 1.0,
    ),
    MenuEntry(
        "recall", "Recall at least", "the highest precision among thresholds of that recall",
        "recall", 0.8, 0.01, 1.0,
    ),
    MenuEntry(
        "cost", "Least cost", "a missed document costs as much as this many wrongly flagged ones",
        "wrongly flagged per missed", 5.0, 0.01, 1000.0,
    ),
    MenuEntry(
        "flags", "At most so many flagged", "the highest recall with at most so many flagged",
        "flagged per 1,000 documents", 20.0, 0.01, 1000.0,
    ),
    MenuEntry(
        "joint_micro_f1", "Highest micro F1", "the best F1 of all decisions pooled, over all labels"
        " together", is_joint=True,
    ),
    MenuEntry(
        "joint_micro_macro_f1", "Highest micro and macro F1", "the best mean of micro F1 and macro"
        " F1, over all labels together", is_joint=True,
    ),
)  # fmt: skip
"""All objectives, in the order of a menu."""

_ENTRIES = {entry.kind: entry for entry in MENU}


class Objective(msgspec.Struct, frozen=True):
    """What to tune for.

    Raises:
        InvalidInput: no such kind, or a value that the kind does not take.
    """

    kind: str
    """One of `MENU`."""
    value: float | None = None
    """Beta, the precision or recall to reach, the cost ratio, or the number flagged per 1,000."""

    def __post_init__(self) -> None:
        """Refuse what cannot be tuned for."""
        _check(self.kind, self.value, self.kind)

    @property
    def name(self) -> str:
        """The written form, which `parse_objective` reads back: "max_f1", "precision:0.9"."""
        return _written(self.kind, self.value)

    @property
    def is_joint(self) -> bool:
        """Whether it weighs all labels together."""
        return _ENTRIES[self.kind].is_joint

    @property
    def ratio(self) -> Fraction:
        """The value, exactly as it is written; 1 when there is none."""
        scale: int = 10**_DECIMALS
        return Fraction(1 if self.value is None else round(self.value * scale)) / (
            1 if self.value is None else scale
        )


def parse_objective(text: str) -> Objective:
    """Read the written form of an objective, such as "max_f1" or "precision:0.9".

    Raises:
        InvalidInput: no such objective; the hint names the forms.
    """
    kind, colon, number = text.strip().partition(":")
    kind, number = kind.strip().lower(), number.strip()
    value = float(number) if _NUMBER.fullmatch(number) else None
    if kind in _ENTRIES and colon and value is None:
        raise _refusal(text, "the part after the colon is not a plain number")
    _check(kind, value, text)
    return Objective(kind, value)


def as_objective(objective: str | Objective) -> Objective:
    """The objective itself, read when it is text."""
    return parse_objective(objective) if isinstance(objective, str) else objective


def _check(kind: str, value: float | None, text: str) -> None:
    entry = _ENTRIES.get(kind)
    if entry is None:
        raise _refusal(text, "")
    if not entry.value_name:
        if value is not None:
            raise _refusal(text, "it takes no value")
        return
    bounds = f"{_plain(entry.lowest)} and {_plain(entry.highest)}"
    if value is None:
        raise _refusal(text, f"it needs a value ({entry.value_name}) between {bounds}")
    if not entry.lowest <= value <= entry.highest or round(value, _DECIMALS) != value:
        raise _refusal(
            text,
            f"the value ({entry.value_name}) must be between {bounds}, "
            f"with at most {_DECIMALS} decimals",
        )


def _refusal(text: str, reason: str) -> InvalidInput:
    forms = ", ".join(_written(entry.kind, entry.example_value) for entry in MENU)
    shown = printable(text, 60) or "(nothing)"
    return InvalidInput(
        "No such objective", f"{shown}: {reason}" if reason else shown, f"write one of {forms}"
    )


def _written(kind: str, value: float | None) -> str:
    return kind if value is None else f"{kind}:{_plain(value)}"


def _plain(value: float) -> str:
    return f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")
