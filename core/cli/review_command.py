"""``review``: read the documents around a label's threshold."""

from typing import TYPE_CHECKING, cast

import click

from core.cli.options import Options, common_options
from core.cli.sessions import again, chosen_session
from core.cli.tables import figure, table
from core.text import printable

if TYPE_CHECKING:
    from core.tuning.review import Wanted
    from core.workflow.actions.review import Review, ReviewData

_KINDS = ("false-negatives", "false-positives", "all")
_SHORT = {
    "false-negative": "FN",
    "false-positive": "FP",
    "true-positive": "TP",
    "true-negative": "TN",
}
_EPILOG = """\b
Examples:
  comprehend-tuner review                                   how often each label is wrong
  comprehend-tuner review --label threat                    the 20 documents nearest its threshold
  comprehend-tuner review --label threat --kind false-negatives --limit 50
  comprehend-tuner --json review --label threat --part test
"""


@click.command(epilog=_EPILOG)
@click.option("--label", help="The label to review; without it, the errors of every label.")
@click.option("--kind", type=click.Choice(_KINDS), default="all", show_default=True)
@click.option("--part", default="", help="Part to read (default: the one tuned on).")
@click.option("--run", "run_name", help="The run (default: the newest).")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="Documents.")
@common_options
@click.pass_context
def command(
    ctx: click.Context, label: str | None, kind: str, part: str, run_name: str | None, limit: int
) -> None:
    """Show the documents nearest a label's threshold, with their score and true labels.

    False negatives have the label and are not flagged; false positives are flagged without it.
    """
    from core.workflow.actions.review import label_errors, load_review, review_label

    options: Options = ctx.obj
    session = chosen_session(options)
    data = load_review(session, run_name, part)
    if label is None:
        rows = label_errors(data)
        cells = [
            [
                row.label,
                figure(row.threshold, 4),
                f"{row.false_negatives:,}",
                f"{row.false_positives:,}",
                f"{row.not_returned:,}",
            ]
            for row in rows
        ]
        lines = [
            _head(data),
            table(["label", "threshold", "missed", "wrongly flagged", "not returned"], cells),
            f"read them: {again(options, session, 'review --label LABEL')}",
        ]
        found = {"run": data.run, "part": data.part, "labels": rows}
        options.emit(found, "\n".join(lines))
        return
    review = review_label(data, label, cast("Wanted", kind), limit=limit)
    options.emit(review, f"{_head(data)}\n{review_text(review)}")


def review_text(review: "Review") -> str:
    """The documents as blocks of text: one line of facts, then the document."""
    counts = review.counts
    lines = [
        f"{printable(review.label, 60)} at {figure(review.threshold, 4)}: "
        f"{counts['false-negative']:,} missed, {counts['false-positive']:,} wrongly flagged, "
        f"{counts['true-positive']:,} rightly flagged",
        f"{len(review.rows):,} of {review.found:,} {review.wanted}, nearest first"
        if review.wanted != "all"
        else f"{len(review.rows):,} of {review.found:,} documents, nearest first",
    ]
    for row in review.rows:
        score = "not returned" if row.score is None else figure(row.score, 4)
        labels = ", ".join(printable(name, 40) for name in row.labels)
        lines.append("")
        lines.append(f"{_SHORT[row.kind]}  {score}  {printable(row.id, 60)}  [{labels}]")
        lines.append(f"    {printable(row.text)}")
    return "\n".join(lines)


def _head(data: "ReviewData") -> str:
    default = "" if data.is_tuned else " · default thresholds: not tuned yet"
    return f"run {printable(data.run)} · {data.part} ({len(data.documents):,} documents){default}"
