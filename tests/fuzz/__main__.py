"""``python -m tests.fuzz [READER …] [--count N] [--seed N] [--keep FOLDER] [--show READER N]``."""

import argparse
import sys
import time
import traceback
from pathlib import Path

from core.errors import TunerError
from tests.fuzz.readers import READERS
from tests.fuzz.running import Result, case_of, kept, run


def main() -> int:
    """Try every reader; 0 when nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("readers", nargs="*", help=f"of {', '.join(READERS)}; all when none")
    parser.add_argument("--count", type=int, default=100_000, help="inputs for each reader")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"))
    parser.add_argument("--show", type=int, help="read this one input here, with its traceback")
    given = parser.parse_args()
    names = given.readers or list(READERS)
    if given.show is not None:
        return _show(names[0], given.seed, given.show)
    print(f"{'reader':<14} {'inputs':>8} {'read':>8} {'refused':>8} {'failed':>7}", end="")
    print(f" {'slowest':>8} {'memory':>8} {'took':>7}")
    failed = 0
    for name in names:
        began = time.monotonic()
        *_, result = run(name, given.seed, given.count)
        _print_row(name, result, time.monotonic() - began)
        failed += sum(map(len, result.failures.values()))
        for kind, numbers in sorted(result.failures.items(), key=lambda item: -len(item[1])):
            path = kept(name, given.seed, numbers[0], given.keep)
            print(f"    {len(numbers):>6} x {kind}: {path}", flush=True)
    return 1 if failed else 0


def _print_row(name: str, result: Result, took_s: float) -> None:
    failed = sum(map(len, result.failures.values()))
    counts = f"{result.inputs:>8,} {result.read:>8,} {result.refused:>8,} {failed:>7,}"
    memory = f"{max(result.peak_bytes, 0) >> 20} MB"
    print(
        f"{name:<14} {counts} {result.slowest_s:>6.2f} s {memory:>8} {took_s:>5.0f} s", flush=True
    )


def _show(name: str, seed: int, number: int) -> int:
    import tempfile

    case, random = case_of(name, seed, number)
    print(case[0], case[1][:2000])
    with tempfile.TemporaryDirectory() as folder:
        try:
            READERS[name].read(Path(folder), case, random)
        except TunerError as error:
            print(f"{type(error).__name__}: {error} — {error.hint}")
        except BaseException:
            traceback.print_exc()
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
