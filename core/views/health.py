"""What the health check found, in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.text import plural, printable
from core.views.numbers import count, percentage

if TYPE_CHECKING:
    from core.dataset.health.findings import Finding

SIGNS = {"error": "✗", "warning": "!", "info": "·", "passed": "✓"}


def finding_amount(finding: "Finding") -> str:
    """How many of what a finding is about: ``12 (3.4% of documents)``; empty without any."""
    if not finding.count:
        return ""
    return f"{count(finding.count)} ({percentage(finding.share)} of {finding.of})"


def label_names(labels: Sequence[str], most: int, widest: int = 40) -> str:
    """Labels in a sentence; those beyond `most` are counted."""
    names = ", ".join(printable(label, widest) or "(blank)" for label in labels[:most])
    return f"{names} and {len(labels) - most} more" if len(labels) > most else names


def verdict_words(errors: int) -> str:
    """Whether training is open."""
    if not errors:
        return "nothing blocks training"
    return f"{plural(errors, 'finding')} {'blocks' if errors == 1 else 'block'} training"


def findings_text(findings: Sequence["Finding"], has_passed: bool) -> str:
    """Every finding as a block of lines, then whether training is open.

    Args:
        findings: in the order of the check.
        has_passed: whether the checks that passed are shown one by one.
    """
    blocks = [_block(finding) for finding in findings if has_passed or finding.severity != "passed"]
    passed = sum(finding.severity == "passed" for finding in findings)
    errors = sum(finding.severity == "error" for finding in findings)
    verdict = verdict_words(errors)
    following = "" if errors else " — next: comprehend-tuner split"
    return "\n".join([*blocks, f"{plural(passed, 'check')} passed; {verdict}{following}"])


def _block(finding: "Finding") -> str:
    title = f"{SIGNS[finding.severity]} {finding.id}: {printable(finding.title)}"
    lines = [f"{title} {finding_amount(finding)}".rstrip()]
    if finding.severity == "passed":
        return lines[0]
    if finding.labels:
        lines.append(f"    labels: {label_names(finding.labels, 8)}")
    lines.extend(
        f"    e.g. {printable(example.id, 24)}: {printable(example.text, 70)}"
        for example in finding.examples[:2]
    )
    lines.append(f"    {printable(finding.meaning)}")
    if finding.remedy:
        lines.append(f"    → {printable(finding.remedy)}")
    return "\n".join(lines)
