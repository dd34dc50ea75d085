"""Findings as table rows and lines of text, and the gate that they open or close."""

from collections.abc import Sequence

from rich.text import Text
from textual.content import Content

from core.dataset.health import Finding
from core.dataset.health.findings import SEVERITIES
from core.text import plural, printable
from core.workflow.actions.check import blocking_findings
from core.workflow.state import SessionState
from tui.render import cell, glyph, literal, plain

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

    amount = f" · {finding.count:,} ({finding.share:.1%} of {finding.of})" if finding.count else ""
    head = literal(finding.title, "bold")
    pieces = [head.append(literal(own(f" · {finding.id}{amount}"), "$text-muted"))]
    if finding.severity == "passed":
        return pieces[0]
    if finding.labels:
        names = [printable(label, 40) or "(blank)" for label in finding.labels[:_SHOWN_LABELS]]
        more = len(finding.labels) - len(names)
        text = ", ".join(names) + (f" and {more} more" if more > 0 else "")
        pieces.append(literal("labels ", "$text-accent").append(literal(text)))
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


def finding_row(finding: Finding, is_narrow: bool, ascii_only: bool) -> list[Text]:
    """Severity as sign and word, title, count and, where there is room, share and fix."""
    word = {"info": "note"}.get(finding.severity, finding.severity)
    style = _STYLES[finding.severity]
    row = [
        cell(f"{glyph(finding.severity, ascii_only)} {word}", style),
        cell(finding.title, "dim" if finding.severity == "passed" else ""),
        cell(f"{finding.count:,}" if finding.count else "", justify="right"),
    ]
    if not is_narrow:
        row += [
            cell(f"{finding.share:.1%}" if finding.count else "", justify="right"),
            cell("f" if finding.fix else ""),
        ]
    return row
