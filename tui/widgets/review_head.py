"""What stands above the reviewed documents: the label, its reading lists, how far reading is."""

from textual.content import Content

from core.text import printable
from core.workflow.actions.review import LISTS, ListName, Review, ReviewData
from tui.render import plain

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
    threshold = f"{review.threshold:.4f}" + ("" if review.is_tuned else " (default)")
    place = f" label {data.labels.index(review.label) + 1} of {len(data.labels)}"
    return Content.assemble(
        plain("← ", ascii_only), (printable(review.label, 40), "bold"), plain(" → ", ascii_only),
        place, plain(f" · threshold {threshold} · {data.part}", ascii_only),
    )  # fmt: skip


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
