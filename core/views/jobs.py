"""Jobs, steps, endpoints and resources of a session as text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.text import plural, printable
from core.views.blocks import table
from core.views.numbers import amount, duration, threshold, usd
from core.views.terminal import table_text

if TYPE_CHECKING:
    from core.workflow.cleanup import CleanedUp, Inventory
    from core.workflow.endpoints import EndpointRow
    from core.workflow.following import JobRow
    from core.workflow.overview import Overview
    from core.workflow.trial import Trial

STEP_SIGNS = {"blocked": "–", "ready": "›", "running": "…", "done": "✓", "stale": "!"}


def jobs_text(rows: Sequence["JobRow"]) -> str:
    """Every job: state, elapsed time, message."""
    if not rows:
        return "no jobs yet"
    left = ["kind", "state", "note"]
    cells = [
        [row.id, row.kind, row.state, duration(row.elapsed_s), row.progress or row.message]
        for row in rows
    ]
    shown = table(["job", "kind", "state", "elapsed", "note"], cells, left=left)
    return f"{plural(len(rows), 'job')}\n{table_text(shown, widest=60)}"


def steps_text(overview: "Overview") -> str:
    """Every step of a session: where it stands."""
    left = ["status", "detail"]
    rows = [
        [f"{s.step.key} {s.step.title}", f"{STEP_SIGNS[s.status]} {s.status}", s.detail]
        for s in overview.statuses
    ]
    return table_text(table(["step", *left], rows, left=left), widest=70)


def endpoints_text(rows: Sequence["EndpointRow"]) -> str:
    """Every endpoint, with its price and when it is deleted."""
    if not rows:
        return "no endpoint yet"
    from core.workflow.overview import local_time, utc_now

    cells = []
    for row in rows:
        at = local_time(row.deleted_at or row.delete_at, utc_now())
        verb = "overdue since" if row.is_overdue else "until" if row.is_live else "gone since"
        prices = map(amount, (row.usd_per_hour, row.so_far_usd, row.until_usd))
        cells.append([row.name, f"{row.run}/{row.classifier}", row.state, *prices, f"{verb} {at}"])
    columns = ["endpoint", "classifier", "state", "$/hour", "$ so far", "$ in all", "time"]
    notes = [f"{row.name}: {printable(row.message, 300)}" for row in rows if row.message]
    shown = table(columns, cells, left=["classifier", "state", "time"])
    return "\n".join([table_text(shown), *notes])


def trial_text(trial: "Trial") -> str:
    """Score, threshold and decision per label of one text."""
    cells = [
        [
            row.label,
            threshold(row.score, row.threshold),
            threshold(row.threshold, row.score),
            " ".join(filter(None, (row.decision, f"({row.note})" if row.note else ""))),
        ]
        for row in trial.rows
    ]
    labels = ", ".join(printable(label, 60) for label in trial.labels) or "no label"
    source = "its thresholds" if trial.has_thresholds else ".5 for every label: not tuned yet"
    decisions = table(["label", "score", "threshold", "decision"], cells, left=["decision"])
    return f"{labels} — {trial.run}/{trial.classifier}, {source}\n{table_text(decisions)}"


def inventory_text(inventory: "Inventory") -> str:
    """What a clean-up would delete, with its price a month."""
    run = f" · run {printable(inventory.run, 60)}" if inventory.run else ""
    bucket = f"bucket {printable(inventory.bucket, 80)}" if inventory.bucket else "no bucket"
    where = f"{inventory.engine} · {bucket}{run}"
    notes = [
        *(f"asked for and not found: {printable(name, 80)}" for name in inventory.unresolved),
        *(f"cannot tell: {sentence}" for sentence in inventory.cannot_tell),
        *inventory.stays,
    ]
    if not inventory.rows:
        return "\n".join([f"nothing to delete on {where}", *notes])
    rows = [
        [
            row.kind,
            row.created_at[:16].replace("T", " "),
            row.state,
            amount(row.monthly_usd),
            row.name,
        ]
        for row in inventory.rows
    ]
    columns = ["kind", "created", "state", "$ a month", "name"]
    price = f"{usd(inventory.monthly_usd)} a month"
    return "\n".join(
        [
            where,
            table_text(table(columns, rows, left=["created", "state", "name"]), widest=400),
            f"keeping it costs {price}"
            if inventory.is_paid
            else f"keeping it costs nothing offline (on AWS: {price})",
            *notes,
        ]
    )


def cleaned_text(done: "CleanedUp") -> str:
    """What became of each thing, then what is left with its price, then the proof."""
    lines = [
        f"{result.outcome}: {result.item.kind} {printable(result.item.name)}"
        + (f" ({result.message})" if result.message else "")
        for result in done.results
    ]
    left = [
        f"left: {item.kind} {printable(item.name)}, {usd(item.monthly_usd)} a month"
        for item in done.left
    ]
    return "\n".join([*lines, *left, *done.proof])
