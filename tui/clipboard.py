"""Copying over SSH: the terminal is asked to take text (OSC 52), through tmux and screen too."""

import base64
import os

_LONGEST = 74_994
"""Bytes of an OSC 52 sequence that terminals are known to take."""


def clipboard_sequence(text: str) -> str | None:
    """The sequence that puts `text` on the terminal's clipboard; None when it is too long."""
    payload = base64.b64encode(text.encode("utf-8")).decode("ascii")
    sequence = f"\x1b]52;c;{payload}\x07"
    if len(sequence) > _LONGEST:
        return None
    if os.environ.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if os.environ.get("TERM", "").startswith("screen"):
        return "\x1bP" + sequence + "\x1b\\"
    return sequence
