"""The tables that leave the product as pandas frames and CSV, in full precision.

A frame holds values, not digits for reading: one row per label, arm or average, one column per
value, and an interval or a range as two columns that end in ``_low`` and ``_high``.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from core.files import write_atomic
from core.spreadsheet import csv_bytes

if TYPE_CHECKING:
    import pandas as pd

    from core.dataset.health.findings import Finding, LabelCount
    from core.dataset.splits import SplitAudit
    from core.workflow.compare import CompareReport
    from core.workflow.experiments.plan import ExperimentReport
    from core.workflow.reports import RunReport


def labels_frame(
    labels: Sequence["LabelCount"],
    support: Mapping[str, Mapping[str, int]],
    findings: Sequence["Finding"],
) -> "pd.DataFrame":
    """A row per label: documents, share, imbalance, positives by part, the findings that name it.

    Args:
        labels: of the newest dataset revision.
        support: positives by label and part of its split; empty without one.
        findings: of the health check.
    """
    return _frame(
        {
            "label": each.label,
            "documents": each.count,
            "share": each.share,
            "imbalance": each.imbalance,
            **{f"in_{part}": number for part, number in support.get(each.label, {}).items()},
            "findings": " ".join(
                finding.id
                for finding in findings
                if finding.severity != "passed" and each.label in finding.labels
            ),
        }
        for each in labels
    )


def split_frame(audit: "SplitAudit") -> "pd.DataFrame":
    """A row per label: positives and share of them in every part, largest relative deviation."""
    return _frame(
        {
            "label": each.label,
            **{f"in_{p}": n for p, n in zip(audit.part_names, each.counts, strict=True)},
            **{f"share_{p}": s for p, s in zip(audit.part_names, each.shares, strict=True)},
            "deviation": each.deviation,
        }
        for each in audit.labels
    )


def thresholds_frame(report: "RunReport") -> "pd.DataFrame":
    """A row per label with every figure, and the parts that the figures belong to."""
    from core.workflow.reports import plain_report

    whose = {name: getattr(report, name) for name in ("tuned_on", "measured_on", "engine", "run")}
    return _frame({**_flat(label), **whose} for label in plain_report(report)["labels"])


def comparison_frame(report: "CompareReport") -> "pd.DataFrame":
    """A row per pair of runs and average or label; ``a`` and ``b`` are their F1."""
    from core.views.comparison import differences

    return _frame(
        {
            "run_a": pair.a.name,
            "run_b": pair.b.name,
            **_flat(msgspec.to_builtins(difference)),
            "part": pair.comparison.part,
            "engine": report.engine,
        }
        for pair in report.pairs
        for difference in differences(pair.comparison)
    )


def experiment_frame(report: "ExperimentReport") -> "pd.DataFrame":
    """A row per arm and label or average, the base first."""
    arms = (report.comparison.base, *report.comparison.arms)
    return _frame(
        {
            "experiment": report.experiment,
            "arm": arm.arm,
            "kind": arm.kind,
            "outcome": arm.outcome,
            "positives": arm.positives.get(figures.name),
            "distinct": arm.distinct.get(figures.name),
            **_flat(msgspec.to_builtins(figures)),
            "tuned_on": report.tuned_on,
            "measured_on": report.measured_on,
            "engine": report.engine,
        }
        for arm in arms
        for figures in (*arm.labels, arm.macro, arm.micro)
    )


def write_csv(frame: "pd.DataFrame", path: Path, is_raw: bool = False) -> None:
    """Write a frame as CSV in UTF-8, so that a reader sees the old file or all of the new.

    Args:
        frame: the table.
        path: where to.
        is_raw: leave text as it is that a spreadsheet would run as a formula; otherwise such a cell
            gets a leading apostrophe.

    Raises:
        OperationFailed: the file cannot be written.
    """
    rows = frame.itertuples(index=False, name=None)
    write_atomic(path, csv_bytes((frame.columns, *rows), is_raw), mode=0o644)


def _frame(rows: Any) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(list(rows))


def _flat(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values under one another as columns beside each other, their names joined by ``_``."""
    row: dict[str, Any] = {}
    for key, value in nested.items():
        if isinstance(value, Mapping):
            row |= _flat(value, f"{prefix}{key}_")
        else:
            row[f"{prefix}{key}"] = value
    return row
