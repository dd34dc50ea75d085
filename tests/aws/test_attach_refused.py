"""What does not fit this session is not adopted, and the error names the difference."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.comprehend.engine import TwinOptions
from core.errors import InvalidInput
from core.workflow.attach import AttachRequest, plan_attach
from core.workflow.session import Session
from tests.aws.console import Console
from tests.aws.server import AwsServer
from tests.aws.sessions import ready_session


@pytest.fixture
def session(aws: AwsServer, small_source: Path, tmp_path: Path) -> Session:
    return ready_session(aws, small_source, tmp_path / "ours")


@pytest.fixture
def console(aws: AwsServer, session: Session) -> Console:
    return Console(aws, session)


def with_cells(console: Console, change: Callable[[bytes], bytes]) -> bytes:
    """The training file with other label cells."""
    rows = console.file("train", "training").splitlines(keepends=True)
    return b"".join(
        change(cell) + b"," + text for cell, _, text in (r.partition(b",") for r in rows)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.replace(b"billing", b"Billing"), "only there: 'Billing'; only here: 'b"),
        (lambda data: data.replace(b"billing", b"bug"), "knows 4 labels, the dataset has 5"),
    ],
)
def test_other_labels_are_refused_and_named(
    change: Any, message: str, console: Console, session: Session
) -> None:
    rows = [row.partition(b",") for row in console.file("train", "training").splitlines(True)]
    data = b"".join(
        b",".join((b"|".join(dict.fromkeys(change(cell).split(b"|"))), text))
        for cell, _, text in rows
    )
    arn = console.trained(data)
    with pytest.raises(InvalidInput) as caught:
        plan_attach(session, AttachRequest(arn))
    assert message in caught.value.message
    assert session.state().runs == []


def test_another_mode_is_refused(console: Console, session: Session) -> None:
    rows = [row.partition(b",") for row in console.file("train", "training").splitlines(True)]
    data = b"".join(cell.split(b"|")[0] + b"," + text for cell, _, text in rows)
    arn = console.trained(
        data, Mode="MULTI_CLASS", InputDataConfig={"S3Uri": console.put("c.csv", data)}
    )
    with pytest.raises(InvalidInput, match="is multi-class, the dataset is multi-label"):
        plan_attach(session, AttachRequest(arn))


def test_a_classifier_in_error_is_refused_with_its_message(
    console: Console, session: Session, aws: AwsServer
) -> None:
    aws.options = TwinOptions(fail="Found 9 unique labels.")
    arn = console.trained()
    with pytest.raises(InvalidInput, match="IN_ERROR: Found 9 unique labels"):
        plan_attach(session, AttachRequest(arn))


def test_exchanged_jobs_are_refused_with_the_first_differing_line(
    console: Console, session: Session
) -> None:
    arn = console.trained()
    job = console.scored(arn, console.file("calibration"))
    with pytest.raises(InvalidInput, match="scored another file") as caught:
        plan_attach(session, AttachRequest(arn, jobs=(("test", job),)))
    assert "differs from part test first at line 1" in caught.value.message
    ours = console.file("test").splitlines()[0][:20].decode()
    assert ours in caught.value.message


def test_one_changed_line_is_found_and_named(console: Console, session: Session) -> None:
    arn = console.trained()
    lines = console.file("test").splitlines(keepends=True)
    lines[41] = b"something else\n"
    job = console.scored(arn, b"".join(lines))
    with pytest.raises(InvalidInput, match="part test first at line 42: it has 'something else'"):
        plan_attach(session, AttachRequest(arn, jobs=(("", job),)))


def test_a_missing_line_is_found(console: Console, session: Session) -> None:
    arn = console.trained()
    lines = console.file("test").splitlines(keepends=True)
    job = console.scored(arn, b"".join(lines[:-1]))
    with pytest.raises(InvalidInput, match=f"line {len(lines)}: it has the end of the file"):
        plan_attach(session, AttachRequest(arn, jobs=(("test", job),)))


def test_a_job_of_another_classifier_is_refused(console: Console, session: Session) -> None:
    arn, other = console.trained(), console.trained(DocumentClassifierName="other")
    job = console.scored(other, console.file("test"))
    with pytest.raises(InvalidInput, match="another job"):
        plan_attach(session, AttachRequest(arn, jobs=(("test", job),)))


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (AttachRequest(), "neither classifier nor job"),
        (AttachRequest("arn:aws:iam::1:role/x"), "classifier ARN"),
        (
            AttachRequest("arn:aws:comprehend:eu-west-1:123456789012:document-classifier/x"),
            "lies in eu-west-1, the session works in us-east-1",
        ),
        (
            AttachRequest("arn:aws:comprehend:us-east-1:123456789012:document-classifier/none"),
            "RESOURCE_NOT_FOUND|does not exist|Could not find",
        ),
        (AttachRequest(jobs=(("test", "0" * 32),)), "Could not find"),
    ],
)
def test_what_cannot_be_found_is_said(wish: AttachRequest, message: str, session: Session) -> None:
    with pytest.raises(InvalidInput, match=message):
        plan_attach(session, wish)
