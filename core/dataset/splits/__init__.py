"""Stratified splits: made, audited, and the ratios and part names that go with them."""

from core.dataset.splits.audit import LabelAudit, SplitAudit, audit_split, audit_table
from core.dataset.splits.ratios import parse_ratios, part_names_for
from core.dataset.splits.stratify import stratified_split

__all__ = [
    "LabelAudit",
    "SplitAudit",
    "audit_split",
    "audit_table",
    "parse_ratios",
    "part_names_for",
    "stratified_split",
]
