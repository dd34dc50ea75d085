"""The figures of one label at its present threshold, in words for the screen."""

from textual.content import Content

from core.cli.tables import figure
from core.text import plural, printable
from core.tuning.curves import Counts
from core.workflow.actions.run_curves import Macro, precision_range, recall_range
from tui.render import plain

FEW_POSITIVES = 20
"""Below this many positives a figure is hardly more than chance."""


def threshold_text(value: float, digits: int = 3) -> str:
    """A threshold for reading: at least two significant digits, no leading zero."""
    if value and value < 0.0001:
        return f"{value:.0e}"
    if value < 0.01:
        digits = 4
    text = figure(value, digits)
    return "0" if value == 0 else "1.0" if value == 1 else text


def exact_text(value: float) -> str:
    """A threshold with all its digits."""
    text = f"{value:.10f}".rstrip("0")
    text = text + "0" if text.endswith(".") else text
    return text[1:] if text.startswith("0.") and len(text) > 3 else text


def range_text(low: float, high: float) -> str:
    """A share, or the range that scores which were not returned leave open."""
    low_text, high_text = figure(low), figure(high)
    return low_text if low_text == high_text else f"{low_text}–{high_text}"


def at_least(counts: Counts) -> str:
    """F1 for a table cell: the certain one, marked when it may be higher."""
    low, high = figure(counts.f1_low), figure(counts.f1_high)
    return low if low == high else f"≥{low}"


def macro_text(before: Macro, after: Macro) -> str:
    """Macro F1 at the default thresholds and at the present ones."""
    return f"macro-F1 {range_text(before.low, before.high)} → {range_text(after.low, after.high)}"


def figure_lines(
    counts: Counts,
    *,
    is_unsaved: bool,
    where: str,
    remarks: list[str],
    ascii_only: bool,
    is_compact: bool = False,
) -> Content:
    """Three lines: the threshold and its figures; the counts; what to mind.

    Args:
        counts: at the present threshold, on the part that is shown.
        is_unsaved: whether the threshold is not the session's.
        where: the part, and whether the figures are optimistic.
        remarks: what to mind, of any origin.
        ascii_only: nothing beyond ASCII.
        is_compact: closer together, with `where` on the last line.
    """
    gap = "  " if is_compact else "   "
    first = Content(gap).join(
        [
            Content.assemble(
                "threshold ", (exact_text(counts.threshold), "bold"), "*" if is_unsaved else ""
            ),
            _named("precision", range_text(*precision_range(counts))),
            _named("recall", range_text(*recall_range(counts))),
            _named("F1", range_text(counts.f1_low, counts.f1_high)),
        ]
    )
    total = counts.flagged + counts.fn + counts.tn
    second = gap.join(
        [
            f"flagged {counts.flagged:,}/{total:,}",
            f"TP {counts.tp:,}",
            f"FP {counts.fp:,}",
            f"FN {counts.fn:,}",
            f"TN {counts.tn:,}",
            *([] if is_compact else [where]),
        ]
    )
    third = printable("; ".join([*_support(counts), *remarks]))
    sign = "! " if third else ""
    return Content("\n").join(
        [
            Content(plain(first.plain, ascii_only)) if ascii_only else first,
            Content(plain(printable(second), ascii_only)),
            Content.assemble(
                (plain(sign + third, ascii_only), "$text-warning"),
                gap if is_compact and third else "",
                plain(where, ascii_only) if is_compact else "",
            ),
        ]
    )


def _named(name: str, value: str) -> Content:
    return Content.assemble(f"{name} ", (value, "bold"))


def _support(counts: Counts) -> list[str]:
    notes = []
    if not counts.positives:
        notes.append("no positives here: nothing can be measured")
    elif counts.positives < FEW_POSITIVES:
        notes.append(f"{plural(counts.positives, 'positive')} here: read with care")
    unknown = counts.unknown_positives + counts.unknown_negatives
    if unknown:
        notes.append(f"{unknown:,} scores that were not returned may reach this threshold: ranges")
    return notes
