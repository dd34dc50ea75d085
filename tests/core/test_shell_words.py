"""Words of shell commands and JSON: safe for a terminal, and the same to the letter once read."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from core.cli.main import main
from core.cli.options import Options, again
from core.text import command_line, command_word, json_printable, printable
from core.workflow.overview import session_overview
from core.workflow.session import Session

NASTY = (
    "plain",
    "two words; rm -rf ~",
    'it\'s $HOME `id` \\ "x"',
    "tab\tand\nline",
    "esc\x1b[2J\x9b2Jc1\x85",
    "bidi\u202eolleh\u2066",
    "wide 𝄞 \U000e0041 é",
)


@pytest.mark.parametrize("text", NASTY)
def test_a_word_is_printable_and_comes_back_from_the_shell(text: str) -> None:
    word = command_word(text)
    assert printable(word) == word
    said = subprocess.run(
        [shutil.which("bash") or "bash", "-c", f"printf %s {word}"],
        capture_output=True,
        check=True,
        env={"LC_ALL": "C.UTF-8"},
    )
    assert said.stdout.decode() == text


def test_a_line_is_its_words() -> None:
    assert command_line(["a", "b c", "d\te"]) == "a 'b c' $'d\\u0009e'"


@pytest.mark.parametrize("text", NASTY)
def test_json_means_the_same_and_holds_nothing_that_a_terminal_obeys(text: str) -> None:
    shown = json_printable(json.dumps({text: [text]}, ensure_ascii=False, indent=1))
    assert json.loads(shown) == {text: [text]}
    assert all(printable(line) == line for line in shown.split("\n"))


def test_the_command_that_goes_on_quotes_the_session() -> None:
    options = Options(session="a; rm -rf \x9b2J~")
    assert again(options, Session(Path("x")), "jobs") == (
        "comprehend-tuner --session $'a; rm -rf \\u009b2J~' jobs"
    )


def test_the_app_quotes_a_folder_with_control_characters(tickets_session: Path) -> None:
    folder = tickets_session.parent / "a;\x1b[2Jb"
    tickets_session.rename(folder)
    argument = session_overview(Session(folder)).argument(folder.parent.parent.parent)
    assert printable(argument) == argument and "$'" in argument


def test_json_of_a_command_holds_no_raw_control_or_direction_mark(
    tickets_session: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tickets_session.parents[1])
    session = Session(tickets_session)
    with session.editing() as state:
        state.runs[0].notes = ("c1 \x9b2J and \u202eback",)
    assert main(["--json", "jobs"]) == 0 and main(["--json", "report"]) == 0
    shown = capsys.readouterr().out
    assert "\x9b" not in shown and "\u202e" not in shown
