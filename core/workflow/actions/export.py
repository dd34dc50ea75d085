"""Write a run's report as a table that spreadsheets and pandas read."""

from pathlib import Path

import msgspec

from core.files import write_atomic
from core.workflow.reports import RunReport


def export_report(report: RunReport, path: Path) -> None:
    """Write one CSV row per label, in full precision, with the parts the figures belong to.

    Raises:
        OperationFailed: the file cannot be written.
    """
    import pandas as pd

    rows = []
    for label in report.labels:
        row = msgspec.structs.asdict(label)
        for part, count in row.pop("support").items():
            row[f"support_{part}"] = count
        for name in ("default", "tuned", "tuned_optimistic"):
            figures = msgspec.structs.asdict(row.pop(name))
            row |= {f"{name}_{key}": value for key, value in figures.items()}
        row |= {"tuned_on": report.tuned_on, "measured_on": report.measured_on}
        rows.append(row | {"engine": report.engine, "run": report.run})
    write_atomic(path, pd.DataFrame(rows).to_csv(index=False).encode("utf-8"), mode=0o644)
