"""Expired credentials: read anew from their source, the call repeated once, then said."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from botocore import exceptions

from core.comprehend.clients import open_clients
from core.comprehend.engine import Clients
from core.comprehend.jobs import new_token, start_training
from core.comprehend.requests import training_request
from core.comprehend.service_errors import explained, is_expired
from core.errors import TryAgain
from tests.aws.server import BUCKET, ROLE_ARN, AwsServer


@pytest.fixture
def clients(aws: AwsServer, tmp_path: Path) -> Clients:
    """Clients of the server."""
    return open_clients(aws.settings, tmp_path)


def sign_in(key: str) -> None:
    """Write the credentials of the profile ``work``, as signing in elsewhere does."""
    path = Path.home() / ".aws" / "credentials"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"[work]\naws_access_key_id = {key}\naws_secret_access_key = secret\n")


def keys_used(client: Any) -> list[str]:
    """A list that grows by the access key that each request is signed with."""
    keys: list[str] = []

    def note(request: Any, **others: Any) -> None:
        signed = request.headers["Authorization"]
        text = signed.decode() if isinstance(signed, bytes) else signed
        keys.extend(re.findall(r"Credential=(\w+)/", text))

    client.meta.events.register("before-send", note)
    return keys


def test_a_call_goes_on_with_the_credentials_of_a_new_sign_in(
    aws: AwsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    sign_in("OLDKEY")
    clients = open_clients(msgspec.structs.replace(aws.settings, profile="work"), tmp_path)
    keys = keys_used(clients.service("comprehend"))
    clients.comprehend.list_endpoints()
    sign_in("NEWKEY")
    clients.comprehend.list_endpoints()
    aws.faults.add("expired", "ListEndpoints")
    clients.comprehend.list_endpoints()
    assert keys == ["OLDKEY", "OLDKEY", "OLDKEY", "NEWKEY"]


def test_credentials_that_come_later_are_found(
    aws: AwsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    (Path.home() / ".aws").mkdir()
    (Path.home() / ".aws" / "config").write_text("[profile work]\nregion = us-east-1\n")
    clients = open_clients(msgspec.structs.replace(aws.settings, profile="work"), tmp_path)
    with pytest.raises(Exception, match="credentials"):
        clients.comprehend.list_endpoints()
    sign_in("LATEKEY")
    assert clients.comprehend.list_endpoints()["EndpointPropertiesList"] == []


def test_a_call_that_stays_expired_is_repeated_once_and_then_said(
    aws: AwsServer, clients: Clients
) -> None:
    aws.faults.add("expired", "ListEndpoints", times=9)
    with pytest.raises(TryAgain, match="expired") as error, explained():
        clients.comprehend.list_endpoints()
    assert is_expired(error.value) and is_expired(error.value.__cause__)
    assert "goes on" in error.value.hint
    assert aws.operations() == ["ListEndpoints"] * 2


@pytest.mark.parametrize(
    "error",
    [
        exceptions.UnauthorizedSSOTokenError(),
        exceptions.SSOTokenLoadError(error_msg="gone"),
        exceptions.TokenRetrievalError(provider="sso", error_msg="has expired"),
    ],
)
def test_a_single_sign_on_that_ran_out_is_an_expired_one(error: Exception) -> None:
    with pytest.raises(TryAgain, match="expired") as explanation, explained():
        raise error
    assert is_expired(error) and is_expired(explanation.value)


def test_other_errors_are_not_taken_for_expired_ones(aws: AwsServer, clients: Clients) -> None:
    aws.faults.add("denied", "ListEndpoints")
    with pytest.raises(Exception, match="AccessDenied") as error:
        clients.comprehend.list_endpoints()
    assert not is_expired(error.value) and not is_expired(None)
    assert aws.operations() == ["ListEndpoints"]


def test_an_expired_create_makes_one_classifier(
    aws: AwsServer, clients: Clients, tmp_path: Path
) -> None:
    (tmp_path / "train.csv").write_text("a,text one\nb,text two\n" * 20)
    uri = f"s3://{BUCKET}/train.csv"
    clients.store.upload(tmp_path / "train.csv", uri)
    aws.faults.add("expired", "CreateDocumentClassifier")
    request = training_request(
        name="tickets",
        train_uri=uri,
        output_uri=f"s3://{BUCKET}/out/",
        role_arn=ROLE_ARN,
        mode="multi-class",
        token=new_token(),
    )
    arn = start_training(clients.comprehend, request)
    assert arn.endswith("/tickets")
    sent = [call.request for call in aws.calls if call.operation == "CreateDocumentClassifier"]
    assert len(sent) == 2 and sent[0] == sent[1]
    assert aws.creates("classifier") == 1


def test_pages_of_a_list_go_on(aws: AwsServer, clients: Clients) -> None:
    s3 = aws.client("s3")
    for number in range(3):
        s3.put_object(Bucket=BUCKET, Key=f"key{number}", Body=b"x")
    aws.faults.add("expired", "ListObjectsV2", after=1)
    pages = clients.service("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 1})
    assert [item["Key"] for page in found for item in page["Contents"]] == ["key0", "key1", "key2"]


PARTS = 11 << 20


@pytest.mark.parametrize(
    ("operation", "size"),
    [
        ("HeadObject", 9),
        ("PutObject", 9),
        ("CreateMultipartUpload", PARTS),
        ("UploadPart", PARTS),
        ("CompleteMultipartUpload", PARTS),
        ("GetObject", PARTS),
        ("GetObject", 9),
        ("ListObjectsV2", 9),
        ("DeleteObject", 9),
    ],
)
def test_storing_goes_on(
    operation: str, size: int, aws: AwsServer, clients: Clients, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(bytes(range(256)) * (size // 256) + b"end")
    uri = f"s3://{BUCKET}/deep/key"
    fault = aws.faults.add("expired", operation)
    clients.store.upload(tmp_path / "file", uri)
    clients.store.download(uri, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == (tmp_path / "file").read_bytes()
    assert [item.uri for item in clients.store.list(uri)] == [uri]
    clients.store.delete(uri)
    assert clients.store.list(uri) == []
    assert fault.hits == 1


@pytest.mark.parametrize("what", ["upload", "download", "list", "delete"])
def test_storing_that_stays_expired_is_said_and_leaves_nothing(
    what: str, aws: AwsServer, clients: Clients, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"data")
    uri = f"s3://{BUCKET}/key"
    work: dict[str, Callable[[], object]] = {
        "upload": lambda: clients.store.upload(tmp_path / "file", uri),
        "download": lambda: clients.store.download(uri, tmp_path / "back"),
        "list": lambda: clients.store.list(uri),
        "delete": lambda: clients.store.delete(uri),
    }
    aws.faults.add("expired", "*", times=99)
    with pytest.raises(TryAgain, match="expired") as error:
        work[what]()
    assert is_expired(error.value)
    assert {path.name for path in tmp_path.iterdir()} == {"home", "file"}
