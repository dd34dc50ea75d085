"""One reviewed document as text: its decision, its facts, its words."""

from core.text import plural, printable
from core.tuning.review import Kind
from core.workflow.actions.review import ReviewRow

SHORT: dict[Kind, str] = {
    "false-negative": "FN",
    "false-positive": "FP",
    "true-positive": "TP",
    "true-negative": "TN",
}
"""Two letters for each kind of decision."""

_WORDS: dict[Kind, str] = {
    "false-negative": "missed (false negative)",
    "false-positive": "wrongly flagged (false positive)",
    "true-positive": "rightly flagged (true positive)",
    "true-negative": "rightly left (true negative)",
}
_MOST_CHARACTERS = 20_000


def document_facts(row: ReviewRow, threshold: float) -> str:
    """Decision, score against threshold, id and true labels, in two lines."""
    is_flagged = row.kind in ("true-positive", "false-positive")
    score = f"score {row.score:.4f} {'>=' if is_flagged else '<'}" if row.score is not None else (
        "score not returned,"
    )  # fmt: skip
    labels = ", ".join(printable(name, 40) for name in row.labels) or "no label"
    return (
        f"{_WORDS[row.kind]} · {score} threshold {threshold:.4f}\n"
        f"{printable(row.id, 60)} · labels: {labels}"
    )


def document_lines(row: ReviewRow) -> str:
    """The text, printable line by line; the end of a very long one is counted, not shown."""
    shown = [printable(line) for line in row.text[:_MOST_CHARACTERS].splitlines()]
    more = len(row.text) - _MOST_CHARACTERS
    if more > 0:
        shown.append(f"[{plural(more, 'more character')}]")
    return "\n".join(shown)
