"""Curves and bars as text, for a terminal or a report."""

from core.tuning.charts.bars import bars
from core.tuning.charts.curve import curve_chart

__all__ = ["bars", "curve_chart"]
