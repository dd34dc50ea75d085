"""The hand-written phrases and how a phrase becomes a sentence.

A phrase file has sections (``[core]``) with one phrase a line. ``{a|b}`` means one of the
alternatives, which may be empty or nested; ``<product>`` is a slot filled from the ticket's facts;
a written ``\\n`` is a line break.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sample_data.generator.dice import Dice

Sections = dict[str, tuple[str, ...]]

_FOLDER = Path(__file__).parent / "phrases"
_ALTERNATIVES = re.compile(r"\{([^{}]*)\}")
_SLOT = re.compile(r"<([a-z0-9]+)>")
_SPACES = re.compile(r" {2,}")
_SENTENCE_START = re.compile(r"((?:^|[.!?] ))([a-z])")


@cache
def phrases(name: str) -> Sections:
    """The sections of the phrase file `name`, such as ``billing``."""
    sections: dict[str, list[str]] = {}
    lines = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    current: list[str] = []
    for line in lines:
        if line.startswith("[") and line.endswith("]"):
            current = sections.setdefault(line[1:-1], [])
        elif line:
            current.append(line.replace("\\n", "\n"))
    return {section: tuple(items) for section, items in sections.items()}


def joined(connector: str, text: str) -> str:
    """A connector and a sentence, which goes on in lower case unless a colon stands before it."""
    first = text.split(" ", 1)[0]
    is_name = first == "I" or first.startswith("I'") or not (first == "A" or first[1:].islower())
    if connector.endswith(":") or is_name:
        return f"{connector} {text}"
    return f"{connector} {text[0].lower()}{text[1:]}"


def sentence(phrase: str, facts: Mapping[str, str], dice: Dice, capital: bool = True) -> str:
    """A phrase with its alternatives chosen and its slots filled.

    Args:
        phrase: a line of a phrase file.
        facts: the value of each slot.
        dice: chooses the alternatives.
        capital: whether each sentence begins with a capital letter.

    Raises:
        KeyError: the phrase has a slot without a value.
    """
    while "{" in phrase:
        phrase = _ALTERNATIVES.sub(lambda found: dice.pick(found[1].split("|")), phrase)
    text = _SPACES.sub(" ", _SLOT.sub(lambda found: facts[found[1]], phrase)).strip()
    if capital:
        text = _SENTENCE_START.sub(lambda found: found[1] + found[2].upper(), text)
    return text
