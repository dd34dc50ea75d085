"""What a key is: one action of the user and the keys that do it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Key:
    """One action of the user and the keys that do it."""

    keys: tuple[str, ...]
    """Textual's names; the first one is shown."""
    action: str
    """Textual action, such as ``step(1)``."""
    label: str
    """One or two words for the footer."""
    purpose: str
    """A sentence for help, palette and README."""
    scope: str = ""
    """Id of the screen it belongs to; empty for every screen."""
    in_footer: bool = False
    """Whether the footer of its screen shows it."""
    is_priority: bool = False
    """Whether it works while an input has the focus."""


def scoped(scope: str, keys: tuple[Key, ...]) -> tuple[Key, ...]:
    """Give a screen's keys their scope."""
    return tuple(
        Key(key.keys, key.action, key.label, key.purpose, scope, key.in_footer, key.is_priority)
        for key in keys
    )
