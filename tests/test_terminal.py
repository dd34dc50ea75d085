"""The app in a real terminal: refusals, idle bytes, signals, and the whole sample by keyboard."""

import contextlib
import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pyte
import pytest

from core.comprehend.engine import TwinOptions
from core.workflow.session import Session
from core.workflow.split import split_dataset
from core.workflow.train import plan_training, start_training_run
from tests.cli.running import run


class Terminal:
    """The app in a pseudo terminal, with what a person would see."""

    def __init__(self, folder: Path, *arguments: str, term: str = "xterm-256color") -> None:
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self.screen)
        self.bytes = b""
        environment = {**os.environ, "TERM": term, "COLUMNS": "80", "LINES": "24"}
        self.process = pexpect.spawn(
            sys.executable,
            ["-m", "tui", *arguments],
            cwd=str(folder),
            env=environment,
            dimensions=(24, 80),
            timeout=20,
        )

    def read(self, seconds: float) -> bytes:
        """Take what the app sends within `seconds`."""
        taken = b""
        end = time.monotonic() + seconds
        with contextlib.suppress(pexpect.EOF, pexpect.TIMEOUT):
            while (left := end - time.monotonic()) > 0:
                taken += self.process.read_nonblocking(65536, timeout=left)
        self.bytes += taken
        self._stream.feed(taken)
        return taken

    def text(self) -> str:
        """The screen as text."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait_for(self, pattern: str, seconds: float = 40) -> str:
        """Read until the screen shows `pattern`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(0.1)
            if re.search(pattern, self.text()):
                return self.text()
        raise AssertionError(f"never saw {pattern!r}:\n{self.text()}")

    def settle(self) -> None:
        """Read until nothing comes for a second."""
        for _ in range(20):
            if not self.read(1):
                return
        raise AssertionError("the app never falls silent")

    def press(self, keys: str) -> None:
        """Send keys."""
        self.process.send(keys)

    def end(self) -> int | None:
        """Wait for the end; the exit code, or minus the signal."""
        self.read(5)
        self.process.wait()
        if self.process.signalstatus is not None:
            return -int(self.process.signalstatus)
        code: int | None = self.process.exitstatus
        return code


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    """Terminals that are closed at the end of a test."""
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.process.close(force=True)


RESTORED = (b"\x1b[?1049l", b"\x1b[?25h")
MOUSE = (b"\x1b[?1000h", b"\x1b[?1003h")


@pytest.mark.parametrize("term", ["dumb", "", "unknown"])
def test_a_terminal_that_cannot_show_the_app_gets_one_line(
    term: str, tmp_path: Path, terminals: list[Terminal]
) -> None:
    terminal = Terminal(tmp_path, term=term)
    terminals.append(terminal)
    assert terminal.end() == 2
    assert b"\x1b" not in terminal.bytes
    assert b"comprehend-tuner --help" in terminal.bytes
    assert terminal.bytes.count(b"\n") == 1


