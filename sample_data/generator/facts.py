"""The facts of one ticket: product, order, dates, names. One ticket keeps its facts throughout."""

from collections.abc import Callable

from sample_data.generator.bank import phrases
from sample_data.generator.dice import Dice

_LISTED = ("product", "name", "city", "plan", "month", "weekday", "device", "language")
_COUNTS = ("n", "n2", "tens")
_DOMAINS = ("example.com", "example.org", "mail.example.net")


def draw_facts(dice: Dice) -> dict[str, str]:
    """A value for every slot of the phrase files."""
    slots = phrases("slots")
    facts = {name: dice.pick(slots[name]) for name in (*_LISTED, *_COUNTS)}
    for name in ("product", "city", "name"):
        facts[f"{name}2"] = dice.pick([item for item in slots[name] if item != facts[name]])
    if dice.chance(0.35):
        facts["product"] = facts["product"].split(" ", 1)[1]
    facts.update(amount=_amount(dice), amount2=_amount(dice), date=_date(dice, facts["month"]))
    facts.update({name: draw(dice) for name, draw in _DRAWN.items()})
    facts["order"] = _order(facts["orderno"], dice)
    facts["email"] = _email(dice, facts["name"])
    return facts


def _amount(dice: Dice) -> str:
    value = dice.pick((dice.number(4, 30), dice.number(30, 400), dice.number(400, 1900)))
    cents = dice.pick(("00", "99", "90", "50", f"{dice.number(0, 99):02d}"))
    return dice.pick((f"£{value}.{cents}", f"${value}.{cents}", f"{value},{cents} €", f"{value}"))


def _date(dice: Dice, month: str) -> str:
    day = dice.number(1, 28)
    number = dice.number(1, 12)
    return dice.pick(
        (
            f"{day} {month}",
            f"{month} {day}",
            f"{day:02d}/{number:02d}",
            f"2025-{number:02d}-{day:02d}",
        )
    )


def _email(dice: Dice, name: str) -> str:
    plain = name.rsplit(" ", 1)[-1].lower().replace("é", "e").replace("ë", "e")
    return f"{plain}{dice.pick(('', '.home', str(dice.number(2, 99))))}@{dice.pick(_DOMAINS)}"


def _order(number: str, dice: Dice) -> str:
    return dice.pick((f"order #{number}", f"order {number}", f"my order {number}", f"A-{number}"))


def _time(dice: Dice) -> str:
    return f"{dice.number(1, 12)}{dice.pick((' am', ' pm', f':{dice.number(10, 59)}'))}"


def _code(prefix: str, low: int, high: int) -> Callable[[Dice], str]:
    return lambda dice: f"{prefix}{dice.number(low, high)}"


_DRAWN: dict[str, Callable[[Dice], str]] = {
    "orderno": _code("", 10_000, 99_999),
    "time": _time,
    "error": lambda dice: f"{dice.pick(('E', '', 'ERR-', '0x'))}{dice.number(10, 5999)}",
    "version": lambda dice: f"{dice.number(2, 6)}.{dice.number(0, 14)}",
    "digits": _code("", 1000, 9999),
    "serial": _code("SN", 100_000, 999_999),
    "tracking": _code("ZX", 10_000_000, 99_999_999),
    "year": _code("20", 14, 24),
}
