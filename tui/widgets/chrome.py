"""What frames every step screen: session line, step bar, banner, key footer."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from core.errors import TunerError
from core.progress import Progress
from core.text import cell_width, printable
from core.views.numbers import usd
from core.workflow.step_table import STEPS
from tui.keys import footer_keys, shown
from tui.render import glyph, plain

if TYPE_CHECKING:
    from core.workflow.overview import EndpointNotice, Overview


_SESSION_LEAST = 8
"""Cells that the session's name keeps in any case."""
_STYLES = {
    "done": "$text-success",
    "stale": "$text-warning",
    "running": "$text-accent",
    "blocked": "$text-muted",
    "ready": "",
}


class SessionLine(Widget):
    """One line: session, run, engine badge, what a live endpoint costs, and money on the right."""

    def __init__(self, ascii_only: bool) -> None:
        super().__init__()
        self._ascii_only = ascii_only
        self._left = "comprehend-tuner"
        self._badge = ""
        self._right = ""
        self._est = ""
        self._notice: EndpointNotice | None = None

    def show(self, overview: "Overview | None", where: str) -> None:
        """Show where the user is; an unchanged line is not sent again."""
        before = (self._left, self._badge, self._right, self._notice)
        self._notice = overview.notice if overview is not None else None
        if overview is None:
            self._left, self._badge, self._right = "comprehend-tuner", "", where
        else:
            run = overview.state.run
            self._left = f"{overview.name} · run {run.name}" if run else overview.name
            self._badge = overview.badge
            self._est = f"est. {usd(overview.estimate_usd)}"
            self._right = f"{where} · {self._est}"
        if (self._left, self._badge, self._right, self._notice) != before:
            self.refresh()

    def render(self) -> Content:
        """Lay the pieces out in the width that there is; money and engine give way last."""
        badge = f" {plain(printable(self._badge), self._ascii_only)} " if self._badge else ""
        notice, right = self._fitting(self.size.width - cell_width(badge) - _SESSION_LEAST)
        taken = cell_width(badge) + cell_width(notice) + cell_width(right)
        room = max(self.size.width - taken - 4, _SESSION_LEAST)
        left = plain(printable(self._left, room), self._ascii_only)
        gap = max(self.size.width - cell_width(left) - taken - 3, 1)
        return Content.assemble(
            " ",
            (left, "bold"),
            "  " if badge else "",
            (badge, "bold $text on $warning"),
            (notice, "bold reverse"),
            " " * (gap - (1 if badge else 0)),
            right,
            " ",
        )

    def _fitting(self, width: int) -> tuple[str, str]:
        """The notice and the right side in `width`; while an endpoint lives it comes first."""
        right = plain(printable(self._right), self._ascii_only)
        if self._notice is None:
            return "", right
        pairs = [
            (f" {printable(text)} ", rest)
            for text, rest in (
                (self._notice.text, right),
                (self._notice.text, self._est),
                (self._notice.text, ""),
                (self._notice.short, ""),
            )
        ]
        for notice, rest in pairs:
            if cell_width(notice) + cell_width(rest) + 4 <= width:
                return notice, rest
        return pairs[-1]


class StepBar(Widget):
    """One line: every step with its number, its sign and the present one marked."""

    def __init__(self, ascii_only: bool) -> None:
        super().__init__()
        self._ascii_only = ascii_only
        self._overview: Overview | None = None
        self._present = ""
        self._shown: tuple[object, str] = ((), "")

    def show(self, overview: "Overview | None", present: str) -> None:
        """Show the steps of a session and mark the open one; nothing new is not sent again."""
        statuses = overview.statuses if overview else ()
        if (statuses, present) != self._shown:
            self._overview, self._present = overview, present
            self._shown = (statuses, present)
            self.refresh()

    def render(self) -> Content:
        """The titles in full when they fit, else shortened."""
        for length in (10, 6, 4, 2, 0):
            content = self._content(length)
            if content.cell_length <= self.size.width:
                return content
        return content

    def _content(self, length: int) -> Content:
        pieces: list[Content] = []
        for step in STEPS:
            status = self._overview.status_of(step.id).status if self._overview else "blocked"
            sign = glyph(status, self._ascii_only) if status != "ready" else " "
            title = step.title[:length]
            if step.id == self._present:
                text = f"{step.key}{glyph('ready', self._ascii_only)}{step.title[: max(length, 4)]}"
                pieces.append(Content.styled(text, "reverse bold"))
            else:
                pieces.append(Content.styled(f"{step.key}{sign}{title}", _STYLES[status]))
        return Content(" ").join(pieces)


class Banner(Static):
    """An error, a warning or progress of the present step; it stays until it is outdated."""

    def __init__(self, ascii_only: bool) -> None:
        super().__init__("", markup=False)
        self._ascii_only = ascii_only
        self.text = ""
        self.display = False

    def show_error(self, error: TunerError) -> None:
        """Show title, message and what to do."""
        hint = f"\n{error.hint}" if error.hint else ""
        sign = glyph("error", self._ascii_only)
        self._show(f"{sign} {error.title}: {error.message}{hint}", "-error")

    def show_note(self, text: str) -> None:
        """Show something worth knowing."""
        self._show(text, "-note")

    def show_progress(self, progress: Progress) -> None:
        """Show how far a job is, in numbers."""
        amount = f"{progress.done:,}" if progress.done else ""
        if progress.total:
            amount = f"{progress.done:,} of {progress.total:,}"
        words = [progress.task, amount, progress.unit if amount else "", progress.note]
        self._show(" ".join(word for word in words if word), "-progress")

    def clear(self) -> None:
        """Show nothing."""
        self.display = False
        self.text = ""

    def _show(self, text: str, kind: str) -> None:
        shown_text = "\n".join(printable(line) for line in text.split("\n"))
        self.remove_class("-error", "-note", "-progress")
        self.add_class(kind)
        if shown_text != self.text or not self.display:
            self.text = shown_text
            self.update(Content(plain(shown_text, self._ascii_only)))
        self.display = True


class KeyFooter(Widget):
    """One line with the few keys that matter now."""

    def __init__(self, scope: str, ascii_only: bool) -> None:
        super().__init__()
        self._scope = scope
        self._ascii_only = ascii_only
        self._now: Mapping[str, str] | None = None

    def show(self, actions: Mapping[str, str]) -> None:
        """Show these actions of the screen, with these labels, instead of the usual ones."""
        if actions != self._now:
            self._now = dict(actions)
            self.refresh()

    def render(self) -> Content:
        """As many keys as fit; help and quit always."""
        keys = list(footer_keys(self._scope, self._now))
        while True:
            content = Content(" ").join(
                [
                    Content.assemble(
                        (
                            f" {shown(key.keys[0], self._ascii_only)} ",
                            "bold $footer-key-foreground",
                        ),
                        key.label,
                    )
                    for key in keys
                ]
            )
            if content.cell_length <= self.size.width or len(keys) <= 2:
                return content
            del keys[-3]
