"""Classifiers: names, tokens, states, limits, lists, deletion."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from core.offline.client import OfflineComprehend
from core.offline.records import change_record
from tests.core.offline.conftest import Place, training
from tests.core.offline.test_client_requests import check_answer, code_of


def create(client: OfflineComprehend, name: str = "tickets", **changes: Any) -> str:
    answer = client.create_document_classifier(**training(name, **changes))
    return str(answer["DocumentClassifierArn"])


def set_status(place: Place, name: str, status: str, **changes: Any) -> None:
    changed = change_record(
        place.job_folder(name), lambda record: replace(record, status=status, **changes)
    )
    assert changed is not None


def state(client: OfflineComprehend, arn: str) -> str:
    answer = client.describe_document_classifier(DocumentClassifierArn=arn)
    return str(answer["DocumentClassifierProperties"]["Status"])


@pytest.fixture
def client(place: Place, no_processes: list[Path]) -> OfflineComprehend:
    return place.client()


def test_a_new_classifier_is_submitted_and_described_in_the_services_shape(
    client: OfflineComprehend,
) -> None:
    arn = create(client, VersionName="v1")
    assert arn.endswith(":document-classifier/tickets/version/v1")
    answer = client.describe_document_classifier(DocumentClassifierArn=arn)
    check_answer("DescribeDocumentClassifier", answer)
    found = answer["DocumentClassifierProperties"]
    assert (found["Status"], found["Mode"], found["VersionName"]) == (
        "SUBMITTED",
        "MULTI_LABEL",
        "v1",
    )
    assert found["SubmitTime"].tzinfo is not None
    assert not {"EndTime", "TrainingStartTime", "ClassifierMetadata", "Message"} & set(found)


def test_the_output_address_is_completed_under_the_one_that_was_sent(
    client: OfflineComprehend,
) -> None:
    arn = create(client, OutputDataConfig={"S3Uri": "s3://bucket/run/out"})
    found = client.describe_document_classifier(DocumentClassifierArn=arn)
    uri = found["DocumentClassifierProperties"]["OutputDataConfig"]["S3Uri"]
    start, unique, *rest = uri.removeprefix("s3://bucket/run/").split("/")
    assert (start, rest) == ("out", ["output", "output.tar.gz"])
    assert unique.startswith("000000000000-CLR-") and len(unique) == 12 + 5 + 32


def test_without_an_output_address_there_is_none(client: OfflineComprehend) -> None:
    arn = create(client, OutputDataConfig=None, Mode=None)
    found = client.describe_document_classifier(DocumentClassifierArn=arn)
    assert found["DocumentClassifierProperties"]["OutputDataConfig"] == {}
    assert found["DocumentClassifierProperties"]["Mode"] == "MULTI_CLASS"


def test_a_name_in_use_is_refused_and_another_version_of_it_is_not(
    client: OfflineComprehend,
) -> None:
    create(client, VersionName="v1")
    with pytest.raises(ClientError) as error:
        create(client, VersionName="v1")
    assert code_of(error) == "ResourceInUseException"
    create(client, VersionName="v2")
    create(client)


def test_f2_the_same_token_gives_the_same_classifier_and_no_second_job(
    client: OfflineComprehend, no_processes: list[Path]
) -> None:
    first = create(client, ClientRequestToken="once")
    assert create(client, ClientRequestToken="once") == first
    assert len(no_processes) == 1


def test_the_same_token_for_something_else_is_refused(client: OfflineComprehend) -> None:
    create(client, ClientRequestToken="once")
    with pytest.raises(ClientError) as error:
        create(client, "other", ClientRequestToken="once")
    assert code_of(error) == "InvalidRequestException"
    assert "token" in str(error.value)


_RACE = """
import json, sys
from pathlib import Path
from core.offline import processes
processes.spawn = lambda folder, lock: None
from core.offline.client import OfflineComprehend
client = OfflineComprehend(Path(sys.argv[1]))
print(client.create_document_classifier(**json.loads(sys.argv[2]))["DocumentClassifierArn"])
"""


def test_processes_that_send_one_token_at_once_make_one_classifier(place: Place) -> None:
    request = json.dumps(training(ClientRequestToken="once"))
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", _RACE, str(place.root), request],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        for _ in range(3)
    ]
    lines = [line for racer in racers for line in racer.communicate()[0].split()]
    assert len(lines) == 3 and len(set(lines)) == 1
    assert len(list(place.root.glob("*/classifiers/*"))) == 1


def test_the_eleventh_training_at_once_is_refused(place: Place, client: OfflineComprehend) -> None:
    for number in range(10):
        create(client, f"c{number}")
    with pytest.raises(ClientError) as error:
        create(client, "c10")
    assert code_of(error) == "ResourceLimitExceededException"
    set_status(place, "c3", "TRAINED")
    create(client, "c10")


def test_lists_come_newest_first_in_pages(client: OfflineComprehend) -> None:
    arns = [create(client, f"c{number}") for number in range(5)]
    found: list[list[str]] = []
    token: dict[str, str] = {}
    while True:
        answer = client.list_document_classifiers(MaxResults=2, **token)
        check_answer("ListDocumentClassifiers", answer)
        found.append(
            [p["DocumentClassifierArn"] for p in answer["DocumentClassifierPropertiesList"]]
        )
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert [len(page) for page in found] == [2, 2, 1]
    assert sorted(arn for page in found for arn in page) == arns
    paginator = client.get_paginator("list_document_classifiers")
    pages = list(paginator.paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["DocumentClassifierPropertiesList"]) for page in pages] == [3, 2]
    with pytest.raises(ClientError) as error:
        client.list_document_classifiers(NextToken="!")
    assert code_of(error) == "InvalidRequestException"


def test_lists_are_filtered_by_one_member_at_a_time(
    place: Place, client: OfflineComprehend
) -> None:
    for name, version in (("a", "v1"), ("a", "v2"), ("b", "v1")):
        create(client, name, VersionName=version)
    set_status(place, "a@v2", "TRAINED")

    def listed(**chosen: Any) -> list[str]:
        answer = client.list_document_classifiers(Filter=chosen)
        return sorted(
            item["DocumentClassifierArn"].split("classifier/")[1]
            for item in answer["DocumentClassifierPropertiesList"]
        )

    assert listed(DocumentClassifierName="a") == ["a/version/v1", "a/version/v2"]
    assert listed(Status="TRAINED") == ["a/version/v2"]
    assert len(listed(SubmitTimeAfter=0)) == 3
    assert listed(SubmitTimeBefore="2001-01-01T00:00:00Z") == []
    with pytest.raises(ClientError) as error:
        listed(DocumentClassifierName="a", Status="TRAINED")
    assert code_of(error) == "InvalidFilterException"


def test_summaries_count_versions_and_name_the_latest(client: OfflineComprehend) -> None:
    for name, version in (("a", "v1"), ("b", None), ("a", "v2")):
        create(client, name, VersionName=version)
    answer = client.list_document_classifier_summaries()
    check_answer("ListDocumentClassifierSummaries", answer)
    found = {
        item["DocumentClassifierName"]: item for item in answer["DocumentClassifierSummariesList"]
    }
    assert (found["a"]["NumberOfVersions"], found["a"]["LatestVersionName"]) == (2, "v2")
    assert "LatestVersionName" not in found["b"]


def test_f4_deletion_takes_a_while_and_then_the_classifier_is_unknown(
    place: Place, no_processes: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = place.client(delete_s=600)
    arn = create(client)
    with pytest.raises(ClientError) as error:
        client.delete_document_classifier(DocumentClassifierArn=arn)
    assert code_of(error) == "ResourceUnavailableException"
    set_status(place, "tickets", "TRAINED")
    assert set(client.delete_document_classifier(DocumentClassifierArn=arn)) == {"ResponseMetadata"}
    assert state(client, arn) == "DELETING"
    with pytest.raises(ClientError) as error:
        create(client)
    assert code_of(error) == "ResourceInUseException"
    set_status(place, "tickets", "DELETING", deleted_at=0.0)
    with pytest.raises(ClientError) as error:
        state(client, arn)
    assert code_of(error) == "ResourceNotFoundException"
    assert create(client) == arn


def test_stopping_is_asked_for_once_and_harmless_afterwards(
    place: Place, client: OfflineComprehend
) -> None:
    arn = create(client)
    client.stop_training_document_classifier(DocumentClassifierArn=arn)
    assert state(client, arn) == "STOP_REQUESTED"
    set_status(place, "tickets", "TRAINED")
    client.stop_training_document_classifier(DocumentClassifierArn=arn)
    assert state(client, arn) == "TRAINED"
