"""Flywheels in a clean-up: those of the session go, others stay."""

from core.workflow.cleanup import clean_up, cleanup_inventory
from core.workflow.session import Session
from tests.aws.accounts import account, tags, trained
from tests.aws.server import BUCKET, ROLE_ARN, AwsServer


def test_flywheels_with_the_sessions_tag_go_and_others_stay(
    session: Session, aws: AwsServer
) -> None:
    comprehend = aws.client("comprehend")
    state = session.state()

    def flywheel(name: str, its_tags: list[dict[str, str]]) -> str:
        arn: str = comprehend.create_flywheel(
            FlywheelName=name,
            DataAccessRoleArn=ROLE_ARN,
            ModelType="DOCUMENT_CLASSIFIER",
            DataLakeS3Uri=f"s3://{BUCKET}/lake",
            Tags=its_tags,
            TaskConfig={
                "LanguageCode": "en",
                "DocumentClassificationConfig": {"Mode": "MULTI_LABEL"},
            },
        )["FlywheelArn"]
        return arn

    prefix = f"ct-{state.name}-{state.uid}"
    own = flywheel(f"{prefix}-own", tags(state))
    other = flywheel(f"{prefix}-other", [])
    trained(session)

    assert own in {row.name for row in cleanup_inventory(session).rows}
    clean_up(session)

    assert account(aws)["flywheels"] == [other]