def test_without_a_terminal_the_commands_are_named(tmp_path: Path) -> None:
    done = run(folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "comprehend-tuner --help" in done.stderr


def test_an_unknown_theme_is_named(tmp_path: Path, terminals: list[Terminal]) -> None:
    terminal = Terminal(tmp_path, "--theme", "neon")
    terminals.append(terminal)
    assert terminal.end() == 2
    assert b"textual-light" in terminal.bytes


@pytest.mark.parametrize("term", ["xterm-256color", "screen", "tmux-256color", "linux"])
def test_the_first_screen_shows_and_an_idle_app_sends_nothing(
    term: str, tmp_path: Path, terminals: list[Terminal]
) -> None:
    terminal = Terminal(tmp_path, term=term)
    terminals.append(terminal)
    terminal.wait_for("try the sample")
    terminal.settle()
    assert terminal.read(3) == b""
    terminal.press("q")
    assert terminal.end() == 0
    assert all(sequence in terminal.bytes for sequence in RESTORED)


def test_the_mouse_is_left_alone_when_asked(tmp_path: Path, terminals: list[Terminal]) -> None:
    terminal = Terminal(tmp_path, "--no-mouse")
    terminals.append(terminal)
    terminal.wait_for("try the sample")
    assert not any(sequence in terminal.bytes for sequence in MOUSE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_restores_the_terminal_and_keeps_the_session(
    number: signal.Signals, tickets_session: Path, terminals: list[Terminal]
) -> None:
    before = json.loads((tickets_session / "session.json").read_text())
    terminal = Terminal(tickets_session.parents[1], "--session", "small")
    terminals.append(terminal)
    terminal.wait_for("OFFLINE")
    os.kill(terminal.process.pid, number)
    assert terminal.end() == 128 + number
    assert all(sequence in terminal.bytes for sequence in RESTORED)
    assert json.loads((tickets_session / "session.json").read_text()) == before


def test_leaving_prints_how_to_come_back_and_a_kill_comes_back_to_the_same_place(
    tickets_session: Path, terminals: list[Terminal]
) -> None:
    folder = tickets_session.parents[1]
    first = Terminal(folder, "--session", "small")
    terminals.append(first)
    first.wait_for("calibration 140 docs")
    shown = first.text()
    os.kill(first.process.pid, signal.SIGKILL)
    second = Terminal(folder, "--session", "small")
    terminals.append(second)
    second.wait_for("calibration 140 docs")
    first_line = shown.split("\n", maxsplit=1)[0]
    assert second.text().split("\n", maxsplit=1)[0] == first_line
    second.press("q")
    assert second.end() == 0
    assert b"resume with: comprehend-tuner --session small" in second.bytes


@pytest.mark.timeout(240)
def test_the_sample_goes_from_the_first_screen_to_a_saved_file_by_keyboard(
    tmp_path: Path, terminals: list[Terminal]
) -> None:
    terminal = Terminal(tmp_path)
    terminals.append(terminal)
    terminal.wait_for("try the sample")
    terminal.press("t")
    terminal.wait_for("nothing blocks training")
    terminal.press("n")
    terminal.wait_for("r keeps this split")
    terminal.press("r")
    terminal.wait_for("kept as s1")
    terminal.press("n")
    terminal.wait_for("gate +✓ open")
    terminal.press("r")
    terminal.wait_for("run base is trained")
    terminal.press("n")
    terminal.wait_for("units")
    terminal.press("r")
    terminal.wait_for("scored and joined")
    terminal.press("n")
    terminal.wait_for("macro-F1")
    terminal.press("s")
    terminal.wait_for("Save thresholds")
    terminal.press("\r")
    terminal.wait_for("Thresholds saved")
    saved = tmp_path / "sample-thresholds.json"
    labels = json.loads(saved.read_text())["labels"]
    assert any(found["threshold"] < 0.5 for found in labels.values())
    assert {found["grade"] for found in labels.values()} <= set("ABCD")
    terminal.press("\x1b")
    terminal.settle()
    assert terminal.read(3) == b"", "an idle thresholds screen sends nothing"
    for key, seen in (("7", "review"), ("8", "oversample"), ("9", "clean"), ("j", "base/c1/train")):
        terminal.press(key)
        terminal.wait_for(seen)
    terminal.press("q")
    assert terminal.end() == 0
    assert b"resume with: comprehend-tuner --session sample" in terminal.bytes


def test_no_color_and_ascii_are_honoured(
    tickets_session: Path, terminals: list[Terminal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal(
        tickets_session.parents[1], "--session", "small", "--ascii", "--theme", "ansi-dark"
    )
    terminals.append(terminal)
    terminal.wait_for("macro-F1")
    terminal.read(1)
    assert terminal.text().isascii()
    colours = {int(number) for number in re.findall(rb"[34]8;5;([0-9]+)", terminal.bytes)}
    assert colours <= {16, 231, *range(232, 256)}, "greys only"
    assert not re.search(rb"38;5;([0-9]+);48;5;\1m[^ \x1b]", terminal.bytes), "unreadable"


def test_watching_a_running_job_sends_little(
    tickets_session: Path, terminals: list[Terminal]
) -> None:
    with Session(tickets_session).editing() as state:
        state.twin = TwinOptions(returned="all", queue_s=30)
    split_dataset(Session(tickets_session), (0.6, 0.2, 0.2), 11)
    start_training_run(Session(tickets_session), plan_training(Session(tickets_session)))
    terminal = Terminal(tickets_session.parents[1], "--session", "small")
    terminals.append(terminal)
    terminal.wait_for("OFFLINE")
    terminal.press("j")
    terminal.wait_for("run2/c1/train")
    terminal.read(2)
    seconds = 6
    assert len(terminal.read(seconds)) <= 200 * seconds
