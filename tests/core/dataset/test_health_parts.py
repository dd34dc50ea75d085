"""Checks of a split."""

from collections.abc import Callable

import numpy as np

from core.dataset.health.checks import run_part_checks
from core.dataset.health.findings import Finding, HealthContext
from tests.core.dataset.health_data import dataset_of, sentence, sound_rows

Rows = list[tuple[str, list[str]]]


def _split(rows: Rows, part_of: Callable[[int], int], **more: object) -> HealthContext:
    dataset = dataset_of(rows, **more)  # type: ignore[arg-type]
    parts = np.array([part_of(row) for row in range(len(rows))], dtype=np.int8)
    return HealthContext(dataset, parts, ("train", "calibration", "test"))


def _part_finding(context: HealthContext, check_id: str) -> Finding:
    (finding,) = [finding for finding in run_part_checks(context) if finding.id == check_id]
    return finding


def test_e2_the_same_text_in_two_parts_is_an_error() -> None:
    text = sentence(920)
    rows: Rows = [(text, ["red"]), *sound_rows(), (text.upper(), ["red"]), (text, ["red"])]
    last = len(rows) - 1
    finding = _part_finding(_split(rows, lambda row: 2 if row == last else 0), "part-overlap")
    assert (finding.severity, finding.count) == ("error", 3)
    finding = _part_finding(_split(rows, lambda row: -1 if row == last else 0), "part-overlap")
    assert finding.severity == "passed"


def test_a_group_in_two_parts_is_an_error() -> None:
    groups = ["", "", "g1", "g1", "g2", "g2", *[f"own{row}" for row in range(174)]]
    context = _split(sound_rows(), lambda row: int(row in (0, 3)), groups=groups)
    finding = _part_finding(context, "group-overlap")
    assert (finding.severity, finding.count) == ("error", 2)
    assert [example.id for example in finding.examples] == ["d2", "d3"]


def test_e5_quota_is_checked_in_the_training_part_after_the_split() -> None:
    rows = sound_rows()
    for row in range(11):
        rows[row] = (rows[row][0], ["rare"])
    context = _split(rows, lambda row: 0 if row >= 11 else row % 3)
    finding = _part_finding(context, "rare-in-training")
    assert (finding.severity, finding.labels) == ("error", ("rare",))
    assert finding.measures == {"rare": 4.0}
    enough = _split(rows, lambda row: 0 if row != 10 else 2)
    assert _part_finding(enough, "rare-in-training").severity == "passed"


def test_e5_test_and_calibration_part_must_hold_every_label() -> None:
    rows = sound_rows()
    for row in range(12):
        rows[row] = (rows[row][0], ["rare"])
    context = _split(rows, lambda row: 0 if row < 12 else row // 3 % 3)
    finding = _part_finding(context, "test-lacks-labels")
    assert (finding.severity, finding.labels) == ("error", ("rare",))
    finding = _part_finding(context, "calibration-lacks-labels")
    assert (finding.severity, finding.labels) == ("warning", ("rare",))
    assert _part_finding(context, "rare-in-training").severity == "passed"


def test_few_positives_to_tune_on_are_told() -> None:
    rows = sound_rows()
    for row in range(30):
        rows[row] = (rows[row][0], ["rare"])

    def parts(n_calibration: int) -> HealthContext:
        return _split(rows, lambda row: int(row < n_calibration) if row < 30 else row // 3 % 3)

    finding = _part_finding(parts(9), "few-to-tune")
    assert (finding.severity, finding.labels) == ("warning", ("rare",))
    assert finding.measures == {"rare": 9.0}
    assert _part_finding(parts(10), "few-to-tune").severity == "passed"
