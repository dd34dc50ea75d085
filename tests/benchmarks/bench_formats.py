"""Reading and writing against pandas and `csv.writer`: `python -m tests.benchmarks.bench_formats`.

The data has the published size and label totals of the Kaggle Toxic Comment training set; its texts
are made of random words from a seed. Reading is measured as a whole process, imports included.
Times are processor seconds, which another load on the machine disturbs least.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.dataset.documents import Dataset
from core.dataset.formats.comprehend_files import one_line, write_scoring_text, write_training_csv
from core.dataset.formats.reading import read_source
from core.dataset.formats.sources import SourceSettings

ROWS = 159_571
LABEL_TOTALS = {
    "toxic": 15_294,
    "severe_toxic": 1_595,
    "obscene": 8_449,
    "threat": 478,
    "insult": 7_877,
    "identity_hate": 1_405,
}
_REPEATS = 5
_READ_OURS = """
import sys; from pathlib import Path
from core.dataset.formats import SourceSettings, read_source
dataset, report = read_source(Path(sys.argv[1]), SourceSettings())
assert len(dataset) == int(sys.argv[2])
"""
_READ_PANDAS = """
import sys; import pandas
table = pandas.read_csv(sys.argv[1], engine="c", keep_default_na=False)
assert len(table) == int(sys.argv[2])
"""


@dataclass(frozen=True)
class Result:
    """One comparison."""

    operation: str
    """What was done."""
    ours_s: float
    """Our figure, the least of several: seconds, or mebibytes for memory."""
    peer: str
    """What it is compared with."""
    peer_s: float
    """The peer's figure, the least of several."""
    target: str
    """What is wanted, as text."""
    ratio: float
    """The figure that the target is about."""
    is_met: bool
    """Whether the target is met."""


def texts(rows: int, seed: int) -> list[str]:
    """Comments of about 430 bytes: 59 % with line breaks, some with quotes, a few not ASCII."""
    generator = np.random.default_rng(seed)
    words = ["".join(letters) for letters in generator.choice(list("etaoinshrdlu"), (3000, 6))]
    words += [f"{word}," for word in words[:300]] + [
        "don't",
        '"quoted"',
        "(see",
        "below).",
        "naïve",
    ]
    picked = generator.integers(0, len(words), 400_000).tolist()
    stream = [words[place] for place in picked]
    lengths = np.clip(generator.gamma(1.1, 58, rows), 3, 700).astype(int).tolist()
    starts = generator.integers(0, len(stream) - 700, rows).tolist()
    breaks = (generator.random(rows) < 0.59).tolist()
    made = []
    for start, length, has_break in zip(starts, lengths, breaks, strict=True):
        piece = stream[start : start + length]
        cut = length // 3 + 1
        text = " ".join(piece)
        if has_break:
            text = "\n\n".join((" ".join(piece[:cut]), " ".join(piece[cut:-2])))
            text += "\n" + " ".join(piece[-2:])
        made.append(text)
    return made


