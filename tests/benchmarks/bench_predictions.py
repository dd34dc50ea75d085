"""Predictions to a float32 matrix: time and peak memory beside the `json` module.

Run with ``python -m tests.benchmarks.bench_predictions [--lines 1000000]``. Targets: at least twice
as fast as `json`, at most 1.5 times its peak memory. Each measurement is a process of its own.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

LABELS = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate", "clean")
FILE_NAME = "calibration.txt"
LEAST_SPEED = 2.0
MOST_MEMORY = 1.5


def write_predictions(path: Path, n_lines: int, returned: int) -> None:
    """Write shuffled multi-label output with the `returned` highest of 7 scores per line."""
    generator = random.Random(7)
    order = list(range(n_lines))
    generator.shuffle(order)
    with path.open("w", encoding="utf-8") as file:
        for line in order:
            scores = {label: round(generator.random() ** 4, 4) for label in LABELS}
            names = sorted(scores, key=lambda name: -scores[name])[:returned]
            entries = [{"Name": name, "Score": scores[name]} for name in names]
            row = {"File": FILE_NAME, "Line": str(line), "Labels": entries}
            file.write(json.dumps(row) + "\n")


def with_json(path: Path, n_lines: int) -> npt.NDArray[np.float32]:
    """The peer: one `json.loads` per line into the same matrix, without any check."""
    values = np.full((n_lines, len(LABELS)), np.nan, dtype=np.float32)
    column = {label: index for index, label in enumerate(LABELS)}
    with path.open("rb") as file:
        for line in file:
            row = json.loads(line)
            number = int(row["Line"])
            for entry in row["Labels"]:
                values[number, column[entry["Name"]]] = entry["Score"]
    return values


def with_join(path: Path, n_lines: int) -> npt.NDArray[np.float32]:
    """Ours: typed, streaming, every row checked."""
    from core.comprehend.predictions import join_predictions

    scores, report = join_predictions(path, file_name=FILE_NAME, n_documents=n_lines, labels=LABELS)
    assert report.is_complete
    return scores.values


READERS = {"json": with_json, "join": with_join}


def measure_here(reader: str, path: Path, n_lines: int) -> None:
    """Read once in this process; print seconds, peak MiB and a checksum of the matrix."""
    start = time.perf_counter()
    values = READERS[reader](path, n_lines)
    elapsed_s = time.perf_counter() - start
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(elapsed_s, peak_mib, float(np.nansum(values, dtype=np.float64)))


def measure(reader: str, path: Path, n_lines: int, repeats: int) -> tuple[float, float, float]:
    """Fastest seconds, peak MiB and checksum over `repeats` fresh processes."""
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks.bench_predictions",
        "--reader",
        reader,
        "--path",
        str(path),
        "--lines",
        str(n_lines),
    ]
    results = []
    for _ in range(repeats):
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        results.append(tuple(float(number) for number in output.split()))
    return min(r[0] for r in results), max(r[1] for r in results), results[0][2]


def main() -> None:
    """Print times, peaks and ratios for truncated and complete output."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, default=159_571)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--reader", choices=sorted(READERS))
    parser.add_argument("--path", type=Path)
    options = parser.parse_args()
    if options.reader:
        measure_here(options.reader, options.path, options.lines)
        return
    print(f"predictions.jsonl to float32 matrix, {options.lines:,} lines, 7 labels")
    for returned in (3, 7):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "predictions.jsonl"
            write_predictions(path, options.lines, returned)
            peer_s, peer_mib, peer_sum = measure("json", path, options.lines, options.repeats)
            ours_s, ours_mib, ours_sum = measure("join", path, options.lines, options.repeats)
        assert abs(peer_sum - ours_sum) <= 1e-6 * peer_sum
        speed, memory = peer_s / ours_s, ours_mib / peer_mib
        print(
            f"  {returned} returned: json {peer_s:.2f} s {peer_mib:.0f} MiB,"
            f" join {ours_s:.2f} s {ours_mib:.0f} MiB"
        )
        _print_ratio("speed", speed, f">= {LEAST_SPEED}", speed >= LEAST_SPEED)
        _print_ratio("memory", memory, f"<= {MOST_MEMORY}", memory <= MOST_MEMORY)


def _print_ratio(what: str, ratio: float, target: str, is_met: bool) -> None:
    word = "met" if is_met else "MISSED"
    print(f"    {what} {ratio:.2f} x json, target {target}: {word}")


if __name__ == "__main__":
    main()
