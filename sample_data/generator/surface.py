"""What a hurried hand does to a text: typos, lower case, short forms, lost punctuation."""

from sample_data.generator.dice import Dice

_SHORT_FORMS = (
    ("please", "pls"),
    ("Please", "Pls"),
    ("thanks", "thx"),
    ("Thanks", "Thx"),
    (" you ", " u "),
    (" because ", " bc "),
    ("don't", "dont"),
    ("doesn't", "doesnt"),
    ("can't", "cant"),
    (" and ", " & "),
    ("haven't", "havent"),
)


def worn(text: str, dice: Dice) -> str:
    """The text as a person might really have typed it; often unchanged."""
    if dice.chance(0.10):
        for long_form, short_form in _SHORT_FORMS:
            text = text.replace(long_form, short_form)
    if dice.chance(0.11):
        text = text.lower()
    elif dice.chance(0.012):
        text = text.upper()
    if dice.chance(0.28):
        for _ in range(dice.number(1, 3)):
            text = _with_typo(text, dice)
    if dice.chance(0.15):
        text = text.rstrip(".")
    if dice.chance(0.05):
        text = text.replace("?", "??").rstrip(".") + dice.pick(("!!", "!!!", " :(", "..."))
    return text


def _with_typo(text: str, dice: Dice) -> str:
    """The text with two letters swapped, one lost or one doubled; addresses stay."""
    at = dice.number(1, max(len(text) - 3, 1))
    pair = text[at : at + 2]
    word = text[: at + 2].rsplit(None, 1)[-1] + text[at + 2 :].partition(" ")[0]
    if not pair.isascii() or not pair.isalpha() or not pair.islower() or "@" in word:
        return text
    changed = dice.pick((pair[1] + pair[0], pair[0], pair[0] + pair, pair[0] * 2))
    return text[:at] + changed + text[at + 2 :]
