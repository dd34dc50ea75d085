"""First frame of the app against an empty Textual app, in the same pseudo terminal."""

import os
import statistics
import sys
import tempfile
import time

import pexpect

TARGET = 1.3
EMPTY = "from textual.app import App\nApp().run()"
RUNS = 9


def first_frame_s(arguments: list[str], folder: str) -> float:
    """Seconds from start until the first frame is drawn: a burst of output over 500 bytes."""
    begin = time.perf_counter()
    child = pexpect.spawn(
        sys.executable,
        arguments,
        cwd=folder,
        env={**os.environ, "TERM": "xterm-256color"},
        dimensions=(24, 80),
    )
    seen = 0
    while seen < 1500:
        seen += len(child.read_nonblocking(65536, timeout=20))
    elapsed = time.perf_counter() - begin
    child.close(force=True)
    return elapsed


def main() -> int:
    """Print both medians and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        pairs = [
            (first_frame_s(["-m", "tui"], folder), first_frame_s(["-c", EMPTY], folder))
            for _ in range(RUNS)
        ]
    ours, empty = (statistics.median(values) for values in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"first frame: app {ours:.3f} s, empty Textual app {empty:.3f} s")
    print(f"ratio {ratio:.2f} (target <= {TARGET})")
    return int(ratio > TARGET)


if __name__ == "__main__":
    sys.exit(main())
