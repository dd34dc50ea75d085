"""Two processes and the app on one session: no torn line, no lost change, a clear word."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

from core.tuning.thresholds import load
from core.workflow.session import Session
from tests.test_terminal import Terminal
from tests.weather.cells import Cell, Running, Step
from tests.weather.kills import place_for

_IN_USE = "open in another terminal"
_LABELS = ("a", "b")


def rounds(step: Step, root: Path, count: int, random_: random.Random) -> Iterator[Cell]:
    """Rounds of two commands at once on a session that the app has open.

    Args:
        step: that of the thresholds, whose session can be tuned.
    """
    with place_for(root) as place:
        session = Session(step.stage(place))
        Running(step.command(), place).wait()
        terminal = Terminal(place, "--session", "./s")
        try:
            terminal.wait_for("OFFLINE")
            for number in range(count):
                yield _round(session, place, number, random_)
                terminal.read(0.05)
                if not terminal.process.isalive():
                    yield Cell("race", "app", "BAD", "the app has ended")
                    break
            terminal.settle()
            terminal.press("q")
            if terminal.end() != 0:
                yield Cell("race", "app", "BAD", f"the app left with {terminal.text()}")
        finally:
            terminal.process.close(force=True)


def _round(session: Session, place: Path, number: int, random_: random.Random) -> Cell:
    """Two commands begin at once; what each that succeeds has changed must be there after both."""
    before = len(session.events())
    by_hand = {label: round(random_.uniform(0.05, 0.95), 4) for label in _LABELS}
    poll = f"{random_.uniform(0.1, 5.0):.3f}"
    commands = [
        ("thresholds", "--set", f"a={by_hand['a']}"),
        ("thresholds", "--set", f"b={by_hand['b']}") if number % 2 else ("health",),
    ]
    lines = [("--session", "./s", "--poll", poll, *commands[0]), ("--session", "./s", *commands[1])]
    running = [Running(line, place) for line in lines]
    ended = [one.wait() for one in running]
    for one in ended:
        if not one.is_clear or (one.code and (one.code != 3 or _IN_USE not in one.err)):
            return Cell("race", "two commands", "BAD", f"unclear: {one.code} {one.err[-200:]}")
    raw = (session.folder / "events.jsonl").read_bytes()
    try:
        events = [json.loads(line) for line in raw.splitlines()]
    except ValueError:
        return Cell("race", "two commands", "BAD", "a torn event line")
    why = _lost(session, ended[0].code, ended[1].code if number % 2 else 3, by_hand)
    new = [event["action"] for event in events[before:]]
    wanted = [command[0] for command, one in zip(commands, ended, strict=True) if not one.code]
    if any(new.count(action) < wanted.count(action) for action in wanted):
        why = why or f"lost events: {new}, wanted {wanted}"
    if session.state().engine.poll_s != float(poll) and _IN_USE not in ended[0].err:
        why = why or "a lost setting"
    if why:
        return Cell("race", "two commands", "BAD", why)
    return Cell("race", "two commands", "told" if any(one.code for one in ended) else "undisturbed")


def _lost(session: Session, first: int, second: int, by_hand: dict[str, float]) -> str:
    run = session.state().run_named(None)
    assert run.thresholds is not None
    labels = load(session.path(run.thresholds.path)).labels
    for label, code in zip(_LABELS, (first, second), strict=True):
        if code == 0 and labels[label].threshold != by_hand[label]:
            return f"lost: {label} is {labels[label].threshold}, was set to {by_hand[label]}"
    return ""
