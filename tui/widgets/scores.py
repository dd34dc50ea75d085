"""How a run's parts were scored: their jobs, how the output joined, what was returned."""

from collections.abc import Iterable, Sequence

from core.cli.jobs_command import duration
from core.cli.tables import figure
from core.tuning.objectives import LEAST_RETURNED_SHARE
from core.workflow.actions.joining import joined_summary, labels_taken
from core.workflow.actions.watch import JobRow
from core.workflow.state import RunState
from tui.render import glyph
from tui.widgets.job_state import row_state
from tui.widgets.live_table import Column, LiveTable, Row


class PartsTable(LiveTable):
    """A row per part: state of its jobs, elapsed time, join report."""

    def show_parts(self, run: RunState, parts: Sequence[str], rows: Iterable[JobRow]) -> None:
        """Show parts of a run, with `rows` of its session's jobs."""
        current = {job.id for c in run.classifiers for job in c.scoring.values()}
        mine = [row for row in rows if row.id in current]
        shown = []
        for part in parts:
            jobs = [row for row in mine if row.part == part]
            report = joined_summary(run.scores[part]) if part in run.scores else "not joined yet"
            texts = (part, self._states(jobs), _longest(jobs), report)
            shown.append(Row(part, texts))
        columns = (Column("part"), Column("jobs", widest=30), Column("elapsed", True),
                   Column("output", widest=80))  # fmt: skip
        self.show(columns, shown)

    def _states(self, rows: list[JobRow]) -> str:
        words = dict.fromkeys(row_state(row, self._ascii_only) for row in rows)
        return ", ".join(words) or "no job yet"


class ReturnedTable(LiveTable):
    """Share of each label's positives whose score was returned, per part."""

    def show_shares(self, run: RunState, parts: Sequence[str]) -> None:
        """Show the scored parts of a run."""
        shares = [run.scores[part].returned_share for part in parts]
        labels = dict.fromkeys(label for by_label in shares for label in by_label)
        columns = [Column("label", widest=36), *(Column(part, True, 12) for part in parts)]
        taken = zip(run.classifiers, labels_taken(run), strict=True)
        sources = {label: classifier.id for classifier, names in taken for label in names}
        is_group = len(run.classifiers) > 1
        rows = []
        for label in labels:
            found = [by_label.get(label) for by_label in shares]
            source = (sources.get(label, ""),) if is_group else ()
            texts = (label, *map(figure, found), *source, self._caution(found))
            rows.append(Row(label, texts))
        self.show([*columns, *([Column("from")] if is_group else []), Column("")], rows)

    def _caution(self, shares: list[float | None]) -> str:
        """What a returned share below 1 means for the label."""
        least = min((share for share in shares if share is not None), default=1.0)
        sign = glyph("warning", self._ascii_only)
        if least < LEAST_RETURNED_SHARE:
            return f"{sign} too few to tune a threshold"
        return f"{sign} its F1 will be a range" if least < 1.0 else ""


def _longest(rows: list[JobRow]) -> str:
    known = [row.elapsed_s for row in rows if row.elapsed_s is not None]
    return duration(max(known) if known else None)
