"""Sessions, reports and thresholds files of earlier versions open, and come to the same figures."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.cli.main import main
from core.decoding import Undecodable
from core.tuning.thresholds import load
from core.workflow.reports import REPORT_VERSION, plain_report, read_report
from core.workflow.session import Session
from core.workflow.thresholds import load_report

WRITTEN = Path(__file__).parent / "fixtures" / "v0_1_0"
EXPECTED = WRITTEN / "expected"
COMMANDS: dict[str, dict[str, Any]] = json.loads((EXPECTED / "index.json").read_bytes())
SESSIONS = ("tickets", "queues", "half")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with copies of the old sessions and thresholds files."""
    folder = tmp_path / "work"
    for name in SESSIONS:
        shutil.copytree(WRITTEN / name, folder / ".comprehend-tuner" / name)
    shutil.copytree(WRITTEN / "thresholds", folder / "thresholds")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "80")
    return folder


def differences(expected: Any, actual: Any, place: str = "$") -> Iterator[str]:
    """Places where `actual` lacks a value of `expected` or has another; it may have more keys."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            if key in actual:
                yield from differences(value, actual[key], f"{place}.{key}")
            else:
                yield f"{place}.{key}"
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for number, (one, other) in enumerate(zip(expected, actual, strict=True)):
            yield from differences(one, other, f"{place}[{number}]")
    elif type(expected) is not type(actual) or expected != actual:
        yield place


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_print_the_figures_that_the_earlier_version_printed(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = COMMANDS[name]
    code = main(["--session", asked["session"], "--json", "--yes", *asked["command"]])
    text = capsys.readouterr().out.replace(str(folder.resolve()), "DIR")
    is_lines = asked["command"][0] == "apply"
    actual = [json.loads(line) for line in text.splitlines()] if is_lines else json.loads(text)
    expected = json.loads((EXPECTED / name).read_bytes())
    places = set(differences(expected, actual)) - set(asked["depends_on_time"])
    assert (code, sorted(places)) == (asked["exit_code"], [])


@pytest.mark.parametrize("name", SESSIONS)
def test_sessions_open_and_are_read_to_the_end(name: str, folder: Path) -> None:
    session = Session(folder / ".comprehend-tuner" / name)
    state = session.state()
    assert state.name == name
    assert all(load_report(session, run).labels for run in state.runs if run.thresholds)


REPORTS = sorted(WRITTEN.glob("*/runs/*/report.json"))


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: "-".join(path.parts[-4:-1:2]))
def test_reports_give_back_every_figure(path: Path, folder: Path) -> None:
    session = Session(folder / ".comprehend-tuner" / path.relative_to(WRITTEN).parts[0])
    (run,) = (run for run in session.state().runs if run.name == path.parent.name)
    report, stored = load_report(session, run), json.loads(path.read_bytes())
    assert (report.run, report.made_at) == (stored["run"], stored["made_at"])
    for label, old in zip(report.labels, stored["labels"], strict=True):
        assert (label.label, label.threshold) == (old["label"], old["threshold"])
        for at in ("default", "tuned", "tuned_optimistic"):
            figures = getattr(label, at)
            assert {key: getattr(figures, key) for key in old[at]} == old[at]


@pytest.mark.parametrize("path", sorted(WRITTEN.glob("thresholds/*.json")), ids=lambda p: p.stem)
def test_thresholds_files_decide(path: Path) -> None:
    stored, thresholds = json.loads(path.read_bytes()), load(path)
    assert {label: row["threshold"] for label, row in stored["labels"].items()} == {
        label: row.threshold for label, row in thresholds.labels.items()
    }
    for classifier in thresholds.classifiers:
        first, *others = classifier.labels
        reply = [{"Name": first, "Score": 1.0}, *({"Name": x, "Score": 0.0} for x in others)]
        assert set(thresholds.decide(reply, classifier.arn)) <= {first}


def test_an_old_report_is_written_as_one_of_now_without_loss() -> None:
    old = read_report(REPORTS[0].read_bytes())
    data = msgspec.json.encode(plain_report(old))
    assert json.loads(data)["version"] == REPORT_VERSION == 2
    assert read_report(data) == old
    newer = json.loads(data) | {"version": 3}
    with pytest.raises(Undecodable, match="version 3"):
        read_report(json.dumps(newer).encode())
