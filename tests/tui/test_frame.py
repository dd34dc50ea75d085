"""The frame of the app: first screen, keys, help, log, clipboard, leaving."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.workflow.step_table import STEPS
from tests.tui.conftest import OpenApp, screen_text, wait_for_jobs
from tui.help_pages import PAGES, TERMS
from tui.keys import EVERYWHERE, SCREENS, footer_keys, help_rows, readme_table
from tui.render import clipboard_sequence
from tui.screens import SCREEN_CLASSES, step_screen
from tui.windows import DestroyModal, PayModal, TextModal

SIZES = ((60, 15), (80, 24), (200, 60))
THEMES = ("textual-dark", "textual-light", "ansi-dark")


async def test_the_first_screen_offers_sessions_a_new_one_and_the_sample(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(None, directory=tickets_session.parents[1]) as (app, _):
        text = screen_text(app)
    assert "small · 700 documents · next: done · OFFLINE" in text
    assert "new session from a labelled file" in text
    assert "try the sample (offline, free)" in text


async def test_enter_opens_the_highlighted_session_where_it_stands(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(None, directory=tickets_session.parents[1]) as (app, pilot):
        await pilot.press("enter")
        await wait_for_jobs(app, pilot)
        assert app.overview is not None and app.overview.folder == tickets_session
        assert "OFFLINE" in screen_text(app)
        await pilot.press("escape")
        await wait_for_jobs(app, pilot)
        assert app.overview is None


async def test_the_sample_is_imported_and_opened(open_app: OpenApp, tmp_path: Path) -> None:
    async with open_app(None, directory=tmp_path) as (app, pilot):
        await pilot.press("t")
        await wait_for_jobs(app, pilot)
        assert app.overview is not None
        assert app.overview.state.dataset.documents == 6000


@pytest.mark.parametrize("number", range(1, 10))
async def test_digits_open_steps(number: int, open_app: OpenApp, tickets_session: Path) -> None:
    async with open_app(tickets_session, "jobs") as (app, pilot):
        await pilot.press(str(number))
        await wait_for_jobs(app, pilot)
        assert (
            getattr(app.screen, "step_id", "")
            == list(SCREEN_CLASSES)[number - 1 if number < 6 else number]
        )


@pytest.mark.parametrize("step", SCREEN_CLASSES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", THEMES)
async def test_every_screen_fits_every_size_and_theme(
    step: str, size: tuple[int, int], theme: str, open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, step, size=size, theme=theme) as (app, _):
        lines = screen_text(app).split("\n")
    assert max(map(len, lines)) <= size[0]
    assert any(line.strip() for line in lines)


@pytest.mark.parametrize("step", SCREEN_CLASSES)
async def test_ascii_screens_send_nothing_but_ascii(
    step: str, open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, step, ascii_only=True) as (app, _):
        text = screen_text(app)
    marks_in_data = {"⏎", "…"}
    assert {c for c in text if not c.isascii()} <= marks_in_data


@pytest.mark.parametrize("step", ["sessions", *SCREEN_CLASSES])
async def test_help_explains_the_step_and_its_keys(
    step: str, open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "jobs" if step == "sessions" else step) as (app, pilot):
        if step == "sessions":
            await pilot.press("escape")
        await pilot.press("question_mark")
        await pilot.pause()
        text = screen_text(app)
        assert f"Help · {PAGES[step].title}" in text
        await pilot.press("escape")
        await pilot.pause()
        assert "Help ·" not in screen_text(app)


def test_keys_of_a_screen_are_unique_and_every_action_exists() -> None:
    for scope, keys in SCREENS.items():
        names = [name for key in keys for name in key.keys]
        assert len(names) == len(set(names)), scope
        if scope in SCREEN_CLASSES:
            screen = type(step_screen(scope))
            for key in keys:
                action = f"action_{key.action.split('(')[0]}"
                assert hasattr(screen, action), (scope, action)


def test_the_footer_never_shows_more_than_seven_keys() -> None:
    assert all(len(footer_keys(scope)) <= 7 for scope in SCREENS)


def test_help_lists_every_key_of_the_registry() -> None:
    for scope, keys in SCREENS.items():
        purposes = {purpose for _, purpose in help_rows(scope)}
        assert {key.purpose for key in keys} <= purposes
    assert set(PAGES) == {"sessions", *SCREEN_CLASSES}
    assert all(term in TERMS for page in PAGES.values() for term in page.terms)


def test_every_action_is_on_a_plain_key_too() -> None:
    for key in (*EVERYWHERE, *(key for keys in SCREENS.values() for key in keys)):
        plain = [k for k in key.keys if not k.startswith(("ctrl+", "alt+", "shift+"))]
        assert plain or key.action == "command_palette", key


async def test_the_log_tells_what_was_done_and_filters(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "jobs") as (app, pilot):
        await pilot.press("l")
        await pilot.pause()
        assert "thresholds" in screen_text(app)
        await pilot.press("slash")
        await pilot.pause()
        await pilot.press(*"trained")
        await pilot.pause()
        assert "Log · 2 of" in screen_text(app)


async def test_the_equivalent_command_names_the_session(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "split") as (app, pilot):
        await pilot.press("y")
        await pilot.pause()
        assert "comprehend-tuner --session small split" in screen_text(app)


@pytest.mark.parametrize("keys", [("enter",), ("enter", "enter"), ("escape",), ("n",)])
async def test_only_y_pays(keys: tuple[str, ...], open_app: OpenApp, tickets_session: Path) -> None:
    answers: list[bool | None] = []
    async with open_app(tickets_session, "jobs") as (app, pilot):
        app.push_screen(PayModal("Train", ["$3.00 on AWS"], "train"), answers.append)
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        assert answers == [False]
        app.push_screen(PayModal("Train", ["$3.00 on AWS"], "train"), answers.append)
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
    assert answers == [False, True]


async def test_destroying_needs_the_name(open_app: OpenApp, tickets_session: Path) -> None:
    answers: list[bool | None] = []
    async with open_app(tickets_session, "jobs") as (app, pilot):
        app.push_screen(DestroyModal("Delete", ["all of it"], "small"), answers.append)
        await pilot.pause()
        await pilot.press("y", "enter")
        await pilot.pause()
        assert answers == []
        await pilot.press("backspace", *"small", "enter")
        await pilot.pause()
    assert answers == [True]


async def test_outside_text_in_a_window_is_literal(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "jobs") as (app, pilot):
        app.push_screen(TextModal("[/foo] \x1b[2J", "[@click=app.quit]x[/] \x1b]52;c;aGk=\x07"))
        await pilot.pause()
        text = screen_text(app)
        app.say("[/bar]")
        await pilot.pause()
    assert "[/foo]" in text and "[@click=app.quit]x[/]" in text
    assert "\x1b" not in text


async def test_an_unexpected_error_is_shown_and_the_app_lives(
    open_app: OpenApp, tickets_session: Path
) -> None:
    async with open_app(tickets_session, "jobs") as (app, pilot):
        app.show_defect(ZeroDivisionError("division [/by] zero"))
        await pilot.pause()
        assert "ZeroDivisionError: division [/by] zero" in screen_text(app)
        await pilot.press("escape", "2")
        await wait_for_jobs(app, pilot)
        assert getattr(app.screen, "step_id", "") == "health"


def test_copying_is_wrapped_for_tmux_and_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert clipboard_sequence("hi") == "\x1b]52;c;aGk=\x07"
    monkeypatch.setenv("TMUX", "/tmp/tmux")
    assert clipboard_sequence("hi") == "\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\"
    monkeypatch.delenv("TMUX")
    monkeypatch.setenv("TERM", "screen")
    assert clipboard_sequence("hi") == "\x1bP\x1b]52;c;aGk=\x07\x1b\\"
    assert clipboard_sequence("x" * 80_000) is None


def test_the_app_loads_nothing_heavy_before_its_first_frame() -> None:
    program = (
        "import sys, tui.app, tui.screens.sessions\n"
        "print(sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    for name in ("pandas", "sklearn", "scipy", "boto3", "botocore", "plotext", "numpy"):
        assert f"'{name}'" not in done.stdout, name


@pytest.mark.parametrize("step", SCREEN_CLASSES)
async def test_the_key_of_the_open_step_changes_nothing(
    step: str, open_app: OpenApp, tickets_session: Path
) -> None:
    keys = {**{step.id: step.key for step in STEPS}, "jobs": "j", "endpoint": "E"}
    async with open_app(tickets_session, step) as (app, pilot):
        screen = app.screen
        await pilot.press(keys[step])
        await wait_for_jobs(app, pilot)
        assert app.screen is screen


def test_the_readme_shows_the_keys_of_the_registry() -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    assert f"<!-- keys -->\n{readme_table()}\n<!-- /keys -->" in readme
