"""The dataset on the screen: findings, label counts as bars, and the audit of a split."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.content import Content

from core.dataset.health.findings import (
    SEVERITIES,
    Finding,
    LabelCount,
    cooccurrence,
    label_distribution,
)
from core.dataset.splits import LabelAudit, SplitAudit
from core.text import plural, printable
from core.views.health import finding_amount, label_names
from core.views.numbers import percentage
from core.views.split import deviation_words
from core.workflow.data import current_dataset
from core.workflow.health import blocking_findings
from core.workflow.session import Session
from core.workflow.state import SessionState
from tui.render import cell, glyph, literal, plain
from tui.widgets.tables import MOST_ROWS, Row

_SHOWN_LABELS = 12
_STYLES = {"error": "bold red", "warning": "yellow", "info": "", "passed": "dim"}


def finding_content(finding: Finding, next_revision: str, ascii_only: bool) -> Content:
    """What a finding means, what to do, and documents that show it.

    Args:
        finding: what was found.
        next_revision: the revision that its fix would make.
        ascii_only: use ASCII for our own signs.
    """

    def own(text: str) -> str:
        return plain(text, ascii_only)

    said = " · ".join(filter(None, [finding.id, finding_amount(finding)]))
    head = literal(finding.title, "bold")
    pieces = [head.append(literal(own(f" · {said}"), "$text-muted"))]
    if finding.severity == "passed":
        return pieces[0]
    if finding.labels:
        names = label_names(finding.labels, _SHOWN_LABELS)
        pieces.append(literal("labels ", "$text-accent").append(literal(names)))
    pieces.append(literal(own(finding.meaning)))
    if finding.remedy:
        pieces.append(literal(own("→ "), "$text-accent").append(literal(own(finding.remedy))))
    if finding.fix:
        text = f"applies the fix at once as revision {next_revision}; the source is never touched"
        pieces.append(literal("f ", "bold $text-accent").append(literal(text)))
    if finding.examples:
        pieces.append(literal(plural(len(finding.examples), "example"), "$text-accent"))
    for example in finding.examples:
        labels = ", ".join(printable(label, 24) or "(blank)" for label in example.labels[:4])
        pieces.append(
            literal(f"{printable(example.id, 24)} [{labels}] ", "$text-muted").append(
                literal(printable(example.text, 160))
            )
        )
    return Content("\n").join(pieces)


def gate_content(state: SessionState, findings: Sequence[Finding], ascii_only: bool) -> Content:
    """Whether training is open, and how many findings of each severity there are."""
    if state.health is None:
        return literal("not checked yet: training waits for the check")
    if state.health.dataset != state.dataset.fingerprint:
        text = f"{glyph('stale', ascii_only)} the dataset changed since the check; r checks it"
        return literal(text, "$text-warning")
    split_findings = state.split.findings if state.split else ()
    errors = len(blocking_findings((*state.health.findings, *split_findings)))
    counts = [sum(f.severity == severity for f in findings) for severity in SEVERITIES]
    rest = plain(
        f" · {plural(counts[1], 'warning')} · {plural(counts[2], 'note')} · {counts[3]} passed",
        ascii_only,
    )
    if errors:
        verb = "blocks" if errors == 1 else "block"
        text = f"{glyph('error', ascii_only)} {plural(errors, 'finding')} {verb} training"
        return literal(text, "bold $text-error").append(literal(rest, "$text-muted"))
    text = f"{glyph('passed', ascii_only)} nothing blocks training"
    return literal(text, "bold $text-success").append(literal(rest, "$text-muted"))


def finding_row(finding: Finding, is_narrow: bool, ascii_only: bool) -> Row:
    """Severity as sign and word, title, count and, where there is room, share and fix."""
    word = {"info": "note"}.get(finding.severity, finding.severity)
    style = _STYLES[finding.severity]
    row: list[str | Text] = [
        cell(f"{glyph(finding.severity, ascii_only)} {word}", style),
        cell(finding.title, "dim" if finding.severity == "passed" else ""),
        f"{finding.count:,}" if finding.count else "",
    ]
    if not is_narrow:
        row += [percentage(finding.share) if finding.count else "", "f" if finding.fix else ""]
    return Row(finding.id, row)


# How often labels occur, alone and together: counted, and drawn as bars.


_SHOWN_PAIRS = 12


@dataclass(frozen=True)
class Distribution:
    """How often labels occur, alone and together."""

    dataset: str
    """Fingerprint of the revision that was counted."""
    n_documents: int
    labels: tuple[LabelCount, ...]
    pairs: tuple[tuple[str, str, int], ...]
    """The pairs of labels that occur together most, the commonest first."""


def count_labels(session: Session, state: SessionState) -> Distribution:
    """Read the newest revision and count its labels.

    Raises:
        InvalidInput: the dataset file is absent or damaged.
    """
    dataset = current_dataset(session, state)
    together = cooccurrence(dataset)
    pairs = [
        (dataset.labels[first], dataset.labels[second], int(together[first, second]))
        for first in range(len(dataset.labels))
        for second in range(first)
        if together[first, second]
    ]
    pairs.sort(key=lambda pair: -pair[2])
    return Distribution(
        state.dataset.fingerprint,
        len(dataset),
        label_distribution(dataset)[:MOST_ROWS],
        tuple(pairs[:_SHOWN_PAIRS]),
    )


def distribution_content(
    labels: Sequence[LabelCount],
    pairs: Sequence[tuple[str, str, int]],
    n_documents: int,
    width: int,
    ascii_only: bool,
) -> Content:
    """Labels and pairs of labels as bars, the commonest first.

    Args:
        labels: how often each label occurs.
        pairs: two labels and the documents that have both.
        n_documents: documents in all.
        width: cells of a line.
        ascii_only: bars of ``#``.
    """
    from core.views.curve_chart import bars

    def drawn(rows: Sequence[tuple[str, float]]) -> Content:
        return Content(bars(rows, width=width, ascii_only=ascii_only))

    pieces = [
        literal(f"documents by label, of {n_documents:,}", "$text-accent"),
        drawn([(printable(label.label) or "(blank)", label.count) for label in labels]),
    ]
    rarest = labels[-1] if labels else None
    if rarest is not None and rarest.count:
        ratio = f"{rarest.imbalance:,.0f} times rarer than {printable(labels[0].label, 40)}"
        pieces.append(literal(f"{printable(rarest.label, 40)} is {ratio}", "$text-muted"))
    if pairs:
        pieces.append(literal("documents with two labels, commonest pairs", "$text-accent"))
        named = [(f"{printable(a, 24)} + {printable(b, 24)}", count) for a, b, count in pairs]
        pieces.append(drawn(named))
    else:
        pieces.append(literal("no document has two labels", "$text-muted"))
    return Content("\n").join(pieces)


# The audit of a split as lines of text and table rows.


_MOST_NOTES = 4


def audit_lines(audit: SplitAudit, is_narrow: bool, is_low: bool) -> list[str]:
    """Sizes of the parts and, where there is room, how far the labels are off."""
    sizes = " · ".join(
        f"{name} {size:,}"
        + ("" if is_narrow else f" ({percentage(size / max(sum(audit.sizes), 1))})")
        for name, size in zip(audit.part_names, audit.sizes, strict=True)
    )
    if is_low:
        return [sizes]
    return [sizes, f"off the wanted share: {deviation_words(audit)}"]


def audit_notes(audit: SplitAudit, findings: Sequence[Finding], ascii_only: bool) -> list[str]:
    """What is missing, and what the checks of a kept split say; safe to show."""
    sign = glyph("warning", ascii_only)
    notes = (
        [f"{sign} fewer than 10 in train: {label_names(audit.too_few, 5, 30)}"]
        if audit.too_few
        else []
    )
    for finding in findings:
        if finding.severity in ("error", "warning"):
            named = f": {label_names(finding.labels, 5, 30)}" if finding.labels else ""
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


def ratios_text(ratios: tuple[float, ...]) -> str:
    """Ratios as a person writes them: ``70/10/20``."""
    return "/".join(f"{ratio * 100:.10g}" for ratio in ratios)


def audit_row(row: LabelAudit, is_narrow: bool) -> Row:
    """A label, its count and share in each part, and how far it is off."""
    figures = [
        f"{count:,}" if is_narrow else f"{count:,} {percentage(share):>6}"
        for count, share in zip(row.counts, row.shares, strict=True)
    ]
    style = "bold" if 0 in row.counts else ""
    texts = (row.label or "(blank)", *figures, percentage(row.deviation))
    return Row(row.label, [cell(text, style) for text in texts])
