"""Amazon's clients are made when they are used, with the user's identity and patience."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from core.comprehend import aws as opening
from core.comprehend.clients import open_clients
from core.comprehend.service_errors import explained
from core.errors import InvalidInput, TryAgain
from tests.aws.server import BUCKET, AwsServer
from tests.aws.server.identity import ACCOUNT


def test_every_service_answers_at_the_given_address(aws: AwsServer, tmp_path: Path) -> None:
    clients = open_clients(aws.settings, tmp_path)
    assert aws.calls == []
    assert clients.comprehend.list_endpoints()["EndpointPropertiesList"] == []
    assert clients.service("sts").get_caller_identity()["Account"] == ACCOUNT
    assert clients.service("iam").get_role(RoleName="ComprehendTunerRole")["Role"]
    assert clients.store.list(f"s3://{BUCKET}/") == []
    assert {call.service for call in aws.calls} == {"comprehend", "sts", "iam", "s3"}


def test_clients_carry_the_programs_name_timeouts_and_addressing(
    aws: AwsServer, tmp_path: Path
) -> None:
    config = open_clients(aws.settings, tmp_path).service("s3").meta.config
    assert "comprehend-tuner/" in config.user_agent_extra
    assert (config.connect_timeout, config.read_timeout) == (10, 60)
    assert config.s3["addressing_style"] == "path"


def test_addressing_on_amazons_own_addresses_is_amazons(aws: AwsServer, tmp_path: Path) -> None:
    settings = msgspec.structs.replace(aws.settings, region="eu-west-1", endpoint_url=None)
    client = open_clients(settings, tmp_path).service("s3")
    assert "addressing_style" not in (client.meta.config.s3 or {})
    assert client.meta.endpoint_url == "https://s3.eu-west-1.amazonaws.com"


def test_threads_share_one_client(aws: AwsServer, tmp_path: Path) -> None:
    clients = open_clients(aws.settings, tmp_path)
    start = threading.Barrier(8)

    def ask(_: int) -> int:
        start.wait()
        clients.comprehend.list_endpoints()
        return id(clients.service("comprehend"))

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
    assert aws.operations("comprehend") == ["ListEndpoints"] * 8


def test_attempts_are_those_of_the_users_configuration(
    aws: AwsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    aws.faults.add("throttled", "ListEndpoints", times=9)
    clients = open_clients(aws.settings, tmp_path)
    with pytest.raises(TryAgain, match="throttling"), explained():
        clients.comprehend.list_endpoints()
    assert aws.operations() == ["ListEndpoints"]


def test_a_service_that_never_answers_is_given_up(
    aws: AwsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(opening, "READ_TIMEOUT_S", 0.1)
    aws.faults.add("timeout", "ListEndpoints")
    clients = open_clients(aws.settings, tmp_path)
    with pytest.raises(TryAgain, match="cannot be reached"), explained():
        clients.comprehend.list_endpoints()


def test_an_address_where_nobody_listens_is_a_passing_fault(
    aws: AwsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    settings = msgspec.structs.replace(aws.settings, endpoint_url="http://127.0.0.1:1")
    with pytest.raises(TryAgain, match="cannot be reached"):
        open_clients(settings, tmp_path).store.list(f"s3://{BUCKET}/")


def test_missing_credentials_and_profiles_are_said(
    aws: AwsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = msgspec.structs.replace(aws.settings, profile="nobody")
    with pytest.raises(InvalidInput, match="profile does not exist"):
        open_clients(settings, tmp_path).comprehend.list_endpoints()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    clients = open_clients(aws.settings, tmp_path)
    with pytest.raises(InvalidInput, match="No AWS credentials"), explained():
        clients.comprehend.list_endpoints()
    with pytest.raises(InvalidInput, match="No AWS credentials"):
        clients.store.list(f"s3://{BUCKET}/")
    assert aws.calls == []


def test_a_broken_configuration_is_said(
    aws: AwsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_RETRY_MODE", "never")
    with pytest.raises(InvalidInput, match="configuration is unusable"):
        open_clients(aws.settings, tmp_path).comprehend.list_endpoints()
