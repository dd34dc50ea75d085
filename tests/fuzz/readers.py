"""Everything that reads bytes from outside, each with its seeds, its damage and its call."""

import contextlib
import errno
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from core.archive import prediction_blocks, read_archive
from core.cli import main as front_door
from core.comprehend.confusion import confusion_metrics, read_confusion
from core.comprehend.predictions import join_predictions, load_scores
from core.comprehend.pricing import load_prices
from core.dataset.documents import load_dataset
from core.dataset.formats.comprehend_files import load_line_map
from core.dataset.formats.reading import read_source
from core.dataset.formats.sources import SourceSettings
from core.errors import TunerError
from core.offline.counts import read_counts, read_entry
from core.offline.model import WORDS, load_model
from core.offline.processes import read_progress
from core.offline.records import load_record
from core.tuning.thresholds import apply_to_predictions, apply_to_reply, load
from core.workflow.drift import check_drift
from core.workflow.experiments.arms import versions
from core.workflow.experiments.compare import load_comparison
from core.workflow.following import _row
from core.workflow.metrics import load_metrics
from core.workflow.money import spending
from core.workflow.overview import session_overview
from core.workflow.parts import load_part
from core.workflow.preferences import load_preferences
from core.workflow.review import add_marks, read_marks, read_marks_file
from core.workflow.session import Session
from core.workflow.split import unscored_part
from core.workflow.state import SessionState
from core.workflow.thresholds import load_report
from tests.fuzz import mutators

FIXTURES = Path(__file__).parents[1] / "fixtures" / "v0_1_0"
SEEDS = Path(__file__).parent / "seeds"
SAMPLES = Path(__file__).parents[2] / "sample_data"
LABELS = ("billing", "bug", "praise", "ünï")
Damage = Callable[[bytes, Random, Sequence[bytes]], bytes]
Case = tuple[str, bytes]
"""Name of the damaged file, and its content."""


@dataclass(frozen=True)
class Reader:
    """One kind of input."""

    make: Callable[[Random], Case]
    read: Callable[[Path, Case, Random], None]
    """Called with a folder of its own, which is empty at first; may raise `TunerError`."""


def _of(seeds: Callable[[], dict[str, bytes]], damage: Damage) -> Callable[[Random], Case]:
    def make(random: Random) -> Case:
        known = seeds()
        name = random.choice(list(known))
        return name, damage(known[name], random, list(known.values()))

    return make


def _file(
    read: Callable[[Path, Random], None], name: str = ""
) -> Callable[[Path, Case, Random], None]:
    """Write the content to a file of its own name, and read that."""

    def written(folder: Path, case: Case, random: Random) -> None:
        path = folder / (name or Path(case[0]).name)
        path.write_bytes(case[1])
        read(path, random)

    return written


# Datasets.


@cache
def _tables() -> dict[str, bytes]:
    files = {path.name: path.read_bytes() for path in SEEDS.iterdir() if path.suffix != ".jsonl"}
    files = {name: data for name, data in files.items() if name.endswith((".csv", ".tsv", ".txt"))}
    for path in SAMPLES.glob("*.csv"):
        files[path.name] = b"".join(path.read_bytes().splitlines(keepends=True)[:12])
    return files


@cache
def _seeds(ending: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in SEEDS.glob(f"*{ending}")}


@cache
def _packable() -> dict[str, bytes]:
    return {**_tables(), **_seeds(".jsonl")}


def _read_source(path: Path, random: Random) -> None:
    dataset, report = read_source(path, SourceSettings())
    n = len(dataset)
    assert n == report.documents == len(dataset.texts) == len({*dataset.ids})
    assert dataset.membership.shape == (n, len(dataset.labels))
    assert dataset.groups is None or len(dataset.groups) == n


# What the service returns.


