"""A step in a child process that SIGKILL ends at a chosen write."""

import os
import signal
from collections.abc import Callable
from typing import Any, Literal

import pytest

from core.workflow.session import Session

Moment = Literal["before", "after"]
"""Whether the file is replaced already when the child dies."""


def killed_at_write(
    step: Callable[[Session], object], session: Session, n: int, moment: Moment = "before"
) -> bool:
    """Run `step` in a child that dies around its n-th file replacement; whether it got there."""
    child = os.fork()
    if child == 0:
        left = n
        replace = os.replace

        def dying_replace(source: Any, target: Any) -> None:
            nonlocal left
            left -= 1
            if left == 0 and moment == "after":
                replace(source, target)
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            replace(source, target)

        pytest.MonkeyPatch().setattr(os, "replace", dying_replace)
        try:
            step(session)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)
