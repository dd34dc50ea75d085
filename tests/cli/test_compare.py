"""``compare``, ``calibration`` and ``drift`` as a user calls them."""

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner, Result

from core.cli import calibration_command, compare_command, drift_command
from core.cli.options import Options
from core.comprehend.predictions import load_scores, save_scores
from core.errors import InvalidInput, OperationFailed
from core.text import cell_width
from core.tuning.drift import drift_reference
from core.tuning.thresholds import LabelThreshold, load
from core.workflow.parts import load_part
from core.workflow.session import Session
from tests.core.workflow.comparing import other_session, part_ids, with_texts
from tests.core.workflow.test_compare import noisy, predictions_of, second_run
from tests.recording import record_as_is


@pytest.fixture
def here(tickets_session: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.chdir(tickets_session.parents[1])
    return Session(tickets_session)


def call(module: object, *arguments: str) -> Result:
    command = getattr(module, "command")  # noqa: B009 - modules share the name
    return CliRunner().invoke(command, arguments, obj=Options())


def test_compare_prints_every_pair_with_parts_and_verdicts(here: Session) -> None:
    second_run(here, values=noisy)
    done = call(compare_command, "base", "other", "--resamples", "300")
    assert done.exit_code == 0, done.output
    for words in (
        "OFFLINE",
        "b = other against a = base",
        "measured on test",
        "macro-F1 without",
        "cannot tell",
        "ranking (average precision)",
        "AP of",
        "looked at",
        "tuned on calibration",
    ):
        assert words in done.output
    assert all(cell_width(line) <= 80 for line in done.stdout.splitlines())


def test_compare_fits_80_columns_whatever_is_in_it(here: Session) -> None:
    name = "with-rare-labels-repeated-to-five-hundred"
    second_run(here, name, lambda scores: np.where(scores.values < 0.3, np.nan, scores.values))
    with here.editing() as state:
        path = here.path(state.runs[1].scores["test"].path)
        scores = load_scores(path)
        save_scores(replace(scores, ceilings=np.full_like(scores.ceilings, 0.9)), path)
        record_as_is(here, state)
    done = call(compare_command, "base", name, "--resamples", "300")
    assert done.exit_code == 0, done.output
    assert "scores were not returned" in " ".join(done.stdout.split())
    assert [line for line in done.stdout.splitlines() if cell_width(line) > 80] == []


def test_compare_takes_a_run_of_another_session(here: Session) -> None:
    other_session(here, "larger", with_texts({part_ids(here, "s1", "test")[0]: "another text"}))
    done = call(compare_command, "base", "larger:base", "--resamples", "300")
    assert isinstance(done.exception, InvalidInput), "two sessions are here and none is chosen"
    command = getattr(compare_command, "command")  # noqa: B009 - one way of calling
    arguments = ("base", "larger:base", "--resamples", "300")
    done = CliRunner().invoke(command, arguments, obj=Options(session="small"))
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    for words in (
        "b = larger:base against a = base, 139 documents of test",
        "tuned here",
        "left out of its 140 test documents: 1 not in every test part",
        "that of session larger was looked at",
    ):
        assert words in said
    found = json.loads(
        CliRunner().invoke(command, (*arguments, "--json"), obj=Options(session="small")).stdout
    )
    assert found["pairs"][0]["b"]["left_out"]["not_in_all"] == 1


def test_compare_gives_json_for_machines(here: Session) -> None:
    second_run(here, values=noisy)
    done = call(compare_command, "base", "other", "--resamples", "300", "--json")
    found = json.loads(done.stdout)
    difference = found["pairs"][0]["comparison"]["macro_f1"]
    assert (
        difference["interval"]["low"] <= difference["difference"] <= difference["interval"]["high"]
    )
    assert difference["verdict"] in ("better", "worse", "cannot tell apart")


def test_compare_takes_files_but_not_a_mixture(here: Session) -> None:
    path = str(here.path("runs/base/thresholds.json"))
    done = call(compare_command, path, path, "--run", "base", "--resamples", "300")
    assert done.exit_code == 0 and "nothing differs" in done.output
    assert isinstance(call(compare_command, "base", path).exception, InvalidInput)
    assert isinstance(call(compare_command, "base", "nope").exception, InvalidInput)


def test_calibration_shows_every_label_and_the_bins_of_one(here: Session) -> None:
    every = call(calibration_command)
    assert every.exit_code == 0, every.output
    for words in ("F*/2", "ECE", "billing", "clean", "OFFLINE", "calibration", "optimistic"):
        assert words in every.output
    one = call(calibration_command, "--label", "billing", "--part", "test", "--ascii")
    assert one.exit_code == 0 and "90% interval" in one.output and "#" in one.output
    data = json.loads(call(calibration_command, "--json").stdout)
    label = data["calibration"]["labels"][0]
    assert sum(found["n"] for found in label["bins"]) == label["known"]
    assert isinstance(call(calibration_command, "--label", "nope").exception, InvalidInput)


def with_reference(session: Session, path: Path) -> Path:
    """The run's thresholds file with references of the calibration part."""
    source = session.path("runs/base/thresholds.json")
    state = session.state()
    data = load_part(session, state, state.runs[0], "calibration")
    values = {name: label.threshold for name, label in load(source).labels.items()}
    content = json.loads(source.read_text())
    for name, reference in drift_reference(data, values).items():
        content["labels"][name]["drift_reference"] = msgspec.to_builtins(reference)
    path.write_text(json.dumps(content))
    return path


@pytest.mark.skipif(
    "drift_reference" not in LabelThreshold.__struct_fields__, reason="the file holds none yet"
)
def test_drift_says_what_moved_and_what_it_cannot_say(here: Session, tmp_path: Path) -> None:
    thresholds = str(with_reference(here, tmp_path / "thresholds.json"))
    same = str(predictions_of(here, tmp_path / "same.jsonl"))
    done = call(drift_command, thresholds, same, "--fail")
    assert done.exit_code == 0, done.output
    assert "moved" not in done.stdout.split("tests, together")[0]
    assert "1 more with an error" in done.stdout and "scores alone cannot say" in done.stdout
    lower = str(predictions_of(here, tmp_path / "lower.jsonl", 0.5))
    assert "moved" in call(drift_command, thresholds, lower).stdout
    assert isinstance(call(drift_command, thresholds, lower, "--fail").exception, OperationFailed)
    assert json.loads(call(drift_command, thresholds, lower, "--json").stdout)["labels"]
