"""The workflow by command line against the server, as a user with an account runs it."""

import contextlib
import csv
import io
from dataclasses import dataclass
from pathlib import Path

from core.cli.main import main
from tests.aws.server import BUCKET, AwsServer
from tests.core.offline.conftest import rows

LABELS = "abcd"
PAID_STEPS = (("train", "--despite-findings"), ("score",), ("thresholds",), ("cleanup",))
"""The steps that talk to the account, and the one between them that must then be possible."""
DECOYS = (
    "comprehend-tuner/small-00000000/base/c1/train-data/train.csv",
    "comprehend-tuner/other/notes.txt",
    "training.csv",
)
"""Keys that belong to somebody else."""


@dataclass(frozen=True)
class Ended:
    """How one call of the command ended."""

    step: str
    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The last line of stderr."""
        return self.err.strip().splitlines()[-1] if self.err.strip() else ""


def call(*arguments: str) -> Ended:
    """One call of ``comprehend-tuner`` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(arguments))
    assert isinstance(code, int), code
    return Ended(" ".join(arguments[-2:]), code, out.getvalue(), err.getvalue())


def write_source(path: Path, count: int = 120) -> Path:
    """A wide CSV of `count` documents with four labels that their words tell."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", *LABELS])
        for number, (cell, text) in enumerate(rows(count, LABELS)):
            held = cell.split("|")
            writer.writerow([number, text, *(int(label in held) for label in LABELS)])
    return path


def aws_options(aws: AwsServer) -> list[str]:
    """The global options of a session on the server."""
    settings = aws.settings
    return [
        "--engine",
        "aws",
        "--endpoint-url",
        aws.url,
        "--region",
        settings.region,
        "--bucket",
        BUCKET,
        "--role-arn",
        str(settings.role_arn),
        "--poll",
        "0.02",
    ]


def prepare(aws: AwsServer, folder: Path) -> Path:
    """A session that is imported, checked and split; nothing was sent yet."""
    source = write_source(folder / "small.csv")
    session = folder / "small"
    for ended in (
        call(*aws_options(aws), "new", str(session), str(source)),
        call("--session", str(session), "health"),
        call("--session", str(session), "split", "--ratios", "60/20/20", "--seed", "3"),
    ):
        assert ended.code == 0, ended
    return session


def take(session: Path, *step: str) -> Ended:
    """Run one step, confirmed."""
    return call("--session", str(session), "--yes", *step)


def plant_decoys(aws: AwsServer) -> None:
    """Objects of others in the same bucket."""
    for key in DECOYS:
        aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"not yours")
