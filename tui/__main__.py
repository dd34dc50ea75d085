"""The console entry: a command goes to the headless front door, everything else opens the app."""

import sys


def main() -> None:
    """Run ``comprehend-tuner``."""
    from core.workflow.app_request import OpenApp

    outcome: int | OpenApp = OpenApp(None)
    if sys.argv[1:]:
        from core.cli.main import main as run_command

        outcome = run_command()
    if isinstance(outcome, OpenApp):
        from tui.start import start

        sys.exit(start(outcome))
    sys.exit(outcome)


if __name__ == "__main__":
    main()
