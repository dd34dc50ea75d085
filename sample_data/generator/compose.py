"""From an intention (the labels a writer has in mind) to the text of a ticket.

Each label speaks through one of two voices: a *core* phrase says plainly what the matter is, a
*soft* phrase could come from somebody with another intention, and does: unlabelled tickets use the
same soft phrases. *Mentions* bring a label's words into tickets that do not have the label.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sample_data.generator.bank import joined, phrases, sentence
from sample_data.generator.dice import Dice
from sample_data.generator.facts import draw_facts
from sample_data.generator.surface import worn

SHORTEST, LONGEST = 20, 900


@dataclass(frozen=True)
class Style:
    """How much a writer writes: the probability of each piece, or a range of counts."""

    greeting: float
    opening: float
    detail: float
    contexts: tuple[int, int]
    closing: float
    second_core: float
    paragraphs: float


STYLES = {
    "terse": Style(0.12, 0.06, 0.12, (0, 0), 0.15, 0.0, 0.02),
    "plain": Style(0.55, 0.40, 0.40, (0, 1), 0.60, 0.08, 0.35),
    "long": Style(0.80, 0.70, 0.75, (1, 2), 0.80, 0.25, 0.75),
}
_STYLE_WEIGHTS = {"terse": 0.22, "plain": 0.50, "long": 0.28}
_SOFT_SHARE = {"account_security": 0.10, "safety_hazard": 0.06}
_USUAL_SOFT_SHARE = 0.20
_EXTRA_DETAIL = {"account_security": 0.15, "safety_hazard": 0.35}
_EXTRA_CORE = {"account_security": 0.05, "safety_hazard": 0.30}


def compose(dice: Dice, labels: Sequence[str], mention_weights: Mapping[str, float]) -> str:
    """The text of one ticket, between 20 and 900 characters.

    Args:
        dice: makes every choice.
        labels: what the writer wants; empty for small talk and general questions.
        mention_weights: how often each label is mentioned by tickets that do not have it.
    """
    while True:
        text = worn(_draft(dice, labels, mention_weights), dice)
        if SHORTEST <= len(text) <= LONGEST:
            return text


def _draft(dice: Dice, labels: Sequence[str], mention_weights: Mapping[str, float]) -> str:
    style = STYLES[dice.weighted(_STYLE_WEIGHTS)]
    facts = draw_facts(dice)
    shared = phrases("shared")

    def say(items: Sequence[str]) -> str:
        return sentence(dice.pick(items), facts, dice)

    head = say(shared["greeting"]) if dice.chance(style.greeting) else ""
    contexts = [
        sentence(item, facts, dice)
        for item in dice.several(shared["context"], dice.number(*style.contexts))
    ]
    matter = [
        [sentence(item, facts, dice) for item in _evidence(dice, label, style)]
        for label in dice.shuffled(labels)
    ] or [[sentence(item, facts, dice) for item in _small_talk(dice, style, mention_weights)]]
    for block in matter[1:]:
        if dice.chance(0.6):
            block[0] = joined(dice.pick(shared["further"]), block[0])
    asides = [sentence(item, facts, dice) for item in _mentions(dice, labels, mention_weights)]
    body = [say(shared["opening"])] if dice.chance(style.opening) else []
    body += contexts[:1] if dice.chance(0.5) else []
    if asides and dice.chance(0.25):
        body.append(asides.pop())
    body += [item for block in matter for item in block]
    body += [item for item in contexts if item not in body]
    body += [
        joined(dice.pick(shared["aside"]), item) if dice.chance(0.5) else item for item in asides
    ]
    tail = say(shared["closing"]) if dice.chance(style.closing) else ""
    text = _laid_out(dice, style, head, body, tail)
    if dice.chance(0.04):
        quoted = sentence(dice.pick(shared["quoted"]), facts, dice)
        text += f"\n\nOn {facts['date']} {facts['name']} wrote:\n> {quoted}"
    return text


def _evidence(dice: Dice, label: str, style: Style) -> list[str]:
    """Phrases of a label that the writer means."""
    sections = phrases(label)
    second = style.second_core + _EXTRA_CORE.get(label, 0.0)
    if dice.chance(_SOFT_SHARE.get(label, _USUAL_SOFT_SHARE)):
        chosen = [dice.pick(sections["soft"])]
    else:
        chosen = dice.several(sections["core"], 2 if dice.chance(second) else 1)
    if dice.chance(style.detail + _EXTRA_DETAIL.get(label, 0.0)):
        chosen.append(dice.pick(sections["detail"]))
    return chosen


def _small_talk(dice: Dice, style: Style, mention_weights: Mapping[str, float]) -> list[str]:
    """Phrases of a writer who wants nothing that has a label."""
    general = phrases("general")
    if dice.chance(0.30):
        other = phrases(dice.weighted(mention_weights))
        chosen = [dice.pick(other["soft"])]
        if dice.chance(style.detail / 2):
            chosen.append(dice.pick(other["detail"]))
        return chosen
    chosen = [dice.pick(general["core"])]
    if dice.chance(style.detail):
        chosen.append(dice.pick(general["detail"]))
    return chosen


def _mentions(dice: Dice, labels: Sequence[str], mention_weights: Mapping[str, float]) -> list[str]:
    """Phrases with the words of labels that the ticket does not have."""
    others = {name: weight for name, weight in mention_weights.items() if name not in labels}
    count = dice.pick((0, 0, 0, 0, 0, 1, 1, 1, 1, 2))
    return [dice.pick(phrases(dice.weighted(others))["mention"]) for _ in range(count)]


def _laid_out(dice: Dice, style: Style, head: str, sentences: list[str], tail: str) -> str:
    """One block, or paragraphs, or a list, as people lay out mails."""
    if len(sentences) > 2 and dice.chance(0.06):
        block = "\n".join(f"- {item}" for item in sentences)
        return "\n".join(part for part in (head, block, tail) if part)
    block = " ".join(sentences)
    if not dice.chance(style.paragraphs):
        return " ".join(part for part in (head, block, tail) if part)
    if len(sentences) > 3 and dice.chance(0.5):
        cut = dice.number(1, len(sentences) - 1)
        block = " ".join(sentences[:cut]) + "\n\n" + " ".join(sentences[cut:])
    return dice.pick(("\n", "\n\n")).join(part for part in (head, block, tail) if part)
