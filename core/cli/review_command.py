"""``review``: read the documents around a label's threshold, and apply what was marked."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from core.cli.options import Options, again, chosen_session, common_options
from core.text import plural, printable
from core.views.blocks import table
from core.views.numbers import count, threshold
from core.views.terminal import table_text

if TYPE_CHECKING:
    from core.workflow.relabel import Relabelling
    from core.workflow.review import LabelErrors, ListName, Review, ReviewData, ReviewRow
    from core.workflow.session import Session


_KINDS = ("all", "false-negatives", "false-positives", "suspects", "duplicates", "contradictions")
_ORDERS = {
    "suspects": "least likely label first",
    "duplicates": "text by text",
    "contradictions": "in source order",
}
_SHORT = {
    "false-negative": "FN",
    "false-positive": "FP",
    "true-positive": "TP",
    "true-negative": "TN",
}
_SESSION_MARKS = "-"
_EPILOG = """\b
Examples:
  comprehend-tuner review                                   how often each label is wrong
  comprehend-tuner review --label threat                    the 20 documents nearest its threshold
  comprehend-tuner review --label threat --kind false-negatives --limit 50
  comprehend-tuner review --label threat --kind suspects --export marks.csv
  comprehend-tuner --dry-run review --apply marks.csv       what the edited file would change
  comprehend-tuner review --apply marks.csv                 take its marks in and apply all marks
  comprehend-tuner review --apply                           apply the marks made on the screen

\b
Kinds:
  false-negatives   have the label and are not flagged
  false-positives   are flagged without having it
  suspects          probably labelled wrongly: the classifier, which never saw them, contradicts
  duplicates        the same text, with the label and without it
  contradictions    the none-label beside another label
