"""Curves, arms and bars as text, for a terminal or a report."""

from core.tuning.charts.arms import ArmPoint, arms_chart, arms_legend
from core.tuning.charts.bars import bars
from core.tuning.charts.curve import curve_chart

__all__ = ["ArmPoint", "arms_chart", "arms_legend", "bars", "curve_chart"]
