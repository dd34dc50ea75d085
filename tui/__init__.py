"""The terminal front door; every action that it offers is a function of ``core.workflow``."""
