"""The figures of one label at its present threshold, in words for the screen."""

from dataclasses import dataclass

from textual.content import Content

from core.cli.tables import figure
from core.text import plural, printable
from core.tuning.curves import Counts
from core.tuning.evidence import GRADES, Interval
from core.workflow.actions.run_curves import Macro, precision_range, recall_range
from tui.render import plain

FEW_POSITIVES = 20
"""Below this many positives a figure is hardly more than chance."""
MEANINGS = {rule.grade: rule.meaning for rule in GRADES}
"""What a grade says, in two or three words."""


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


def interval_text(interval: Interval | None) -> str:
    """An interval in brackets; nothing without one."""
    return "" if interval is None else f"[{figure(interval.low)} – {figure(interval.high)}]"


def at_least(counts: Counts) -> str:
    """F1 for a table cell: the certain one, marked when it may be higher."""
    low, high = figure(counts.f1_low), figure(counts.f1_high)
    return low if low == high else f"≥{low}"


def macro_text(before: Macro, after: Macro) -> str:
    """Macro F1 at the default thresholds and at the present ones."""
    return f"macro-F1 {range_text(before.low, before.high)} → {range_text(after.low, after.high)}"


@dataclass(frozen=True)
class LabelFigures:
    """What is said of one label."""

    counts: Counts
    """At the present threshold, on the part that is shown."""
    where: str
    """That part, and whether the figures are optimistic."""
    is_unsaved: bool = False
    """Whether the threshold is not the session's."""
    evidence: str = ""
    """How far the threshold can be trusted, and on which part that was measured."""
    remarks: tuple[str, ...] = ()
    """What to mind, of any origin."""
    is_sound: bool = False
    """Whether these remarks are no warning."""


def figure_lines(
    shown: LabelFigures, *, ascii_only: bool, is_compact: bool = False, height: int = 5
) -> Content:
    """The threshold and its figures; the counts; how far they can be trusted; what to mind.

    Args:
        shown: what is said.
        ascii_only: nothing beyond ASCII.
        is_compact: closer together, without `where` on the second line.
        height: lines that there is room for; with three, what to mind shares the last one.
    """
    counts = shown.counts
    gap = "  " if is_compact else "   "
    first = Content(gap).join(
        [
            Content.assemble(
                "threshold ",
                (exact_text(counts.threshold), "bold"),
                "*" if shown.is_unsaved else "",
            ),
            _named("P" if is_compact else "precision", range_text(*precision_range(counts))),
            _named("R" if is_compact else "recall", range_text(*recall_range(counts))),
            _named("F1", range_text(counts.f1_low, counts.f1_high)),
        ]
    )
    total = counts.flagged + counts.fn + counts.tn
    second = "  ".join(
        [
            f"flagged {counts.flagged:,}/{total:,}",
            f"TP {counts.tp:,}",
            f"FP {counts.fp:,}",
            f"FN {counts.fn:,}",
            f"TN {counts.tn:,}",
            *([] if is_compact else [shown.where]),
        ]
    )
    last = [shown.where] if is_compact else []
    notes = printable("; ".join([*shown.remarks, *_support(counts), *last]))
    is_warning = bool(_support(counts) or (shown.remarks and not shown.is_sound))
    notes = f"! {notes}" if is_warning else notes
    said = printable(shown.evidence)
    rows = [first if not ascii_only else Content(plain(first.plain, True))]
    rows.append(Content(plain(printable(second), ascii_only)))
    tone = "$text-warning" if is_warning else ""
    if height <= 3:
        rows.append(Content(plain("  ".join(filter(None, [said, notes])), ascii_only)))
    else:
        rows += [
            Content(plain(said, ascii_only)),
            Content.assemble((plain(notes, ascii_only), tone)),
        ]
    return Content("\n").join(rows)


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
        notes.append(f"{unknown:,} unknown scores may reach the threshold: ranges")
    return notes
