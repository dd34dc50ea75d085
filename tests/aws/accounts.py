"""A session on the test server, what stands in the account, and what can be planted there."""

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from core.dataset.formats.sources import SourceSettings
from core.workflow.cleanup import cleanup_inventory
from core.workflow.data import NewSession, create_session
from core.workflow.health import check_health
from core.workflow.jobs import note_in_ledger
from core.workflow.score import finish_scoring, plan_scoring, start_scoring_jobs
from core.workflow.session import Session, now
from core.workflow.split import split_dataset
from core.workflow.state import EndpointState, SessionState
from core.workflow.train import finish_training, plan_training, start_training_run
from tests.aws.server import BUCKET, ROLE_ARN, AwsServer
from tests.aws.sessions import set_up

Account = dict[str, list[str]]
_STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}


def split_session(folder: Path, source: Path) -> Path:
    """Make a session that is ready to train; return its folder."""
    session = create_session(NewSession(folder, source, SourceSettings())).session
    check_health(session)
    split_dataset(session, (0.6, 0.2, 0.2), 3)
    return folder


def on_server(aws: AwsServer, split_folder: Path, tmp_path: Path) -> Session:
    """A copy of such a session, on the server."""
    folder = Path(shutil.copytree(split_folder, tmp_path / ".comprehend-tuner" / "small"))
    session = Session(folder)
    with set_up(session) as state:
        state.engine = aws.settings
    return session


@cache
def _client(aws: AwsServer, service: str) -> Any:
    return aws.client(service)


def account(aws: AwsServer) -> Account:
    """Everything in the account."""
    comprehend, s3, iam = (_client(aws, name) for name in ("comprehend", "s3", "iam"))
    return {
        "classifiers": [
            entry["DocumentClassifierArn"]
            for page in comprehend.get_paginator("list_document_classifiers").paginate()
            for entry in page["DocumentClassifierPropertiesList"]
        ],
        "endpoints": [
            entry["EndpointArn"] for entry in comprehend.list_endpoints()["EndpointPropertiesList"]
        ],
        "flywheels": [
            entry["FlywheelArn"] for entry in comprehend.list_flywheels()["FlywheelSummaryList"]
        ],
        "objects": [o["Key"] for o in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])],
        "uploads": [
            upload["Key"] for upload in s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        ],
        "roles": [role["Arn"] for role in iam.list_roles()["Roles"]],
    }


def trained(session: Session, run: str | None = None) -> str:
    """Train a run; return its classifier's ARN."""
    started = start_training_run(session, plan_training(session, run))
    finish_training(session, started.name)
    return session.state().runs[-1].classifiers[0].training.arn


def scored(session: Session) -> None:
    plan = plan_scoring(session, None, ("test",))
    start_scoring_jobs(session, plan)
    finish_scoring(session, plan.run, plan.parts)


def tags(state: SessionState, run: str = "base") -> list[dict[str, str]]:
    return [
        {"Key": "comprehend-tuner:session", "Value": f"{state.name}-{state.uid}"},
        {"Key": "comprehend-tuner:run", "Value": run},
    ]


def endpoint(aws: AwsServer, name: str, model: str, tagged: list[dict[str, str]]) -> str:
    answer = _client(aws, "comprehend").create_endpoint(
        EndpointName=name, ModelArn=model, DesiredInferenceUnits=1, Tags=tagged
    )
    return str(answer["EndpointArn"])


def classifier(
    aws: AwsServer, name: str, tagged: list[dict[str, str]], key: str = "others/train.csv"
) -> str:
    """Train a classifier on a small object; return its ARN."""
    rows = "".join(f"{'yes' if i % 2 else 'no'},text {i} of a pair\n" for i in range(40))
    _client(aws, "s3").put_object(Bucket=BUCKET, Key=key, Body=rows.encode())
    answer = _client(aws, "comprehend").create_document_classifier(
        DocumentClassifierName=name,
        LanguageCode="en",
        DataAccessRoleArn=ROLE_ARN,
        InputDataConfig={"S3Uri": f"s3://{BUCKET}/{key}"},
        Tags=tagged,
    )
    return str(answer["DocumentClassifierArn"])


def know_endpoint(session: Session, arn: str, name: str, intended_at: str = "") -> None:
    """Enter an endpoint as the session's own, with two inference units."""
    with session.editing() as state:
        if arn:
            note_in_ledger(state, "endpoint", arn, "base")
        state.endpoints.append(
            EndpointState(
                name=name,
                run="base",
                classifier="c1",
                token="t",
                request={},
                inference_units=2,
                intended_at=intended_at or now(),
                delete_at=now(),
                arn=arn,
                created_at=now(),
                state="IN_SERVICE",
            )
        )


def role(aws: AwsServer, name: str, tagged: list[dict[str, str]]) -> str:
    iam = _client(aws, "iam")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}", Tags=tagged)["Role"]
    iam.put_role_policy(
        RoleName=name,
        PolicyName="data",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [_STATEMENT]}),
    )
    return str(made["Arn"])


def leave_upload(aws: AwsServer, key: str) -> None:
    _client(aws, "s3").create_multipart_upload(Bucket=BUCKET, Key=key)


def furnish(session: Session, aws: AwsServer) -> None:
    """One thing of every kind, entered as the session's own; no run."""
    state = session.state()
    base = f"comprehend-tuner/{state.name}-{state.uid}/base/c1"
    arn = classifier(aws, f"ct-{state.uid}", tags(state), f"{base}/train.csv")
    describe = _client(aws, "comprehend").describe_document_classifier
    while (
        describe(DocumentClassifierArn=arn)["DocumentClassifierProperties"]["Status"] != "TRAINED"
    ):
        pass
    know_endpoint(session, endpoint(aws, "ct-known", arn, tags(state)), "ct-known")
    made_role = role(aws, "ComprehendTunerSmall", tags(state, ""))
    leave_upload(aws, f"{base}/big.csv")
    with session.editing() as state:
        note_in_ledger(state, "object", f"s3://{BUCKET}/{base}/train.csv", "base")
        note_in_ledger(state, "classifier", arn, "base")
        note_in_ledger(state, "role", made_role, "")


def assert_recorded(session: Session) -> None:
    assert {entry.state for entry in session.state().ledger} == {"deleted"}
    assert cleanup_inventory(session).rows == ()