"""


@click.command(epilog=_EPILOG)
@click.option("--label", help="The label to review; without it, the errors of every label.")
@click.option("--kind", type=click.Choice(_KINDS), default="all", show_default=True)
@click.option("--part", default="", help="Part to read (default: the one tuned on).")
@click.option("--run", "run_name", help="The run (default: the newest).")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="Documents.")
@click.option("--terms", is_flag=True, help="The words that drive each score (offline only).")
@click.option(
    "--export",
    "export_path",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="Write the list, or without --label all marks, to mark them there.",
)
@click.option(
    "--apply",
    "apply_path",
    is_flag=False,
    flag_value=_SESSION_MARKS,
    metavar="[CSV]",
    help="Apply all marks as a new dataset revision, those of the file taken in first.",
)
@click.option(
    "--raw",
    is_flag=True,
    help="Export text that a spreadsheet would run without an apostrophe; apply such a file.",
)
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    label: str | None,
    kind: str,
    part: str,
    run_name: str | None,
    limit: int,
    terms: bool,
    export_path: Path | None,
    apply_path: str | None,
    raw: bool,
) -> None:
    """Show the documents worth reading of a label, with their score, labels and marks.

    Marks say that a document's label is wrong (add, remove), that the document should be left out
    (drop), or that it is right (keep). Applied, they make a new revision; the source is never
    touched.
    """
    from core.workflow.review import (
        export_list,
        export_marks,
        label_errors,
        load_review,
        read_marks,
        review_label,
    )

    options: Options = ctx.obj
    session = chosen_session(options)
    if apply_path is not None:
        _apply(options, session, apply_path, raw)
        return
    if label is None and export_path is not None:
        written = export_marks(session, export_path, raw)
        _say_written(options, export_path, plural(written, "mark"))
        return
    data = load_review(session, run_name, part)
    if label is None:
        rows = label_errors(data)
        text = _errors_text(data, rows, again(options, session, "review --label LABEL"))
        options.emit({"run": data.run, "part": data.part, "labels": rows}, text)
        return
    marks = read_marks(session)
    review = review_label(data, label, cast("ListName", kind), limit=limit, marks=marks)
    if export_path is not None:
        written = export_list(review, export_path, raw)
        _say_written(options, export_path, plural(written, "document"))
        return
    found = {row.id: data.explain(label, row.text) for row in review.rows} if terms else {}
    emitted = {**_fields(review), "terms": found} if terms else review
    options.emit(emitted, f"{_head(data)}\n{review_text(review, found)}")


def review_text(
    review: "Review", terms: "dict[str, tuple[tuple[str, float], ...] | None] | None" = None
) -> str:
    """The documents as blocks of text: one line of facts, then the document."""
    counts = review.counts
    order = _ORDERS.get(review.wanted, "nearest first")
    what = "documents" if review.wanted == "all" else review.wanted
    lines = [
        f"{printable(review.label, 60)} at {threshold(review.threshold)}: "
        f"{counts['false-negative']:,} missed, {counts['false-positive']:,} wrongly flagged, "
        f"{counts['true-positive']:,} rightly flagged, {review.sizes['suspects']:,} suspected",
        f"{len(review.rows):,} of {review.found:,} {what}, {order}; {review.read:,} marked",
    ]
    for row in review.rows:
        lines.append("")
        lines.append(_facts(row, review.threshold))
        lines.append(f"    {printable(row.text)}")
        found = (terms or {}).get(row.id)
        if found:
            words = ", ".join(f"{printable(word, 30)} {weight:+.2f}" for word, weight in found)
            lines.append(f"    words: {words}")
    return "\n".join(lines)


def _facts(row: "ReviewRow", at: float) -> str:
    score = "not returned" if row.score is None else threshold(row.score, at)
    labels = ", ".join(printable(name, 40) for name in row.labels)
    mark = f"  marked: {row.mark.action} {printable(row.mark.label, 40)}" if row.mark else ""
    return f"{_SHORT[row.kind]}  {score}  {printable(row.id, 60)}  [{labels}]{mark}"


def _fields(review: "Review") -> dict[str, object]:
    return {name: getattr(review, name) for name in review.__dataclass_fields__}


def _errors_text(data: "ReviewData", rows: "tuple[LabelErrors, ...]", command: str) -> str:
    names = (
        "false_negatives",
        "false_positives",
        "not_returned",
        "suspects",
        "duplicates",
        "contradictions",
    )
    cells = [
        [
            row.label,
            threshold(row.threshold),
            *(count(getattr(row, name)) for name in names),
        ]
        for row in rows
    ]
    headers = [
        "label",
        "threshold",
        "missed",
        "wrongly flagged",
        "not returned",
        "suspects",
        "duplicates",
        "contradictions",
    ]
    return "\n".join(
        [_head(data), table_text(table(headers, cells), widest=20), f"read them: {command}"]
    )


def _apply(options: Options, session: "Session", given: str, raw: bool) -> None:
    from core.workflow.relabel import apply_marks, preview_marks
    from core.workflow.review import import_marks, read_marks_file

    path = None if given == _SESSION_MARKS else Path(given)
    if options.dry_run:
        extra = read_marks_file(session, path, raw) if path is not None else ()
        plan = preview_marks(session, extra)
        options.emit({"relabelling": plan, "revision": None}, _plan_text(plan))
        return
    if path is not None:
        import_marks(session, path, raw)
    applied = apply_marks(session, options.watch())
    head = f"revision {applied.revision.id}: "
    tail = f"\nnext: {again(options, session, 'health')}"
    data = {
        "relabelling": applied.relabelling,
        "revision": applied.revision.id,
        "split": applied.split.id if applied.split else None,
    }
    options.emit(data, head + _plan_text(applied.relabelling) + tail)


def _plan_text(plan: "Relabelling") -> str:
    lines = [printable(plan.change)]
    if plan.by_part:
        parts = ", ".join(f"{part} {count:,}" for part, count in plan.by_part.items())
        lines.append(f"changed documents by part: {parts}")
    return "\n".join([*lines, *(f"! {note}" for note in plan.notes)])


def _say_written(options: Options, path: Path, what: str) -> None:
    full = str(path.resolve())
    options.emit({"written": full}, f"{what} written: {printable(full)}")


def _head(data: "ReviewData") -> str:
    default = "" if data.is_tuned else " · default thresholds: not tuned yet"
    return f"run {printable(data.run)} · {data.part} ({len(data.documents):,} documents){default}"
