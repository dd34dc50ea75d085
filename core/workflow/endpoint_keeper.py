"""A process of its own that deletes an endpoint when its time has come.

``python -m core.workflow.endpoint_keeper SESSION_FOLDER ENDPOINT_NAME`` outlives the terminal that
started it. It reads the session again and again, so a time that is moved is honoured, and it goes
on until the endpoint is gone. It works while this machine is up and its credentials are accepted;
the service itself has no such timer.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from core.errors import OperationFailed, TryAgain, TunerError
from core.files import locked
from core.text import printable
from core.workflow.overview import utc_now
from core.workflow.session import Session
from core.workflow.trust import origin_of

LOOK_S = 15.0
"""Seconds between two looks at the session: how soon a moved time is noticed."""
LONGEST_PAUSE_S = 300.0
"""Seconds that the pause after a failed deletion grows to."""
MOST_TRIES = 600
"""Failed deletions after which it gives up: about two days."""
Spawn = Callable[[Session, str], None]

_children: dict[tuple[Path, str], subprocess.Popen[bytes]] = {}


def keep_until_gone(
    session: Session,
    name: str,
    clock: Callable[[], datetime] = utc_now,
    wait: Callable[[float], None] = time.sleep,
) -> bool:
    """Sleep until an endpoint's time has come, then delete it, however often that takes.

    Args:
        clock: the time in UTC.
        wait: sleeps for so many seconds.

    Returns:
        Whether the endpoint is gone; False when the session is, or after `MOST_TRIES` failures.
    """
    failures = 0
    while session.state_path.exists() and failures < MOST_TRIES:
        try:
            live = {endpoint.name: endpoint for endpoint in session.state().live_endpoints}
            if name not in live:
                return True
            left_s = live[name].seconds_left(clock())
            if left_s > 0:
                wait(min(left_s, LOOK_S))
                continue
            from core.workflow.endpoints import stop_endpoint

            stop_endpoint(session, name)
        except TunerError as error:
            failures += 1
            if failures == 1:
                with contextlib.suppress(TunerError):
                    session.record("endpoint-overdue", endpoint=name, error=str(error))
            wait(min(LOOK_S * 1.5 ** min(failures - 1, 20), LONGEST_PAUSE_S))
    return False


def spawn_keeper(session: Session, name: str) -> None:
    """Start the keeper of an endpoint, unless it has one.

    Raises:
        OperationFailed: the machine cannot start another process.
    """
    for key, child in list(_children.items()):
        if child.poll() is not None:
            del _children[key]
    if (session.folder, name) in _children or is_kept(session, name):
        return
    package_root = str(Path(__file__).resolve().parents[2])
    paths = [package_root, *filter(None, [os.environ.get("PYTHONPATH")])]
    command = [
        sys.executable,
        "-P",
        "-m",
        "core.workflow.endpoint_keeper",
        str(session.folder.resolve()),
        name,
    ]
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,
        )
    except OSError as error:
        raise OperationFailed(
            "Nobody would delete the endpoint",
            f"no process can be started: {printable(error.strerror or str(error), 200)}",
            "end other programs and repeat",
        ) from error
    _children[session.folder, name] = child


def ensure_keepers(session: Session, spawn: Spawn = spawn_keeper) -> None:
    """Give every live endpoint whose time is to come a keeper; a restarted machine has none.

    What is overdue already is for the user to delete: opening a session deletes nothing.

    Raises:
        InvalidInput: there is no session, or it is damaged.
        OperationFailed: the machine cannot start another process.
    """
    state = session.state()
    if origin_of(session, state) != "here":
        return
    for endpoint in state.live_endpoints:
        if endpoint.seconds_left(utc_now()) > 0:
            spawn(session, endpoint.name)


def is_kept(session: Session, name: str) -> bool:
    """Whether a keeper of this endpoint lives."""
    try:
        with locked(_lock(session, name), "the keeper", 0.0):
            return False
    except TryAgain:
        return True


def main(arguments: list[str]) -> int:
    """Keep one endpoint; at once done when it has a keeper already."""
    session, name = Session(Path(arguments[0])), arguments[1]
    try:
        with locked(_lock(session, name), "the keeper", 5.0):
            return 0 if keep_until_gone(session, name) else 1
    except TryAgain:
        return 0


def _lock(session: Session, name: str) -> Path:
    return session.folder / f".keeper-{name}.lock"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
