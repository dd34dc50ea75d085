"""The headless front door: every step as a command, stdout for data, stderr for narration."""
