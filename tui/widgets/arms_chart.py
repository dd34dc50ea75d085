"""Average precision and tuned F1 of the arms, side by side."""

from dataclasses import dataclass

from rich.text import Text
from textual.content import Content
from textual.widget import Widget

from core.tuning.charts import ArmPoint, arms_chart, arms_legend
from tui.render import plain

_LEAST_PAIR = 64
"""Cells that two charts need beside each other; one takes the place of both in less."""
_GAP = 2


@dataclass(frozen=True)
class ArmsPicture:
    """What the charts show."""

    average_precision: tuple[ArmPoint, ...]
    tuned_f1: tuple[ArmPoint, ...]
    axis: str
    """What the axis counts."""
    marked: str = ""
    """The highlighted arm."""
    remark: str = "not measured yet"
    """What stands in a chart without any value."""


class ArmsChart(Widget):
    """Draws a picture to its own size; drawn once per change."""

    DEFAULT_CSS = "ArmsChart { height: 1fr; min-height: 8; }"

    def __init__(self, ascii_only: bool, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._ascii_only = ascii_only
        self._picture: ArmsPicture | None = None
        self._drawn: tuple[ArmsPicture, int, int] | None = None
        self._content = Content("")

    def show(self, picture: ArmsPicture) -> None:
        """Draw another picture."""
        if picture != self._picture:
            self._picture = picture
            self.refresh()

    def render(self) -> Content:
        """The charts, as wide and high as the widget, over what their marks mean."""
        picture, size = self._picture, self.content_size
        if picture is None or not size.area:
            return Content("")
        now = (picture, size.width, size.height)
        if self._drawn != now:
            self._content = self._draw(picture, size.width, size.height)
            self._drawn = now
        return self._content

    def _draw(self, picture: ArmsPicture, width: int, height: int) -> Content:
        legend = arms_legend((point.kind for point in picture.tuned_f1), self._ascii_only)
        bars = any(point.low is not None for point in picture.tuned_f1)
        bar = "|" if self._ascii_only else "│"
        words = f"{legend}  {bar} difference from base" if bars else legend
        words = f"{words}  x: {picture.axis}"
        foot = Content(plain(words[:width], self._ascii_only)).stylize("$text-muted")
        charts = [("average precision", picture.average_precision), ("tuned F1", picture.tuned_f1)]
        if width >= _LEAST_PAIR:
            room = (width - _GAP) // 2
            drawn = [self._chart(*chart, picture, room, height - 1) for chart in charts]
            pairs = zip(*(chart.split("\n") for chart in drawn), strict=True)
            text = "\n".join((" " * _GAP).join(pair) for pair in pairs)
        else:
            text = self._chart(*charts[0], picture, width, height - 1)
        return Content("\n").join([Content.from_rich_text(Text.from_ansi(text)), foot])

    def _chart(
        self,
        title: str,
        points: tuple[ArmPoint, ...],
        picture: ArmsPicture,
        width: int,
        height: int,
    ) -> str:
        return arms_chart(
            points, width=width, height=height, title=title, marked=picture.marked,
            remark=picture.remark, ascii_only=self._ascii_only, color=True,
        )  # fmt: skip
