"""Checks of account, bucket, role and rights before anything is paid.

Each check is a small function that asks one question; a registry puts them in order. A check that
fails never hides another, and each failed line says what to do and which policy to paste.
"""

from core.comprehend.preflight.lines import Outcome, PreflightLine, PreflightSettings, ProbeNotes
from core.comprehend.preflight.local import folder_lines, offline_lines
from core.comprehend.preflight.running import CHECKS, Preflight, run_preflight

__all__ = [
    "CHECKS",
    "Outcome",
    "Preflight",
    "PreflightLine",
    "PreflightSettings",
    "ProbeNotes",
    "folder_lines",
    "offline_lines",
    "run_preflight",
]
