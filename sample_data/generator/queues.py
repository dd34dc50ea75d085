"""The multi-class set: each ticket belongs to exactly one of five queues."""

from sample_data.generator.compose import compose
from sample_data.generator.dice import Dice
from sample_data.generator.tickets import MENTIONS

SEED = 20_250_612
QUEUES = ("technical", "shipping", "payments", "accounts", "partnerships")
SOURCES = {
    "bug": ("technical", 700),
    "feature_request": ("technical", 240),
    "delivery": ("shipping", 520),
    "billing": ("payments", 250),
    "cancellation": ("payments", 70),
    "login": ("accounts", 130),
    "account_security": ("accounts", 30),
    "partnerships": ("partnerships", 60),
}
"""Phrase file -> queue and number of tickets before noise."""

_NOISE_SHARE = 0.02


def draw_queue_tickets() -> list[tuple[str, str]]:
    """Text and queue of the 2,000 tickets in file order."""
    dice = Dice(SEED)
    mentions = {**MENTIONS, "partnerships": 0.02}
    seen: set[str] = set()
    rows: list[tuple[str, str]] = []
    for source, (queue, count) in SOURCES.items():
        start = len(rows)
        while len(rows) < start + count:
            text = compose(dice, (source,), mentions)
            key = " ".join(text.casefold().split())
            if key not in seen:
                seen.add(key)
                given = dice.pick(QUEUES) if dice.chance(_NOISE_SHARE) else queue
                rows.append((text, given))
    return dice.shuffled(rows)
