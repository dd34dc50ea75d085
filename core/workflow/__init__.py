"""The workflow: the session folder, the steps and one action per step."""
