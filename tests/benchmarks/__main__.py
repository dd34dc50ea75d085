"""Run every benchmark in a process of its own and list the targets that were missed."""

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run them in turn; the exit code is the number of benchmarks that missed a target."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    missed = []
    for name in names:
        print(f"\n== {name} ==", flush=True)
        done = subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}"], check=False)
        if done.returncode:
            missed.append(name)
    print(f"\nmissed a target: {', '.join(missed) or 'none'}")
    return len(missed)


if __name__ == "__main__":
    sys.exit(main())
