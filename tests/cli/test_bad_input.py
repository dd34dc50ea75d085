"""Bad input gives one clear line, the exit code of its kind, and changes nothing."""

import gzip
import hashlib
from pathlib import Path

import pytest

from tests.cli.running import run


def _wide(rows: str) -> bytes:
    return ("id,text,billing,bug\n" + rows).encode("utf-8")


BAD_SOURCES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "latin1.csv": ("id,text,billing,bug\n1,caf\xe9,1,0\n".encode("latin-1"), ("iconv", "UTF-8")),
    "utf16.csv": (_wide("1,x,1,0\n").decode().encode("utf-16"), ("UTF-16", "iconv")),
    "empty.csv": (b"", ("empty",)),
    "cells.csv": (
        _wide("1,hello,1,0\n" * 50 + "2,there,maybe,0\n"),
        ("line 52", "billing", "maybe"),
    ),
    "ragged.csv": (_wide("1,hello,1,0\n2,there,1\n"), ("line 3",)),
    "quote.csv": (_wide("1,hello,1,0\n" * 50 + '1,"never closed,1,0\n2,x,0,1\n'), ("line 52",)),
    "cut.csv.gz": (gzip.compress(_wide("1,hello,1,0\n" * 2000))[:-30], ("gz",)),
    "broken.jsonl": (b'{"text": "a", "labels": ["x"]}\n{"text": \n', ("line 2",)),
}


@pytest.mark.parametrize("name", BAD_SOURCES)
def test_a_bad_source_names_the_place_and_leaves_no_session(name: str, tmp_path: Path) -> None:
    content, expected = BAD_SOURCES[name]
    (tmp_path / name).write_bytes(content)
    done = run("new", "trial", name, folder=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    line = _only_line(done.stderr)
    assert name in line
    assert all(word in line for word in expected), line
    assert " — " in line, "what to do is missing"
    assert not (tmp_path / ".comprehend-tuner" / "trial").exists()


SESSION_ERRORS: dict[str, tuple[list[str], int]] = {
    "unknown session": (["--session", "nowhere", "status"], 2),
    "session name taken": (["new", "small", "x.csv"], 2),
    "unusable session name": (["new", "no spaces", "x.csv"], 2),
    "unknown command": (["destroy"], 2),
    "unknown option": (["split", "--seeds", "3"], 2),
    "ratios that do not add up": (["split", "--ratios", "70/20"], 2),
    "ratios in words": (["split", "--ratios", "most/few"], 2),
    "a seed below zero": (["thresholds", "--seed", "-1"], 2),
    "a seed beyond 64 bits": (["split", "--seed", "99999999999999999999"], 2),
    "unknown fix": (["health", "--fix", "everything"], 2),
    "nothing to fix": (["health", "--fix", "blank-documents"], 2),
    "unknown run": (["metrics", "--run", "nope"], 2),
    "unknown part": (["score", "--parts", "validation"], 2),
    "unknown label": (["thresholds", "--set", "nolabel=0.4"], 2),
    "threshold above one": (["thresholds", "--set", "bug=1.4"], 2),
    "threshold in words": (["thresholds", "--set", "bug=high"], 2),
    "unknown objective": (["thresholds", "--objective", "best"], 2),
    "unknown part to tune on": (["thresholds", "--tune-on", "validation"], 2),
    "part without scores": (["thresholds", "--tune-on", "train"], 2),
    "unknown label to draw": (["thresholds", "--chart", "nolabel"], 2),
    "unknown label to repeat": (["oversample", "--to", "nolabel=50"], 2),
    "target below present": (["oversample", "--to", "bug=1"], 2),
    "target in words": (["oversample", "--to", "bug=many"], 2),
    "no target": (["oversample"], 2),
    "unknown job": (["jobs", "--stop", "base/c9/train"], 2),
    "scoring cannot be stopped": (["jobs", "--stop", "base/c1/score-test"], 2),
    "no thresholds file": (["apply", "nowhere.json", "p.jsonl"], 2),
    "another engine": (["--engine", "aws", "train"], 2),
    "a bucket's address for its name": (["--bucket", "s3://tuner", "status"], 2),
    "a role's name for its ARN": (["--role-arn", "ComprehendRole", "status"], 2),
    "a place for a Region": (["--region", "Ireland", "status"], 2),
    "an address without a scheme": (["--endpoint-url", "localhost", "status"], 2),
    "another bucket once a run exists": (["--bucket", "another-bucket", "status"], 2),
    "another Region once a run exists": (["--region", "eu-west-1", "status"], 2),
    "read-only": (["--read-only", "train"], 4),
}


@pytest.mark.parametrize("what", SESSION_ERRORS)
def test_a_refused_command_says_one_line_and_leaves_the_session_as_it_was(
    what: str, tickets_session: Path
) -> None:
    arguments, exit_code = SESSION_ERRORS[what]
    before = _content(tickets_session)
    done = run(*arguments, folder=tickets_session.parents[1])
    assert done.returncode == exit_code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("comprehend-tuner: ") or exit_code == 4
    assert _content(tickets_session) == before


AWS_ERRORS: dict[str, tuple[list[str], str]] = {
    "a bucket's address for its name": (["--bucket", "s3://tuner"], "Unusable bucket name"),
    "a role's name for its ARN": (["--role-arn", "ComprehendRole"], "Unusable role"),
    "a place for a Region": (["--region", "Ireland"], "Unusable Region"),
    "a Region without Comprehend": (["--region", "eu-north-1"], "Comprehend is not in this Region"),
    "an unknown profile": (["--profile", "nobody"], "The AWS profile does not exist"),
}


@pytest.mark.parametrize("what", AWS_ERRORS)
def test_an_unusable_aws_setting_is_said_before_anything_is_made(
    what: str, tmp_path: Path, small_source: Path
) -> None:
    given, title = AWS_ERRORS[what]
    done = run("--engine", "aws", *given, "new", "cloud", str(small_source), folder=tmp_path)
    assert done.returncode == 2
    line = _only_line(done.stderr)
    assert title in line and " — " in line
    assert not (tmp_path / ".comprehend-tuner" / "cloud").exists()


def test_a_damaged_session_is_named_and_kept(tickets_session: Path) -> None:
    (tickets_session / "session.json").write_text('{"schema_version": 1, "name": 3}')
    done = run("status", folder=tickets_session.parents[1])
    assert done.returncode == 2
    assert "Damaged session" in _only_line(done.stderr)
    assert (tickets_session / "session.json").read_text() == '{"schema_version": 1, "name": 3}'


def test_a_newer_session_is_refused(tickets_session: Path) -> None:
    path = tickets_session / "session.json"
    path.write_text(path.read_text().replace('"schema_version": 1', '"schema_version": 99'))
    done = run("status", folder=tickets_session.parents[1])
    assert done.returncode == 2
    assert "newer version" in _only_line(done.stderr)


def test_training_is_gated_until_the_dataset_was_checked(
    tmp_path: Path, small_source: Path
) -> None:
    assert run("new", "gate", str(small_source), folder=tmp_path).returncode == 0
    assert run("split", folder=tmp_path).returncode == 0
    done = run("train", folder=tmp_path)
    assert done.returncode == 4
    assert "run: comprehend-tuner health" in done.stderr


def _only_line(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.startswith("comprehend-tuner: ")]
    assert len(lines) == 1, stderr
    assert "Traceback" not in stderr
    return lines[0]


def _content(folder: Path) -> dict[str, str]:
    """Hash of every file that holds the session's work; locks and the twin's own records apart."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(".lock") and "offline" not in path.parts
    }