@cache
def _predictions() -> dict[str, bytes]:
    random = Random(1)
    files = {}
    for key in ("Labels", "Classes"):
        lines = []
        for line in range(12):
            scores = [{"Name": name, "Score": round(random.random(), 4)} for name in LABELS[:3]]
            lines.append(json.dumps({"File": "x.txt", "Line": str(line), key: scores}))
        lines.append('{"File": "x.txt", "Line": "12", "ErrorCode": "E", "ErrorMessage": "m"}')
        files[f"{key}.jsonl"] = "\n".join(lines).encode() + b"\n"
    return files


def _join(path: Path, random: Random) -> None:
    data = path.read_bytes()
    scores, report = join_predictions(path, file_name="x.txt", n_documents=14, labels=LABELS)
    has_scores = (~np.isnan(scores.values)).any(axis=1)
    errored = {line for line, _, _ in report.errored if line >= 0} - {*report.conflicting}
    counted = (report.missing, report.conflicting, report.unscored, errored)
    assert report.joined == has_scores.sum()
    assert report.joined + sum(map(len, counted)) == 14
    if not data.startswith(b"\x1f\x8b"):
        assert report.lines == sum(bool(line.strip()) for line in data.split(b"\n"))


def _apply(path: Path, random: Random) -> None:
    target = io.BytesIO()
    report = apply_to_predictions(_thresholds(), path, target)
    assert report.documents == target.getvalue().count(b"\n")


@cache
def _thresholds() -> Any:
    from tests.core.tuning.threshold_examples import FOUR

    return FOUR


@cache
def _applicable() -> dict[str, bytes]:
    files = {name: data.replace(b"billing", b"toxic") for name, data in _predictions().items()}
    return {
        name: data.replace(b"bug", b"clean").replace(b"praise", b"insult")
        for name, data in (files.items())
    }


@cache
def _matrices() -> dict[str, bytes]:
    several = {
        "type": "multi_label",
        "confusion_matrix": [[[5, 1], [2, 3]], [[0, 0], [4, 7]], [[9, 1], [1, 0]]],
        "labels": ["a", "b", "c"],
        "all_labels": ["a", "b", "c", "d"],
    }
    one = {"type": "multi_class", "confusion_matrix": [[5, 1], [2, 3]], "labels": ["a", "b"]}
    return {"several.json": json.dumps(several).encode(), "one.json": json.dumps(one).encode()}


def _read_confusion(path: Path, random: Random) -> None:
    metrics = {"Precision": 0.7, "Recall": 0.6, "MicroPrecision": 0.5}
    confusion = read_confusion(path, metrics, {"a": 5, "b": 11})
    assert all(0 <= value <= 1 for value in confusion_metrics(confusion).values())


@cache
def _archived() -> dict[str, bytes]:
    return {**_predictions(), **_matrices()}


def _read_archive(path: Path, random: Random) -> None:
    with contextlib.suppress(TunerError):
        read_archive(path)
    with contextlib.suppress(TunerError):
        _apply(path, random)
    for _ in prediction_blocks(path):
        pass


# Files of this program.


@cache
def _fixtures(pattern: str) -> dict[str, bytes]:
    paths = (path for path in FIXTURES.glob(pattern) if path.is_file())
    return {str(path.relative_to(FIXTURES)): path.read_bytes() for path in paths}


def _read_thresholds(path: Path, random: Random) -> None:
    thresholds = load(path)
    label = thresholds.label_order[0] if thresholds.label_order else "a"
    key = "Labels" if thresholds.mode == "multi-label" else "Classes"
    reply = json.dumps({key: [{"Name": label, "Score": 0.5}]}).encode()
    arn = thresholds.classifiers[0].arn if thresholds.classifiers else None
    with contextlib.suppress(TunerError):
        apply_to_reply(thresholds, reply, arn)
    predictions = path.with_name("predictions.jsonl")
    predictions.write_bytes(b'{"File": "x", "Line": "0", ' + reply[1:] + b"\n")
    check_drift(path, predictions, arn)


