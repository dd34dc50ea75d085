"""Limits, duplicates, order and progress of health checks."""

import numpy as np
import pytest

from core.dataset.documents import Dataset
from core.dataset.health.balance import LIMIT_CHECKS as LIMITS
from core.dataset.health.checks import CHECKS, run_checks
from core.dataset.health.findings import DatasetFacts, Finding, HealthContext
from core.errors import Interrupted
from core.progress import CancelToken, Progress, Watch
from tests.core.dataset.health_data import dataset_of, found_in, sentence, sound_rows, with_rows


def _limit(check_id: str, facts: DatasetFacts) -> Finding | None:
    """What one of the checks against limits finds."""
    (check,) = [check for check in LIMITS if check.id == check_id]
    return check.run(facts)


def test_size_limits_count_bytes() -> None:
    big = "é" * (5 * 1024**2 + 1)
    dataset = with_rows((big, ["red"]), ("e" * 10 * 1024**2, ["red"]))
    finding = _limit("document-size", DatasetFacts(HealthContext(dataset=dataset)))
    assert finding is not None
    assert (finding.severity, finding.count) == ("error", 1)
    assert finding.measures == {"largest_bytes": 10 * 1024**2 + 2}


@pytest.mark.parametrize(
    ("gigabytes", "severity"), [(4, "passed"), (4.9, "warning"), (5.1, "error")]
)
def test_dataset_size_against_the_limit(gigabytes: float, severity: str) -> None:
    facts = DatasetFacts(HealthContext(dataset=dataset_of(sound_rows())))
    facts.text_bytes = np.array([int(gigabytes * 1024**3)])
    finding = _limit("dataset-size", facts)
    assert (finding.severity if finding else "passed") == severity


def test_more_than_a_million_documents_are_too_many() -> None:
    def run(count: int) -> Finding | None:
        ids = ["d"] * count
        dataset = Dataset(ids, ids, (), np.zeros((count, 0), np.bool_), "multi-class")
        return _limit("too-many-documents", DatasetFacts(HealthContext(dataset=dataset)))

    assert run(1_000_000) is None
    finding = run(1_000_001)
    assert finding is not None
    assert finding.severity == "error"


def test_byte_order_mark_is_told() -> None:
    dataset = dataset_of(sound_rows())
    assert found_in(dataset, "byte-order-mark").severity == "passed"
    assert found_in(dataset, "byte-order-mark", had_bom=True).severity == "info"


def test_multi_class_may_have_a_thousand_labels() -> None:
    rows = [(sentence(i), [f"label{i % 500}"]) for i in range(1_000)]
    assert found_in(dataset_of(rows, mode="multi-class"), "too-many-labels").severity == "passed"
    assert found_in(dataset_of(rows), "too-many-labels").count == 400


def test_conflicting_texts_stand_together_in_the_examples() -> None:
    one, two = sentence(910), sentence(911)
    dataset = with_rows((one, ["red"]), (two, ["red"]), (one, ["blue"]), (two, ["green"]))
    finding = found_in(dataset, "conflicting-duplicates")
    assert [example.text for example in finding.examples] == [one, one, two, two]
    assert finding.measures == {"texts": 2.0}


def test_blank_documents_are_not_duplicates() -> None:
    dataset = with_rows(("", ["red"]), (" ", ["red"]), ("\n", ["blue"]))
    for check_id in ("exact-duplicates", "conflicting-duplicates", "short-documents"):
        assert found_in(dataset, check_id).severity == "passed"


def test_excerpts_show_the_place_and_keep_the_original_form() -> None:
    text = f"{' '.join(map(sentence, range(20)))} \x1b[31mhere"
    (example,) = found_in(with_rows((text, ["red"])), "control-characters").examples
    assert "\x1b[31mhere" in example.text
    assert example.text in text
    assert example.labels == ("red",)


def test_errors_come_first_and_near_duplicates_can_be_left_out() -> None:
    dataset = with_rows(("", ["red"]), ("a\nb c d", ["bad "]))
    findings = run_checks(HealthContext(dataset=dataset), near_duplicates=False)
    order = ["error", "warning", "info", "passed"]
    ranks = [order.index(finding.severity) for finding in findings]
    assert ranks == sorted(ranks)
    assert {"error", "warning", "info"} <= {finding.severity for finding in findings}
    assert "near-duplicates" not in {finding.id for finding in findings}


def test_checks_report_progress_and_can_be_stopped() -> None:
    events: list[Progress] = []
    context = HealthContext(dataset=dataset_of(sound_rows()))
    run_checks(context, Watch(events.append), near_duplicates=False)
    assert events[-1].done == events[-1].total == len(CHECKS)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Interrupted):
        run_checks(context, watch=Watch(token=cancel))


def test_an_empty_dataset_gives_findings_and_no_crash() -> None:
    empty = Dataset([], [], (), np.zeros((0, 0), dtype=np.bool_), "multi-label")
    findings = run_checks(HealthContext(empty, np.zeros(0, np.int8), ("train", "test")))
    errors = {finding.id for finding in findings if finding.severity == "error"}
    assert errors == {"too-few-documents", "too-few-labels"}
