"""The console entry: a command goes to the headless front door."""

import sys


def main() -> None:
    """Run ``comprehend-tuner``."""
    from core.cli.main import main as run_command

    sys.exit(run_command())


if __name__ == "__main__":
    main()
