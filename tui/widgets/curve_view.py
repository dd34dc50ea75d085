"""The chart of one label: precision, recall and F1 against the threshold."""

from dataclasses import dataclass

from rich.text import Text
from textual.content import Content
from textual.widget import Widget

from core.text import printable
from core.tuning.charts import curve_chart
from core.tuning.curves import Curve
from tui.render import literal, plain

_AROUND_TITLE = 6
"""Cells of the border that a title on it leaves free."""


@dataclass(frozen=True)
class CurvePicture:
    """What the chart shows."""

    curve: Curve
    marker: float
    """The threshold to mark."""
    other: Curve | None = None
    """A curve whose F1 is overlaid."""
    log_axis: bool = False
    title: str = ""
    """On the border, of any origin."""
    subtitle: str = ""
    """On the lower border, of any origin."""
    remark: tuple[str, ...] = ()
    """Lines over the middle of the chart."""


class CurveView(Widget):
    """Draws a picture to its own size; drawn once per change."""

    DEFAULT_CSS = """
    CurveView { width: 1fr; height: 1fr; border: round $border; padding: 0 1; }
    CurveView.-plain { border: ascii $border; }
    """

    def __init__(self, ascii_only: bool, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes="-plain" if ascii_only else "")
        self._ascii_only = ascii_only
        self._picture: CurvePicture | None = None
        self._drawn: tuple[CurvePicture, int, int] | None = None
        self._content = Content("")

    @property
    def drawn_marker(self) -> float | None:
        """The threshold that is marked on the screen; None before anything is drawn."""
        return self._drawn[0].marker if self._drawn is not None else None

    def show(self, picture: CurvePicture) -> None:
        """Draw another picture."""
        before, self._picture = self._picture, picture
        if before is None or before.title != picture.title:
            self.border_title = self._fitting(picture.title)
        if before is None or before.subtitle != picture.subtitle:
            self.border_subtitle = self._fitting(picture.subtitle)
        if self.display:
            self.refresh()

    def on_resize(self) -> None:
        """Cut the words on the border to the new width."""
        if self._picture is not None:
            self.border_title = self._fitting(self._picture.title)
            self.border_subtitle = self._fitting(self._picture.subtitle)

    def _fitting(self, text: str) -> Content:
        room = self.size.width - _AROUND_TITLE
        shown = printable(text, room) if room > 0 else printable(text)
        return literal(plain(shown, self._ascii_only))

    def render(self) -> Content:
        """The chart, as wide and high as the widget."""
        picture, size = self._picture, self.content_size
        if picture is None or not size.area:
            return Content("")
        if self._drawn is not None:
            before, width, height = self._drawn
            if before is picture and (width, height) == tuple(size):
                return self._content
        chart = curve_chart(
            picture.curve,
            width=size.width,
            height=size.height,
            log_axis=picture.log_axis,
            marker=picture.marker,
            other=picture.other,
            remark=picture.remark,
            ascii_only=self._ascii_only,
            color=True,
        )
        self._content = Content.from_rich_text(Text.from_ansi(chart))
        self._drawn = (picture, size.width, size.height)
        return self._content
