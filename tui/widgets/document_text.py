"""One reviewed document as text: its decision, its facts, its words."""

from core.text import plural, printable
from core.tuning.review import Kind
from core.workflow.actions.review import Action, Mark, ReviewRow

SHORT: dict[Kind, str] = {
    "false-negative": "FN",
    "false-positive": "FP",
    "true-positive": "TP",
    "true-negative": "TN",
}
"""Two letters for each kind of decision."""
SIGNS: dict[Action, str] = {"add": "+", "remove": "+", "drop": "-", "keep": "k"}
"""What stands in the list for a mark: the key that makes it."""

_WORDS: dict[Kind, str] = {
    "false-negative": "missed (false negative)",
    "false-positive": "wrongly flagged (false positive)",
    "true-positive": "rightly flagged (true positive)",
    "true-negative": "rightly left (true negative)",
}
_MARKED: dict[Action, str] = {
    "add": "give it",
    "remove": "take off",
    "drop": "drop it",
    "keep": "keep",
}
_MOST_CHARACTERS = 20_000
_MOST_TERMS = 8


def document_facts(row: ReviewRow, threshold: float) -> str:
    """Decision, score against threshold, id, true labels and mark, in two lines."""
    is_flagged = row.kind in ("true-positive", "false-positive")
    score = f"score {row.score:.4f} {'>=' if is_flagged else '<'}" if row.score is not None else (
        "score not returned,"
    )  # fmt: skip
    labels = ", ".join(printable(name, 40) for name in row.labels) or "no label"
    mark = f" · marked: {mark_words(row.mark)}" if row.mark else ""
    return (
        f"{_WORDS[row.kind]} · {score} threshold {threshold:.4f}\n"
        f"{printable(row.id, 60)} · labels: {labels}{mark}"
    )


def mark_words(mark: Mark) -> str:
    """A mark in words."""
    if mark.action == "drop":
        return _MARKED["drop"]
    return f"{_MARKED[mark.action]} {printable(mark.label, 40)}"


def suspicion(row: ReviewRow) -> str:
    """How likely the classifier finds what the document is labelled with."""
    limit = "" if row.score is not None else "at most "
    return f"the classifier gives its labelling {limit}{row.confidence:.4f}"


def terms_line(terms: tuple[tuple[str, float], ...]) -> str:
    """The words that move the score most, with their log-odds."""
    shown = [f"{printable(word, 24)} {weight:+.2f}" for word, weight in terms[:_MOST_TERMS]]
    return "words: " + ", ".join(shown)


def document_lines(row: ReviewRow) -> str:
    """The text, printable line by line; the end of a very long one is counted, not shown."""
    shown = [printable(line) for line in row.text[:_MOST_CHARACTERS].splitlines()]
    more = len(row.text) - _MOST_CHARACTERS
    if more > 0:
        shown.append(f"[{plural(more, 'more character')}]")
    return "\n".join(shown)
