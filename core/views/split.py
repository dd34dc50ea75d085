"""How well a split holds what was asked for, in a table and in words."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.text import plural, printable
from core.views.blocks import Table, name, table
from core.views.numbers import count, percentage
from core.views.terminal import table_text

if TYPE_CHECKING:
    from core.dataset.splits import SplitAudit


def share_text(number: int, share: float) -> str:
    """Documents of a label in a part with their share of the label's: ``120 (70.2%)``."""
    return f"{count(number)} ({percentage(share)})"


def audit_table(audit: "SplitAudit") -> Table:
    """Per label and part the count and the share, and the worst deviation; then the sizes."""
    rows = [
        [
            label.label,
            *map(share_text, label.counts, label.shares),
            percentage(label.deviation),
        ]
        for label in audit.labels
    ]
    rows.append(["documents", *map(count, audit.sizes), ""])
    return table(["label", *audit.part_names, "deviation"], rows)


def deviation_words(audit: "SplitAudit") -> str:
    """How far the labels are off the shares that were asked for."""
    return (
        f"worst {percentage(audit.worst_deviation)}, mean {percentage(audit.mean_deviation)}, "
        f"pairs of labels {percentage(audit.pair_deviation)}"
    )


def audit_text(audit: "SplitAudit") -> str:
    """The audit as a table, its deviations, and what is missing."""
    lines = [table_text(audit_table(audit)), f"off the wanted share: {deviation_words(audit)}"]
    lines.extend(
        f"! {printable(label, 40)} is missing from {part}" for label, part in audit.missing
    )
    return "\n".join(lines)


def support_table(support: Mapping[str, Mapping[str, int]], parts: list[str]) -> Table:
    """Documents with each label, by part."""
    rows = [
        [name(label), *(count(counts.get(part, 0)) for part in parts)]
        for label, counts in support.items()
    ]
    return table(["label", *parts], rows, caption="Documents with each label, by part")


def positives_text(added: int, before: Mapping[str, int], after: Mapping[str, int]) -> str:
    """What repeated positives make of every label of the training part."""
    rows = [
        [label, count(before[label]), count(after[label]), f"{after[label] - before[label]:+,}"]
        for label in before
    ]
    changed = table_text(table(["label", "before", "after", "change"], rows))
    copies = plural(added, "copy", "copies")
    return f"{changed}\n{copies} in the training part; calibration and test unchanged"