def label_flags(rows: int, seed: int) -> npt.NDArray[np.int8]:
    """int8 (rows, 6): the published totals, scaled, with rare labels inside common ones."""
    generator = np.random.default_rng(seed)
    flags = np.zeros((rows, len(LABEL_TOTALS)), dtype=np.int8)
    order = generator.permutation(rows)
    for column, total in enumerate(LABEL_TOTALS.values()):
        wanted = max(1, total * rows // ROWS)
        pool = order[: max(wanted, LABEL_TOTALS["toxic"] * rows // ROWS)]
        flags[generator.choice(pool, wanted, replace=False), column] = 1
    return flags


def write_source(path: Path, rows: int, seed: int = 7) -> None:
    """Write the wide CSV."""
    flags = label_flags(rows, seed).tolist()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "comment_text", *LABEL_TOTALS])
        for number, (text, row) in enumerate(zip(texts(rows, seed), flags, strict=True)):
            writer.writerow([f"{number:016x}", text, *row])


def least(operation: Callable[[], object], repeats: int = _REPEATS) -> float:
    """Processor seconds of the fastest of several runs."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        operation()
        times.append(time.process_time() - start)
    return min(times)


def process(code: str, *arguments: str) -> tuple[float, float]:
    """Processor seconds and peak mebibytes of a fresh interpreter, the least of several."""
    seconds, peaks = [], []
    for _ in range(_REPEATS):
        child = subprocess.Popen([sys.executable, "-c", code, *arguments])
        _, status, usage = os.wait4(child.pid, 0)
        seconds.append(usage.ru_utime + usage.ru_stime)
        peaks.append(usage.ru_maxrss / 1024)
        if status:
            raise SystemExit(f"a measured process failed: {code}")
    return min(seconds), min(peaks)


def read_results(path: Path, rows: int) -> list[Result]:
    """Reading as whole processes: time and peak memory."""
    ours_s, ours_mb = process(_READ_OURS, str(path), str(rows))
    peer_s, peer_mb = process(_READ_PANDAS, str(path), str(rows))
    ratio, memory = ours_s / peer_s, ours_mb / peer_mb
    return [
        Result(
            "read wide CSV, process", ours_s, "pandas C", peer_s, "≤ 0.60 ×", ratio, ratio <= 0.6
        ),
        Result(
            "read wide CSV, peak MB", ours_mb, "pandas C", peer_mb, "≤ 1.00 ×", memory, memory <= 1
        ),
    ]


def write_results(dataset: Dataset, folder: Path) -> list[Result]:
    """Writing in this process, against `csv.writer` with the same result."""
    cells = ["|".join(names) for names in dataset.label_sets()]
    cleaned = [one_line(text) for text in dataset.texts]

    def peer(lines: Sequence[str] | None) -> None:
        with (folder / "peer.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            texts_now = lines or (one_line(text) for text in dataset.texts)
            for cell, text in zip(cells, texts_now, strict=True):
                writer.writerow([cell, text])

    ours_s = least(lambda: write_training_csv(dataset, folder / "ours.csv"))
    same_s = least(lambda: peer(None))
    ready_s = least(lambda: peer(cleaned))
    if (folder / "ours.csv").read_bytes() != (folder / "peer.csv").read_bytes():
        raise SystemExit("the files differ from csv.writer's")
    text_s = least(lambda: write_scoring_text(dataset, folder / "ours.txt"))
    same, ready = same_s / ours_s, ready_s / ours_s
    name = "write training CSV"
    return [
        Result(name, ours_s, "one_line + csv.writer", same_s, "≥ 4.00 ×", same, same >= 4),
        Result(name, ours_s, "csv.writer, clean text", ready_s, "(no cleaning)", ready, True),
        Result(
            "write scoring text",
            text_s,
            "one_line + csv.writer",
            same_s,
            "-",
            same_s / text_s,
            True,
        ),
    ]


def main() -> None:
    """Print the table of figures against targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=ROWS, help="number of rows (default: %(default)s)"
    )
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_source(folder / "source.csv", rows)
        size = (folder / "source.csv").stat().st_size / 1e6
        print(f"{rows:,} rows, {size:.1f} MB; least of {_REPEATS} runs\n")
        results = read_results(folder / "source.csv", rows)
        dataset, _ = read_source(folder / "source.csv", SourceSettings())
        results += write_results(dataset, folder)
    print(f"{'operation':<24}{'ours':>9}  {'peer':<24}{'peer':>9}{'ratio':>8}  target")
    for row in results:
        verdict = "ok" if row.is_met else "MISSED"
        print(
            f"{row.operation:<24}{row.ours_s:>9.3f}  {row.peer:<24}{row.peer_s:>9.3f}"
            f"{row.ratio:>8.2f}  {row.target} {verdict}"
        )


if __name__ == "__main__":
    main()
