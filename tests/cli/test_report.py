"""``report`` as a user calls it."""

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from core.cli import report_command
from core.cli.options import Options
from core.errors import InvalidInput
from core.views.report_data import FullReport
from core.workflow.session import Session


@pytest.fixture
def here(tickets_session: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tickets_session.parents[1]
    monkeypatch.chdir(folder)
    return folder


def call(*arguments: str, options: Options | None = None) -> Result:
    return CliRunner().invoke(report_command.command, arguments, obj=options or Options())


def test_it_writes_markdown_and_json_beside_each_other(here: Path) -> None:
    done = call()
    assert done.exit_code == 0, done.output
    markdown = (here / "report-small-base.md").read_text(encoding="utf-8")
    assert markdown.startswith("# Run base of session small\n") and "OFFLINE" in markdown
    data = (here / "report-small-base.json").read_bytes()
    assert msgspec.json.decode(data, type=FullReport).run == "base"
    assert json.loads(data)["format"] == "comprehend-tuner/report"
    assert not (here / "report-small-base.html").exists()
    assert "report-small-base.md" in done.stdout and "OFFLINE" in done.stdout


def test_html_goes_where_it_is_told(here: Path) -> None:
    done = call("--html", "--run", "base", "--out", "reports/first.html")
    assert done.exit_code == 0, done.output
    assert {path.name for path in (here / "reports").iterdir()} == {
        "first.md",
        "first.json",
        "first.html",
    }
    assert (here / "reports/first.html").read_text().startswith("<!DOCTYPE html>")


def test_json_prints_the_report_for_machines(here: Path) -> None:
    found = json.loads(call("--json").stdout)
    assert len(found["files"]) == 2 and all(Path(path).is_file() for path in found["files"])
    assert found["report"]["tuning"]["measured_on"] == "test"


def test_a_dry_run_writes_nothing_and_takes_no_look(here: Path) -> None:
    session = Session(here / ".comprehend-tuner" / "small")
    before = session.state_path.read_bytes()
    done = call("--html", options=Options(dry_run=True))
    assert done.exit_code == 0 and "would write" in done.stdout
    assert not list(here.glob("report-*")) and session.state_path.read_bytes() == before


def test_an_unknown_run_is_refused(here: Path) -> None:
    error = call("--run", "nope").exception
    assert isinstance(error, InvalidInput) and "No such run" in error.title
    assert not list(here.glob("report-*"))
