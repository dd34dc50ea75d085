"""What the oversample screen is asked for: labels, arms and options, read from typed lines."""

import shlex
from dataclasses import dataclass, field, replace
from typing import Literal

from core.dataset.oversampling import DEFAULT_POSITIVES, ArmsRequest
from core.errors import InvalidInput
from core.text import printable
from core.workflow.actions.label_needs import GroupKind
from core.workflow.state import ExperimentState

Amounts = Literal["positives", "factors", "ratios", "growths"]

ARMS_HELP = "10,25,100 positives · x2,x5 · ratio .05,.1 · ml-ros 10%,25%"
"""The forms of a line of arms."""
_MOST_DIGITS = 18
"""Of a typed whole number; Python refuses to read thousands of them."""
GROUP_KINDS: tuple[GroupKind, ...] = ("single", "rare", "complete")
_OPTIONS: dict[Amounts, str] = {
    "positives": "--arms", "factors": "--factors", "ratios": "--ratios", "growths": "--ml-ros",
}  # fmt: skip


@dataclass(frozen=True)
class ArmsWish:
    """The experiment that is planned."""

    labels: tuple[str, ...] = ()
    """Labels to raise, in the dataset's order."""
    kind: Amounts = "positives"
    amounts: tuple[float, ...] = field(default=tuple(map(float, DEFAULT_POSITIVES)))
    repeat_from: int | None = None
    replicates: int = 1
    patience: int | None = None
    seed: int = 0
    groups: GroupKind | None = None

    @property
    def is_whole_set(self) -> bool:
        """Whether the arms look at every label, so that none is chosen."""
        return self.kind == "growths"

    @property
    def is_complete(self) -> bool:
        """Whether there is anything to plan."""
        return self.is_whole_set or bool(self.labels)

    def request(self) -> ArmsRequest:
        """The same for planning."""
        amounts = self.amounts
        return ArmsRequest(
            labels=() if self.is_whole_set else self.labels,
            positives=tuple(map(int, amounts)) if self.kind == "positives" else (),
            factors=amounts if self.kind == "factors" else (),
            ratios=amounts if self.kind == "ratios" else (),
            growths=amounts if self.kind == "growths" else (),
            repeat_from=self.repeat_from if self.kind == "positives" else None,
            replicates=self.replicates,
            seed=self.seed,
        )

    def amount_texts(self) -> list[str]:
        """The amounts as they are written, those of ML-ROS in percent."""
        factor = 100 if self.is_whole_set else 1
        return [_plain_number(amount * factor) for amount in self.amounts]

    def options(self) -> str:
        """The same as options of the command."""
        labels = () if self.is_whole_set else self.labels
        if labels and not any("," in label for label in labels):
            labels = (",".join(labels),)
        pieces = [f"--labels {shlex.quote(label)}" for label in labels]
        pieces.append(f"{_OPTIONS[self.kind]} {','.join(self.amount_texts())}")
        if self.repeat_from is not None and self.kind == "positives":
            pieces.append(f"--repeat-from {self.repeat_from}")
        if self.replicates != 1:
            pieces.append(f"--replicates {self.replicates}")
        if self.patience is not None:
            pieces.append(f"--patience {self.patience}")
        if self.seed:
            pieces.append(f"--seed {self.seed}")
        if self.groups is not None:
            pieces.append(f"--groups {self.groups}")
        return " ".join(pieces)


def _plain_number(amount: float) -> str:
    """A number without exponent or zeros at its end."""
    return f"{amount:.10f}".rstrip("0").rstrip(".")


def wish_of(experiment: ExperimentState) -> ArmsWish:
    """The wish that an experiment was planned from; its label groups are kept by the plan."""
    request = experiment.request
    given: list[tuple[Amounts, tuple[float, ...]]] = [
        ("positives", tuple(map(float, request.positives))),
        ("factors", request.factors),
        ("ratios", request.ratios),
        ("growths", request.growths),
    ]
    kind, amounts = next((one for one in given if one[1]), given[0])
    return ArmsWish(
        labels=request.labels,
        kind=kind,
        amounts=amounts,
        repeat_from=request.repeat_from,
        replicates=request.replicates,
        patience=experiment.patience,
        seed=request.seed,
    )


def arms_text(wish: ArmsWish) -> str:
    """The amounts as they are typed."""
    texts = wish.amount_texts()
    match wish.kind:
        case "positives":
            return ",".join(texts)
        case "factors":
            return ",".join(f"x{text}" for text in texts)
        case "ratios":
            return f"ratio {','.join(text.removeprefix('0') for text in texts)}"
        case _:
            return f"ml-ros {','.join(f'{text}%' for text in texts)}"


def read_arms(wish: ArmsWish, text: str) -> ArmsWish:
    """The wish with the amounts of a typed line.

    Raises:
        InvalidInput: the line has none of the known forms.
    """
    words = text.strip().lower()
    kind: Amounts = "positives"
    if words.startswith("ratio"):
        kind, words = "ratios", words.removeprefix("ratios").removeprefix("ratio")
    elif words.startswith("ml-ros"):
        kind, words = "growths", words.removeprefix("ml-ros")
    elif words.startswith(("x", "×")):
        kind = "factors"
    pieces = [piece for piece in words.replace(",", " ").split() if piece]
    try:
        amounts = tuple(sorted({_amount(piece, kind) for piece in pieces}))
    except ValueError:
        amounts = ()
    if not amounts:
        raise InvalidInput(
            "Unreadable arms", f"{printable(text, 40)!r} is none of the known forms", ARMS_HELP
        )
    return replace(wish, kind=kind, amounts=amounts)


def _amount(piece: str, kind: Amounts) -> float:
    if kind == "positives":
        return float(int(piece))
    if kind == "factors":
        return float(piece.lstrip("x×"))
    if kind == "growths":
        return float(piece.removesuffix("%")) / 100
    return float(piece[:-1]) / 100 if piece.endswith("%") else float(piece)


def toggled(wish: ArmsWish, label: str, labels: tuple[str, ...]) -> ArmsWish:
    """The wish with a label chosen, or no longer; in the order of `labels`."""
    chosen = set(wish.labels) ^ {label}
    return replace(wish, labels=tuple(one for one in labels if one in chosen))


def read_options(wish: ArmsWish, typed: dict[str, str]) -> ArmsWish:
    """The wish with the options of typed fields; an empty field means that there is none.

    Raises:
        InvalidInput: a field is not what it should be.
    """
    groups = typed["groups"].strip().lower()
    kinds: dict[str, GroupKind] = {kind: kind for kind in GROUP_KINDS}
    if groups and groups not in kinds:
        raise InvalidInput(
            "Unreadable option",
            f"groups: {printable(groups, 30)!r} is none of {', '.join(GROUP_KINDS)}",
            "",
        )
    replicates = _number(typed, "replicates", 1)
    seed = _number(typed, "seed", 0)
    return replace(
        wish,
        repeat_from=_number(typed, "repeat from", 1),
        replicates=1 if replicates is None else replicates,
        patience=_number(typed, "stop after", 1),
        seed=0 if seed is None else seed,
        groups=kinds.get(groups),
    )


def _number(typed: dict[str, str], name: str, least: int) -> int | None:
    text = typed[name].strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > _MOST_DIGITS or int(text) < least:
        message = f"{name}: {printable(text, 30)!r} is no whole number from {least} on"
        raise InvalidInput("Unreadable option", message, "")
    return int(text)
