"""The generated tables of README.md: how often each label occurs, what the messy set holds."""

from collections import Counter
from collections.abc import Iterable, Sequence

from sample_data.generator.messy import PLANTED
from sample_data.generator.queues import QUEUES
from sample_data.generator.tickets import LABELS, Ticket


def with_figures(
    readme: str, tickets: Sequence[Ticket], queue_tickets: Sequence[tuple[str, str]]
) -> str:
    """The README with the text between its ``figures`` marks replaced.

    Raises:
        ValueError: a mark is missing.
    """
    queues = Counter(queue for _, queue in queue_tickets)
    sections = {
        "tickets": _ticket_table(tickets),
        "queues": _count_table(
            "queue", ((name, queues[name]) for name in QUEUES), len(queue_tickets)
        ),
        "messy": "\n".join(["| defect | rows |", "|---|--:|", *_rows(PLANTED.items())]),
    }
    for name, table in sections.items():
        before, begin, rest = readme.partition(f"<!-- figures: {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        if not begin or not end:
            raise ValueError(f"README.md has no marks for the figures of {name}")
        readme = f"{before}{begin}{table}\n{end}{after}"
    return readme


def _ticket_table(tickets: Sequence[Ticket]) -> str:
    counts = [(label, sum(label in ticket.labels for ticket in tickets)) for label in LABELS]
    none = sum(not ticket.labels for ticket in tickets)
    several = sum(len(ticket.labels) > 1 for ticket in tickets)
    return _count_table(
        "label", [*counts, ("(no label)", none), ("(two or more labels)", several)], len(tickets)
    )


def _count_table(name: str, counts: Iterable[tuple[str, int]], total: int) -> str:
    lines = [f"| {name} | documents | share |", "|---|--:|--:|"]
    lines += [f"| {label} | {count:,} | {count / total:.1%} |" for label, count in counts]
    return "\n".join(lines)


def _rows(items: Iterable[tuple[str, int]]) -> list[str]:
    return [f"| {name} | {count} |" for name, count in items]
