"""Documents on the screen: one to type, one to read, and the list it was chosen from."""

from textual import events
from textual.content import Content
from textual.widgets import Input, Static

from core.text import plural, printable
from core.tuning.review import Kind
from core.views import numbers
from core.workflow.review import LISTS, Action, ListName, Mark, Review, ReviewData, ReviewRow
from tui.render import cell, plain
from tui.widgets.tables import Column, ReadingPane, Row


class DocumentInput(Input):
    """An input that keeps all lines of a pasted text, joined by blanks.

    Control characters and invisible marks are left out: they would reach the terminal.
    """

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.cursor_blink = False

    def on_paste(self, event: events.Paste) -> None:
        """Take a pasted text whole."""
        event.prevent_default()
        event.stop()
        line = "".join(c for c in " ".join(event.text.split()) if printable(c) == c)
        if self.selection.is_empty:
            self.insert_text_at_cursor(line)
        else:
            self.replace(line, *self.selection)


# One reviewed document as text: its decision, its facts, its words.


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
    score = (
        f"score {numbers.threshold(row.score, threshold)} {'>=' if is_flagged else '<'}"
        if row.score is not None
        else ("score not returned,")
    )
    labels = ", ".join(printable(name, 40) for name in row.labels) or "no label"
    mark = f" · marked: {mark_words(row.mark)}" if row.mark else ""
    return (
        f"{_WORDS[row.kind]} · {score} threshold {numbers.threshold(threshold, row.score)}\n"
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
    return f"the classifier gives its labelling {limit}{numbers.threshold(row.confidence)}"


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


# The pane in which one reviewed document is read: facts, words that drive its score, text.


_PIECES = ("review-facts", "review-terms", "review-text")


def document_pane() -> ReadingPane:
    """A pane for a document in full, its text literal and wrapped; empty at first."""
    pieces = [Static("", id=name, markup=False) for name in _PIECES]
    return ReadingPane(*pieces, id="review-document")


def show_document(
    pane: ReadingPane,
    row: ReviewRow,
    review: Review,
    terms: tuple[tuple[str, float], ...] | None,
    ascii_only: bool,
) -> None:
    """Show one document from its beginning.

    Args:
        terms: the words that move its score most; None when the engine does not say.
    """
    facts = document_facts(row, review.threshold)
    if review.wanted == "suspects":
        facts += f"\n{suspicion(row)}"
    elif review.wanted == "duplicates":
        same = sum(other.text_group == row.text_group for other in review.rows)
        facts += f"\n{same} documents here have this text, not all with this label"
    _put(pane, plain(facts, ascii_only), terms_line(terms) if terms else "", document_lines(row))
    pane.query_one("#review-terms").set_class(bool(terms), "-known")
    pane.scroll_home(animate=False)


def clear_document(pane: ReadingPane) -> None:
    """Show nothing."""
    _put(pane, "", "", "")


def _put(pane: ReadingPane, *texts: str) -> None:
    for name, text in zip(_PIECES, texts, strict=True):
        pane.query_one(f"#{name}", Static).update(Content(text))


# What stands above the reviewed documents: the label, its reading lists, how far reading is.


_NAMES: dict[ListName, str] = {
    "all": "all",
    "false-negatives": "missed",
    "false-positives": "wrong",
    "suspects": "suspects",
    "duplicates": "copies",
    "contradictions": "none+label",
}
_NOTHING: dict[ListName, str] = {
    "all": "document",
    "false-negatives": "missed document",
    "false-positives": "wrongly flagged document",
    "suspects": "suspected label error",
    "duplicates": "equal text with other labels",
    "contradictions": "document with the none-label beside another label",
}
_ORDERS: dict[ListName, str] = {
    "suspects": "least likely label first",
    "duplicates": "text by text",
    "contradictions": "in source order",
}
_WIDE = 70


def label_content(data: ReviewData, review: Review, ascii_only: bool) -> Content:
    """The label, its place among the labels, its threshold, the part."""
    threshold = numbers.threshold(review.threshold) + ("" if review.is_tuned else " (default)")
    place = f" label {data.labels.index(review.label) + 1} of {len(data.labels)}"
    return Content.assemble(
        plain("← ", ascii_only),
        (printable(review.label, 40), "bold"),
        plain(" → ", ascii_only),
        place,
        plain(f" · threshold {threshold} · {data.part}", ascii_only),
    )


def lists_content(review: Review, width: int) -> Content:
    """The reading lists with their sizes; a narrow window shows only those that hold documents."""
    shown = [
        name
        for name in LISTS
        if width >= _WIDE or review.sizes[name] or name in (review.wanted, *LISTS[:3])
    ]
    texts = {name: f"{_NAMES[name]} {review.sizes[name]:,}" for name in shown}
    return Content(" ").join(
        Content.styled(f"[{text}]", "reverse") if name == review.wanted else Content(f" {text} ")
        for name, text in texts.items()
    )


def progress_content(review: Review, words: str, most: int, ascii_only: bool) -> Content:
    """How many documents of the list are marked, their order, and the keys that mark."""
    order = _ORDERS.get(review.wanted, "nearest first")
    more = f", {review.found - most:,} more" if review.found > most else ""
    if words:
        text = f'{review.found:,} with "{printable(words, 20)}", {review.read:,} read'
    else:
        text = f"{review.read:,} of {review.found:,} read · {order}{more}"
    keys = "+ relabel  - drop  k keep  u undo"
    return Content.assemble(plain(text, ascii_only), "  ", (keys, "dim"))


def nothing_found(review: Review, words: str) -> str:
    """What to say when a list holds no document."""
    held = f' holds "{printable(words, 40)}"' if words else " here"
    return f"no {_NOTHING[review.wanted]}{held}"


def change_facts(change: str, by_part: dict[str, int], notes: tuple[str, ...]) -> list[str]:
    """What applying the marks would do, for the question before it."""
    parts = ", ".join(f"{part} {count:,}" for part, count in by_part.items() if count)
    return [
        change,
        *([f"changed documents: {parts}"] if parts else []),
        *notes,
        "a new revision is made; the source stays as it is; later steps turn stale",
        "command: review --apply",
    ]


# The documents of a reading list, one line each, with their marks.


MOST_ROWS = 500
"""Documents that are listed at most."""
_EXCERPT = 300
_STYLES: dict[Kind, str] = {"false-negative": "bold", "false-positive": "bold"}


DOCUMENT_COLUMNS = (
    Column(" ", 1),
    Column("kind", 4),
    Column("score", 6, is_number=True),
    Column("document", 0),
)


def document_row(row: ReviewRow) -> Row:
    """Mark, kind of decision, score and beginning of a document."""
    return Row(
        row.id,
        (
            cell(SIGNS[row.mark.action] if row.mark else "", "bold"),
            cell(SHORT[row.kind], _STYLES.get(row.kind, "")),
            "?" if row.score is None else numbers.threshold(row.score),
            " ".join(row.text[:_EXCERPT].split()),
        ),
    )