@cache
def _price_lists() -> dict[str, bytes]:
    fields: dict[str, Any] = {"as_of": "2026-09-20", "training_per_hour": 3.0, "currency": "USD"}
    fields |= {"unit_characters": 100, "minimum_units": 3, "model_per_month": 0.5}
    lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in fields.items())
    return {"prices.json": json.dumps(fields).encode(), "prices.toml": lines.encode()}


def _read_prices(path: Path, random: Random) -> None:
    from core.comprehend.pricing import keeping_estimate, training_estimate, units

    prices = load_prices(path)
    assert units(["a text", ""], prices) >= 0
    assert training_estimate(1000, 9, prices).shown and keeping_estimate(2, prices).shown


@cache
def _configs() -> dict[str, bytes]:
    return {
        "config.toml": b'theme = "textual-dark"\nmouse = true\nascii_only = false\nbell = true\n'
    }


def _read_config(path: Path, random: Random) -> None:
    os.environ["XDG_CONFIG_HOME"] = str(path.parents[1])
    load_preferences()


def _write_config(folder: Path, case: Case, random: Random) -> None:
    path = folder / "comprehend-tuner" / "config.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(case[1])
    _read_config(path, random)


# Session folders: one damaged file in a copy of a session, and a command on it.


def _copied(folder: Path, *names: str) -> None:
    """Make sessions in `folder` what they are in the fixtures; all of them when none is named."""
    for name in names or _SESSIONS:
        target = str(folder / ".comprehend-tuner" / name)
        if target not in _as_copied:
            shutil.copytree(FIXTURES / name, target)
            _as_copied[target] = _stamps(target)
            continue
        copied, now = _as_copied[target], _stamps(target)
        for path in now.keys() - copied.keys():
            os.unlink(path)
        for path, stamp in copied.items():
            if now.get(path) != stamp:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                shutil.copy(FIXTURES / os.path.relpath(path, folder / ".comprehend-tuner"), path)
                status = os.stat(path)
                copied[path] = (status.st_mtime_ns, status.st_size)


_SESSIONS = ("half", "queues", "tickets")
_as_copied: dict[str, dict[str, tuple[int, int]]] = {}
"""Per copy of a session, its files with time and size."""


def _stamps(folder: str) -> dict[str, tuple[int, int]]:
    stamps = {}
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    status = entry.stat(follow_symlinks=False)
                    stamps[entry.path] = (status.st_mtime_ns, status.st_size)
    return stamps


@cache
def _damages() -> dict[str, Damage]:
    return {
        ".json": mutators.damaged_json,
        ".jsonl": mutators.damaged_lines,
        ".npz": mutators.damaged_arrays,
    }


def _session_case(random: Random, *patterns: str) -> Case:
    session = random.choices(_SESSIONS, weights=(5, 3, 1))[0]
    files = {
        name: data
        for pattern in patterns
        for name, data in _fixtures(f"{session}/{pattern}").items()
    }
    if not files:
        return _session_case(random, *patterns)
    name = random.choice(list(files))
    damage = _damages().get(Path(name).suffix, mutators.damaged)
    if name.endswith("session.json"):
        damage = mutators.damaged_field
    return name, damage(files[name], random, list(files.values()))


_QUICK: tuple[list[str], ...] = (
    ["status"],
    ["status"],
    ["status"],
    ["--dry-run", "train"],
    ["cost"],
    ["jobs"],
)
_COMMANDS: tuple[list[str], ...] = (
    *_QUICK,
    *(["--dry-run", "score"], ["metrics"], ["--dry-run", "cleanup"], ["--dry-run", "split"]),
    *(["--dry-run", "report"], ["review", "--label", "bug"], ["calibration"], ["health"]),
    *(["--dry-run", "oversample", "--to", "bug=50"], ["endpoint", "status"], ["review"]),
)
_SLOW: tuple[list[str], ...] = (["thresholds"], ["compare"], ["score"], ["report"])


