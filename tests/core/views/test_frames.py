"""The tables that leave the product: what they hold, in full precision, and safe to open."""

import math
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from core.cli import compare_command, health_command, split_command, thresholds_command
from core.cli.options import Options
from core.dataset.health.findings import LabelCount
from core.errors import OperationFailed
from core.views.frames import experiment_frame, labels_frame, write_csv
from core.workflow.session import Session
from core.workflow.thresholds import load_report
from tests.cli.test_experiment_text import report as experiment_report
from tests.core.workflow.test_compare import noisy, second_run

RUN_BY_SPREADSHEETS = ("=1+1", "+cmd", "-2", "@sum", "\tx")


@pytest.fixture
def here(tickets_session: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.chdir(tickets_session.parents[1])
    return Session(tickets_session)


def call(module: object, *arguments: str, dry_run: bool = False) -> Result:
    command = getattr(module, "command")  # noqa: B009 - modules share the name
    return CliRunner().invoke(command, arguments, obj=Options(dry_run=dry_run))


def labels(*names: str) -> pd.DataFrame:
    counts = [LabelCount(label, 7, 1 / 3, math.inf) for label in names]
    return labels_frame(counts, {name: {"train": 5, "test": 2} for name in names}, [])


def test_text_that_a_spreadsheet_would_run_is_defused_unless_it_is_wanted_raw(
    tmp_path: Path,
) -> None:
    frame = labels(*RUN_BY_SPREADSHEETS, "plain")
    write_csv(frame, tmp_path / "safe.csv")
    write_csv(frame, tmp_path / "raw.csv", is_raw=True)
    safe, raw = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("safe", "raw"))
    assert safe["label"].tolist() == [*(f"'{label}" for label in RUN_BY_SPREADSHEETS), "plain"]
    assert raw["label"].tolist() == [*RUN_BY_SPREADSHEETS, "plain"]


def test_numbers_keep_their_sign_and_every_digit(tmp_path: Path) -> None:
    frame = pd.DataFrame({"label": ["a", "b"], "difference": [-0.1 - 0.2, 4e-5]})
    write_csv(frame, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "label,difference\na,-0.30000000000000004\nb,4e-05\n"


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "here" / "folder"
    folder.mkdir(parents=True)
    with pytest.raises(OperationFailed):
        write_csv(labels("a"), folder)
    assert list(folder.parent.iterdir()) == [folder] and not list(folder.iterdir())


def test_an_experiment_has_a_row_per_arm_and_figure() -> None:
    frame = experiment_frame(experiment_report())
    assert len(frame) == 3 * 4 and frame["arm"].nunique() == 3
    best = frame[(frame["arm"] == "n500-from10-2") & (frame["name"] == "macro")].iloc[0]
    assert best["f1_tuned_effect_difference"] == 0.0314
    assert best["f1_tuned_effect_interval_low"] == 0.0002
    assert frame["f1_tuned_effect_difference"].isna().sum() == 4, "the base has no effect"


def test_health_writes_labels_with_their_positives_by_part(here: Session) -> None:
    done = call(health_command, "--no-near-duplicates", "--csv", "labels.csv")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == f"table: {Path('labels.csv').resolve()}"
    frame = pd.read_csv("labels.csv", keep_default_na=False)
    split = here.state().split
    assert split is not None
    for row in frame.to_dict("records"):
        assert {part: row[f"in_{part}"] for part in split.part_names} == split.support[row["label"]]
    assert frame["documents"].is_monotonic_decreasing


def test_split_writes_its_audit_and_a_dry_run_writes_nothing(here: Session) -> None:
    before = here.state_path.read_bytes()
    done = call(split_command, "--csv", "split.csv", dry_run=True)
    assert f"would write: {Path('split.csv').resolve()}" in done.stdout
    assert not Path("split.csv").exists() and here.state_path.read_bytes() == before
    assert call(split_command, "--csv", "split.csv").exit_code == 0
    frame = pd.read_csv("split.csv")
    shares = frame[["share_train", "share_calibration", "share_test"]].sum(axis=1)
    assert shares.tolist() == pytest.approx([1.0] * len(frame))


def test_thresholds_write_every_figure_in_full_precision(here: Session) -> None:
    report = load_report(here, here.state().run_named(None))
    assert call(thresholds_command, "--csv", "t.csv").exit_code == 0
    frame = pd.read_csv("t.csv")
    assert frame["label"].tolist() == [label.label for label in report.labels]
    assert frame["threshold"].tolist() == [label.threshold for label in report.labels]
    intervals = [label.f1_interval for label in report.labels]
    assert frame["f1_interval_low"].tolist() == [each.low for each in intervals if each]
    assert {"support_test", "default_f1", "tuned_tp", "evidence_grade", "tuned_on"} <= {*frame}


def test_compare_writes_every_pair_label_by_label(here: Session) -> None:
    second_run(here, values=noisy)
    done = call(compare_command, "base", "other", "--resamples", "300", "--csv", "c.csv")
    assert done.exit_code == 0, done.output
    frame = pd.read_csv("c.csv")
    assert set(frame["run_b"]) == {"other"} and {"macro-F1", "micro-F1"} <= {*frame["name"]}
    assert frame["difference"].tolist() == pytest.approx((frame["b"] - frame["a"]).tolist())
    assert (frame["interval_low"] <= frame["interval_high"]).all()
