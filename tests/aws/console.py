"""Somebody else who works with the same account, in the console."""

from typing import Any

from core.workflow.session import Session
from tests.aws.server import BUCKET, ROLE_ARN, AwsServer


class Console:
    """Somebody who works in the console, with files of their own choice."""

    def __init__(self, aws: AwsServer, session: Session) -> None:
        self.aws = aws
        self.session = session
        self.client = aws.client("comprehend")
        self.split = session.state().splits[-1]

    def file(self, part: str, kind: str = "scoring") -> bytes:
        files = self.split.training if kind == "training" else self.split.scoring
        return self.session.path(files[part].path).read_bytes()

    def put(self, key: str, data: bytes) -> str:
        self.aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=data)
        return f"s3://{BUCKET}/{key}"

    def trained(self, data: bytes | None = None, is_awaited: bool = True, **changes: Any) -> str:
        """Train on the session's file or on another one; return the ARN."""
        uri = self.put("mine/training.csv", data or self.file("train", "training"))
        request = {
            "DocumentClassifierName": "from-console",
            "DataAccessRoleArn": ROLE_ARN,
            "LanguageCode": "en",
            "Mode": "MULTI_LABEL",
            "InputDataConfig": {"S3Uri": uri, "LabelDelimiter": "|"},
            "OutputDataConfig": {"S3Uri": f"s3://{BUCKET}/mine/out/"},
        }
        arn = str(
            self.client.create_document_classifier(**(request | changes))["DocumentClassifierArn"]
        )
        while is_awaited and self._state(arn) in ("SUBMITTED", "TRAINING"):
            pass
        return arn

    def _state(self, arn: str) -> str:
        found = self.client.describe_document_classifier(DocumentClassifierArn=arn)
        return str(found["DocumentClassifierProperties"]["Status"])

    def scored(self, arn: str, data: bytes, key: str = "mine/docs.txt") -> str:
        """Score a file, named as somebody else names it; return the job's id."""
        answer = self.client.start_document_classification_job(
            DocumentClassifierArn=arn,
            DataAccessRoleArn=ROLE_ARN,
            InputDataConfig={"S3Uri": self.put(key, data), "InputFormat": "ONE_DOC_PER_LINE"},
            OutputDataConfig={"S3Uri": f"s3://{BUCKET}/mine/scores/"},
        )
        return str(answer["JobId"])
