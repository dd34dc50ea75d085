"""One function per step: read the session, do the step, record it.

Screens and commands call these and nothing below them.
"""