def _in_session(folder: Path, case: Case, random: Random) -> None:
    """Damage one file, and read it as its step does; now and then by a command on the session."""
    name = Path(case[0]).parts[0]
    _copied(folder, name)
    session = Session(folder / ".comprehend-tuner" / name)
    (session.folder.parent / case[0]).write_bytes(case[1])
    if random.random() < 0.06:
        return _command(folder, name, random)
    if case[0].endswith("session.json"):
        session_overview(session)
        spending(session)
        versions(session)
        for run in session.state().runs:
            for job in run.jobs():
                _row(run, job, "", None)
        return None
    state, path = session.state(), session.folder.parent / case[0]
    return _read_file(session, state, path)


def _read_file(session: Session, state: SessionState, path: Path) -> None:
    """Read one file of a session, as the first pattern that fits says."""
    for pattern, read in _OF_A_SESSION:
        if fnmatch(path.name, pattern):
            read(session, state, path)
            return


def _read_runs(session: Session, state: SessionState, path: Path) -> None:
    for run in state.runs:
        with contextlib.suppress(TunerError):
            load_metrics(session, run.name)
        with contextlib.suppress(TunerError):
            load_report(session, run)
        for part in run.scores:
            with contextlib.suppress(TunerError):
                load_part(session, state, run, part)
    for experiment in state.experiments:
        load_comparison(session, experiment)


def _read_truth(session: Session, state: SessionState, path: Path) -> None:
    for part in state.splits[-1].part_names:
        unscored_part(session, state, state.splits[-1], part)


def _read_output(session: Session, state: SessionState, path: Path) -> None:
    with contextlib.suppress(TunerError):
        read_archive(path)
    join_predictions(path, file_name="test.txt", n_documents=60, labels=LABELS)


def _read_counts(session: Session, state: SessionState, path: Path) -> None:
    entry = read_entry(path, WORDS)
    if entry is not None:
        read_counts(entry)


_OF_A_SESSION: tuple[tuple[str, Callable[[Session, SessionState, Path], object]], ...] = (
    ("events.jsonl", lambda session, state, path: session.events()),
    ("review.jsonl", lambda session, state, path: read_marks(session)),
    ("truth.npz", _read_truth),
    ("record.json", lambda session, state, path: load_record(path.parent)),
    ("progress.json", lambda session, state, path: read_progress(path.parent)),
    ("thresholds.json", lambda session, state, path: load(path)),
    ("*.lines.json", lambda session, state, path: load_line_map(path)),
    ("*.jsonl", lambda session, state, path: load_dataset(path)),
    ("*.gz", _read_output),
    ("model", lambda session, state, path: load_model(path)),
    ("*.counts", _read_counts),
    ("*.csv", lambda session, state, path: read_source(path, SourceSettings())),
    ("*.txt", lambda session, state, path: session_overview(session)),
    ("*", _read_runs),
)


def _command(folder: Path, name: str, random: Random) -> None:
    kinds = ((_QUICK, 0.6), (_COMMANDS, 0.395), (_SLOW, 0.005))
    commands = random.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
    if commands is _SLOW and name == "tickets":  # its experiment takes longer than an input may
        commands = _QUICK
    arguments = ["--session", name, *(["--json"] if random.random() < 0.5 else [])]
    os.chdir(folder)
    with _in_process():
        code = front_door.main([*arguments, *random.choice(commands)])
    if code not in (0, 1, 2, 3, 4):
        raise AssertionError(f"exit code {code}")
    if code:
        raise TunerError("Refused", f"exit code {code}")


def _defect(error: Exception) -> int:
    raise error


class _NoProcess(subprocess.Popen[bytes]):
    """A process that the machine refuses to start."""

    def __init__(self, *arguments: object, **options: object) -> None:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    def __del__(self) -> None:
        """Nothing was started."""


