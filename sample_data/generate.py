"""Write the sample files: ``python -m sample_data.generate [--check] [FOLDER]``.

The same source gives the same bytes on every machine. ``--check`` writes nothing and reports the
files that differ.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sample_data.generator.figures import with_figures
from sample_data.generator.latin1 import LABELS as LATIN1_LABELS
from sample_data.generator.latin1 import TEXTS as LATIN1_TEXTS
from sample_data.generator.messy import HEADER, messy_rows
from sample_data.generator.queues import draw_queue_tickets
from sample_data.generator.table import csv_text, numbered
from sample_data.generator.tickets import LABELS, Ticket, draw_tickets

FOLDER = Path(__file__).parent
README = "README.md"


def sample_files() -> dict[str, bytes]:
    """Name and bytes of every sample file, README.md with its figures included."""
    tickets = draw_tickets()
    queue_tickets = draw_queue_tickets()
    readme = (FOLDER / README).read_text(encoding="utf-8")
    return {
        "tickets.csv": _tickets_csv(tickets).encode(),
        "tickets_messy.csv": b"\xef\xbb\xbf" + csv_text(HEADER, messy_rows()).encode(),
        "tickets_latin1.csv": _latin1_csv().encode("latin-1"),
        "queues.csv": _queues_csv(queue_tickets).encode(),
        README: with_figures(readme, tickets, queue_tickets).encode(),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the files; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m sample_data.generate", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="where to write")
    parser.add_argument("--check", action="store_true", help="only report files that differ")
    options = parser.parse_args(arguments)
    different = 0
    for name, data in sample_files().items():
        path: Path = options.folder / name
        same = path.is_file() and path.read_bytes() == data
        different += not same
        if not options.check:
            options.folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        print(f"{name}: {len(data):,} bytes, {'as before' if same else 'different'}")
    return 1 if options.check and different else 0


def _tickets_csv(tickets: Sequence[Ticket]) -> str:
    ids = numbered("T", 100_001, len(tickets))
    rows = (
        (name, ticket.text, *("1" if label in ticket.labels else "0" for label in LABELS))
        for name, ticket in zip(ids, tickets, strict=True)
    )
    return csv_text(("id", "text", *LABELS), rows)


def _queues_csv(tickets: Sequence[tuple[str, str]]) -> str:
    ids = numbered("Q", 50_001, len(tickets))
    rows = ((name, text, queue) for name, (text, queue) in zip(ids, tickets, strict=True))
    return csv_text(("id", "text", "queue"), rows)


def _latin1_csv() -> str:
    ids = numbered("L", 1, len(LATIN1_TEXTS))
    return csv_text(HEADER, zip(ids, LATIN1_TEXTS, LATIN1_LABELS, strict=True))


if __name__ == "__main__":
    sys.exit(main())
