"""Read the reports of the check of account, bucket, role and rights."""

import msgspec

from core.comprehend.engine import EngineSettings
from core.comprehend.rights import PreflightLine
from core.workflow.doctor import DoctorReport
from tests.aws.server import BUCKET, AwsServer

OTHER_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "comprehend.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}},
        }
    ],
}
"""A trust policy that lets Comprehend in for another account only."""


def changed(settings: EngineSettings, **changes: object) -> EngineSettings:
    """Settings with some of them exchanged."""
    return msgspec.structs.replace(settings, **changes)


def by_outcome(report: DoctorReport, outcome: str) -> list[str]:
    """Ids of the lines with an outcome."""
    return [line.id for line in report.lines if line.outcome == outcome]


def line_of(report: DoctorReport, check_id: str) -> PreflightLine:
    """One line."""
    return next(line for line in report.lines if line.id == check_id)


def objects(aws: AwsServer) -> list[str]:
    """Keys in the bucket."""
    listed = aws.client("s3").list_objects_v2(Bucket=BUCKET)
    return [entry["Key"] for entry in listed.get("Contents", [])]
