"""Descriptions at a pace that the service allows, whoever in this process asks for them.

The service answers ten descriptions a second in a region, a limit that cannot be raised and that
other programs of the account share.
"""

import threading
import time

SPACING_S = 0.125
"""Least seconds between the beginnings of two descriptions on Amazon's side."""

_turn = threading.Lock()
_last_s = [float("-inf")]


def take_turn(spacing_s: float = SPACING_S) -> None:
    """Return once `spacing_s` seconds have passed since the turn before, in any thread."""
    with _turn:
        left_s = _last_s[0] + spacing_s - time.monotonic()
        if left_s > 0:
            time.sleep(left_s)
        _last_s[0] = time.monotonic()
