"""The multi-label set: how many tickets of each label set, label noise and repeated tickets."""

from dataclasses import dataclass

from sample_data.generator.bank import phrases
from sample_data.generator.compose import compose
from sample_data.generator.dice import Dice

SEED = 20_250_611
LABELS = (
    "billing",
    "delivery",
    "bug",
    "login",
    "feature_request",
    "cancellation",
    "account_security",
    "safety_hazard",
)
N_ROWS = 6_000
N_AUTO_REPLIES = 31
N_SENT_TWICE = 14
NOISE_SHARE = 0.025

LABEL_SETS: dict[tuple[str, ...], int] = {
    ("billing",): 960,
    ("delivery",): 760,
    ("bug",): 830,
    ("login",): 560,
    ("feature_request",): 330,
    ("cancellation",): 150,
    ("account_security",): 45,
    ("safety_hazard",): 18,
    ("billing", "cancellation"): 80,
    ("billing", "delivery"): 70,
    ("billing", "login"): 35,
    ("billing", "bug"): 25,
    ("billing", "account_security"): 18,
    ("billing", "feature_request"): 15,
    ("delivery", "bug"): 70,
    ("delivery", "cancellation"): 12,
    ("delivery", "safety_hazard"): 5,
    ("bug", "login"): 60,
    ("bug", "feature_request"): 60,
    ("bug", "cancellation"): 20,
    ("bug", "safety_hazard"): 9,
    ("login", "account_security"): 22,
    ("login", "feature_request"): 10,
    ("login", "cancellation"): 8,
    ("billing", "delivery", "cancellation"): 12,
    ("bug", "login", "cancellation"): 6,
    ("billing", "login", "account_security"): 6,
    ("delivery", "bug", "safety_hazard"): 2,
}
"""Tickets of each label set before noise; all other tickets have no label."""

MENTIONS = {
    "billing": 0.19,
    "delivery": 0.17,
    "bug": 0.17,
    "login": 0.14,
    "feature_request": 0.11,
    "cancellation": 0.11,
    "account_security": 0.07,
    "safety_hazard": 0.025,
}
"""How often the words of a label occur in tickets without the label."""

CONFUSED_WITH = {
    "billing": ("cancellation", "delivery"),
    "delivery": ("billing", "bug"),
    "bug": ("login", "feature_request"),
    "login": ("bug", "account_security"),
    "feature_request": ("bug",),
    "cancellation": ("billing",),
    "account_security": ("login", "billing"),
    "safety_hazard": ("bug",),
}
"""What a hurried annotator puts instead of a label."""


@dataclass(frozen=True)
class Ticket:
    """One ticket."""

    text: str
    labels: tuple[str, ...]
    """In the order of the label columns; empty when the ticket has none."""


def draw_tickets() -> list[Ticket]:
    """The 6,000 tickets in file order."""
    dice = Dice(SEED)
    plan = [labels for labels, count in LABEL_SETS.items() for _ in range(count)]
    n_composed = N_ROWS - N_AUTO_REPLIES - N_SENT_TWICE
    plan += [()] * (n_composed - len(plan))
    seen: set[str] = set()
    tickets = [Ticket(new_text(dice, labels, seen), labels) for labels in dice.shuffled(plan)]
    tickets = [_annotated(ticket, dice) for ticket in tickets]
    tickets += _sent_twice(tickets, dice)
    replies = phrases("shared")["autoreply"]
    tickets += [Ticket(dice.pick(replies), ()) for _ in range(N_AUTO_REPLIES)]
    return dice.shuffled(tickets)


def new_text(dice: Dice, labels: tuple[str, ...], seen: set[str]) -> str:
    """A text that is in `seen` in no spelling yet; it is added."""
    while True:
        text = compose(dice, labels, MENTIONS)
        key = " ".join(text.casefold().split())
        if key not in seen:
            seen.add(key)
            return text


def _annotated(ticket: Ticket, dice: Dice) -> Ticket:
    """The ticket with the labels that an annotator gave: now and then one is lost or mistaken."""
    if not dice.chance(NOISE_SHARE):
        return ticket
    labels = set(ticket.labels)
    if not labels:
        labels.add(dice.pick(LABELS[:5]))
    else:
        mistaken = dice.pick(ticket.labels)
        if dice.chance(0.75):
            labels.discard(mistaken)
        if dice.chance(0.5):
            labels.add(dice.pick(CONFUSED_WITH[mistaken]))
    return Ticket(ticket.text, tuple(label for label in LABELS if label in labels))


def _sent_twice(tickets: list[Ticket], dice: Dice) -> list[Ticket]:
    """Copies of tickets that were sent again; two of them were annotated differently."""
    common = [ticket for ticket in tickets if ticket.labels in (("billing",), ("delivery",), ())]
    copies = dice.several(common, N_SENT_TWICE)
    return [
        Ticket(ticket.text, ("bug",) if index < 2 else ticket.labels)
        for index, ticket in enumerate(copies)
    ]