@contextlib.contextmanager
def _in_process() -> Iterator[None]:
    """Let defects out, start no process, and print to nowhere."""
    before = front_door._report_defect, subprocess.Popen
    front_door._report_defect = _defect
    subprocess.Popen = _NoProcess  # type: ignore[assignment,misc]
    try:
        with (
            contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            yield
    finally:
        front_door._report_defect, subprocess.Popen = before  # type: ignore[misc]


@cache
def _marks() -> dict[str, bytes]:
    rows = "id,label,mark\nT5000,bug,relabel\nT5001,bug,keep\nT5002,,drop\n"
    return {"marks.csv": rows.encode(), "semicolon.csv": rows.replace(",", ";").encode()}


def _read_marks(folder: Path, case: Case, random: Random) -> None:
    if random.random() < 0.01 or not (folder / ".comprehend-tuner").exists():
        _copied(folder, "half")
    path = folder / "marks.csv"
    path.write_bytes(case[1])
    session = Session(folder / ".comprehend-tuner" / "half")
    marks = read_marks_file(session, path)
    if random.random() < 0.01:
        add_marks(session, marks)


def _plain(
    seeds: Callable[[], dict[str, bytes]], damage: Damage, read: Any, name: str = ""
) -> Reader:
    return Reader(_of(seeds, damage), _file(read, name))


def _packed_predictions(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    changed = mutators.damaged_lines(data, random, others)
    return gzip.compress(changed, 1) if random.random() < 0.1 else changed


def _damaged_model(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """A model whose checksum mostly fits all the same."""
    if random.random() < 0.1:
        return mutators.damaged(data, random, others)
    _, described, arrays = data.split(b"\n", 2)
    if random.random() < 0.5:
        described = mutators.damaged_json(described, random, others).replace(b"\n", b"")
    else:
        arrays = mutators.damaged_arrays(arrays, random, others)
    rest = described + b"\n" + arrays
    return hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest


READERS: dict[str, Reader] = {
    "csv": _plain(_tables, mutators.damaged, _read_source),
    "json": _plain(lambda: _seeds(".json"), mutators.damaged_json, _read_source),
    "jsonl": _plain(lambda: _seeds(".jsonl"), mutators.damaged_lines, _read_source),
    "manifest": _plain(lambda: _seeds(".manifest"), mutators.damaged_lines, _read_source),
    "gz": _plain(_packable, mutators.damaged_gzip, _read_source, "source.gz"),
    "predictions": _plain(_predictions, _packed_predictions, _join),
    "apply": _plain(_applicable, _packed_predictions, _apply),
    "confusion": _plain(_matrices, mutators.damaged_json, _read_confusion),
    "archive": _plain(_archived, mutators.damaged_tar, _read_archive, "output.tar.gz"),
    "thresholds": _plain(
        lambda: _fixtures("thresholds/*.json"), mutators.damaged_json, _read_thresholds
    ),
    "scores": _plain(
        lambda: _fixtures("*/runs/*/scores-*.npz"),
        mutators.damaged_arrays,
        lambda path, random: load_scores(path),
    ),
    "line maps": _plain(
        lambda: _fixtures("*/data/*/*.lines.json"),
        mutators.damaged_json,
        lambda path, random: load_line_map(path),
    ),
    "model": _plain(
        lambda: _fixtures("*/offline/*/classifiers/*/model"),
        _damaged_model,
        lambda path, random: load_model(path),
    ),
    "marks": Reader(_of(_marks, mutators.damaged), _read_marks),
    "price list": _plain(_price_lists, mutators.damaged_json, _read_prices),
    "config": Reader(_of(_configs, mutators.damaged), _write_config),
    "session.json": Reader(lambda random: _session_case(random, "session.json"), _in_session),
    "session files": Reader(
        lambda random: _session_case(
            random,
            "*.jsonl",
            "data/*.jsonl",
            "data/*/*",
            "runs/**/*",
            "experiments/*/*",
            "offline/**/*.json",
            "offline/**/*",
        ),
        _in_session,
    ),
}
