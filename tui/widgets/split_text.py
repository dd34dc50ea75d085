"""The audit of a split as lines of text and table rows."""

from collections.abc import Sequence

from rich.text import Text

from core.dataset.health import Finding
from core.dataset.splits import LabelAudit, SplitAudit
from core.text import plural, printable
from tui.render import cell, glyph, plain

_MOST_NOTES = 4


def audit_lines(audit: SplitAudit, is_narrow: bool, is_low: bool) -> list[str]:
    """Sizes of the parts and, where there is room, how far the labels are off."""
    sizes = " · ".join(
        f"{name} {size:,}" + ("" if is_narrow else f" ({size / max(sum(audit.sizes), 1):.1%})")
        for name, size in zip(audit.part_names, audit.sizes, strict=True)
    )
    if is_low:
        return [sizes]
    off = (
        f"off the wanted share: worst {audit.worst_deviation:.1%}, "
        f"mean {audit.mean_deviation:.1%}, pairs of labels {audit.pair_deviation:.1%}"
    )
    return [sizes, off]


def audit_notes(audit: SplitAudit, findings: Sequence[Finding], ascii_only: bool) -> list[str]:
    """What is missing, and what the checks of a kept split say; safe to show."""
    sign = glyph("warning", ascii_only)
    notes = [f"{sign} fewer than 10 in train: {_names(audit.too_few)}"] if audit.too_few else []
    for finding in findings:
        if finding.severity in ("error", "warning"):
            named = f": {_names(finding.labels)}" if finding.labels else ""
            severity = glyph(finding.severity, ascii_only)
            notes.append(f"{severity} {finding.title}{named}. {finding.remedy}")
    missing = [
        f"{sign} {printable(label, 40) or '(blank)'} is missing from {part}"
        for label, part in audit.missing
    ]
    room = max(_MOST_NOTES - len(notes), 1)
    notes += missing[:room]
    if len(missing) > room:
        notes.append(f"{sign} and {plural(len(missing) - room, 'more gap')} like this")
    return [plain(note, ascii_only) for note in notes]


def _names(labels: Sequence[str]) -> str:
    names = ", ".join(printable(label, 30) or "(blank)" for label in labels[:5])
    return f"{names} and {len(labels) - 5} more" if len(labels) > 5 else names


def ratios_text(ratios: tuple[float, ...]) -> str:
    """Ratios as a person writes them: ``70/10/20``."""
    return "/".join(f"{ratio * 100:.10g}" for ratio in ratios)


def audit_row(row: LabelAudit, is_narrow: bool) -> list[Text]:
    """A label, its count and share in each part, and how far it is off."""
    figures = [
        f"{count:,}" if is_narrow else f"{count:,} {share:>6.1%}"
        for count, share in zip(row.counts, row.shares, strict=True)
    ]
    style = "bold" if 0 in row.counts else ""
    return [
        cell(row.label or "(blank)", style),
        *(cell(figure, style, "right") for figure in figures),
        cell(f"{row.deviation:.1%}", style, "right"),
    ]
