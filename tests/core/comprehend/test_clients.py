"""Opening an engine is cheap, offline by default, and refuses names that no service accepts."""

import subprocess
import sys
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from botocore.exceptions import ClientError

from core.comprehend.clients import open_clients
from core.comprehend.engine import (
    Clients,
    EngineSettings,
    TwinOptions,
    check_settings,
    configured_region,
    require_bucket,
    require_role,
)
from core.errors import InvalidInput


def test_the_offline_engine_is_free_and_says_what_it_is(tmp_path: Path) -> None:
    clients = open_clients(EngineSettings(region="eu-west-1"), tmp_path)
    assert isinstance(clients, Clients)
    info = clients.info
    assert (info.name, info.is_paid, info.label) == ("offline", False, "OFFLINE")
    assert (info.account, info.region) == ("000000000000", "eu-west-1")
    assert info.bucket == "offline-comprehend-tuner"
    assert info.role_arn == "arn:aws:iam::000000000000:role/OfflineComprehendRole"
    assert list(tmp_path.glob("offline")) == []


def test_bucket_and_role_of_the_settings_are_kept(tmp_path: Path) -> None:
    settings = EngineSettings(bucket="own-bucket", role_arn="arn:aws:iam::111122223333:role/Own")
    info = open_clients(settings, tmp_path).info
    assert (info.bucket, info.role_arn) == (settings.bucket, settings.role_arn)


def test_the_aws_engine_is_paid_and_named_by_account_and_region(tmp_path: Path) -> None:
    settings = EngineSettings(
        name="aws",
        region="eu-west-1",
        bucket="own-bucket",
        role_arn="arn:aws:iam::111122223333:role/Own",
    )
    clients = open_clients(settings, tmp_path)
    info = clients.info
    assert (info.name, info.is_paid, info.account) == ("aws", True, "111122223333")
    assert info.label == "AWS 1111… eu-west-1"
    assert (require_bucket(info), require_role(info)) == (settings.bucket, settings.role_arn)
    assert clients.progress("any job") is None
    assert list(tmp_path.iterdir()) == [tmp_path / "home"]


def test_the_aws_engine_opens_without_bucket_and_role_and_says_what_is_missing(
    tmp_path: Path,
) -> None:
    info = open_clients(EngineSettings(name="aws", region="eu-west-1"), tmp_path).info
    assert (info.account, info.bucket, info.role_arn) == ("", "", "")
    assert info.label == "AWS eu-west-1"
    with pytest.raises(InvalidInput, match="No bucket") as error:
        require_bucket(info)
    assert "--bucket NAME" in error.value.hint
    with pytest.raises(InvalidInput, match="No data access role") as error:
        require_role(info)
    assert "--role-arn ARN" in error.value.hint and "setup-role" in error.value.hint


@pytest.mark.parametrize(
    ("engine", "given_s", "first_s", "longest_s"),
    [
        ("offline", None, 0.2, 1.0),
        ("offline", 5.0, 5.0, 5.0),
        ("aws", None, 15.0, 60.0),
        ("aws", 0.5, 0.5, 2.0),
    ],
)
def test_the_pace_of_polling_is_the_engines_or_the_users(
    engine: Literal["offline", "aws"],
    given_s: float | None,
    first_s: float,
    longest_s: float,
    tmp_path: Path,
) -> None:
    clients = open_clients(EngineSettings(name=engine, poll_s=given_s), tmp_path)
    assert (clients.poll_s, clients.longest_poll_s) == (first_s, longest_s)


UNUSABLE: dict[str, tuple[dict[str, str], str]] = {
    "bucket with an address": ({"bucket": "s3://tuner"}, "bucket"),
    "bucket in capitals": ({"bucket": "Tuner"}, "bucket"),
    "bucket too short": ({"bucket": "tu"}, "bucket"),
    "empty bucket": ({"bucket": ""}, "bucket"),
    "role's name for its ARN": ({"role_arn": "ComprehendRole"}, "role"),
    "a user for a role": ({"role_arn": "arn:aws:iam::111122223333:user/me"}, "role"),
    "a role without an account": ({"role_arn": "arn:aws:iam::1:role/x"}, "role"),
    "a role too long": ({"role_arn": "arn:aws:iam::111122223333:role/" + "x" * 2048}, "role"),
    "a place for a Region": ({"region": "Ireland"}, "Region"),
    "a Region with a line": ({"region": "eu-west-1\n"}, "Region"),
    "an address without a scheme": ({"endpoint_url": "localhost:5000"}, "address"),
    "an address that holds a password": ({"endpoint_url": "https://me:key@host"}, "address"),
    "an address with an odd port": ({"endpoint_url": "http://host:port"}, "address"),
}


@pytest.mark.parametrize("engine", ["offline", "aws"])
@pytest.mark.parametrize("what", UNUSABLE)
def test_names_that_break_their_pattern_are_refused_at_opening(
    what: str, engine: str, tmp_path: Path
) -> None:
    given, word = UNUSABLE[what]
    settings = msgspec.convert({"name": engine, **given}, EngineSettings)
    with pytest.raises(InvalidInput, match=f"Unusable {word}") as error:
        open_clients(settings, tmp_path)
    assert error.value.hint


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "us-gov-west-1"])
def test_a_region_with_comprehend_is_accepted(region: str) -> None:
    check_settings(EngineSettings(name="aws", region=region))


def test_a_region_without_comprehend_is_refused_with_those_that_have_it() -> None:
    with pytest.raises(InvalidInput, match="eu-north-1 is none of its Regions") as error:
        check_settings(EngineSettings(name="aws", region="eu-north-1"))
    assert "eu-west-1" in error.value.hint


def test_any_region_goes_with_an_address_of_ones_own_and_offline() -> None:
    check_settings(EngineSettings(name="aws", region="xx-test-1", endpoint_url="http://127.0.0.1"))
    check_settings(EngineSettings(region="xx-test-1"))


def test_a_profile_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidInput, match="nobody") as error:
        check_settings(EngineSettings(name="aws", profile="nobody"))
    assert "--profile" in error.value.hint


def test_the_region_of_a_profile_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert configured_region(None) is None
    config = Path.home() / ".aws" / "config"
    config.parent.mkdir()
    config.write_text("[profile work]\nregion = eu-central-1\n")
    assert configured_region("work") == "eu-central-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    assert configured_region(None) == "ap-south-1"


def test_the_store_and_the_client_share_one_folder(tmp_path: Path) -> None:
    clients = open_clients(EngineSettings(), tmp_path)
    (tmp_path / "file").write_bytes(b"data")
    uri = f"s3://{clients.info.bucket}/key"
    clients.store.upload(tmp_path / "file", uri)
    assert [(item.uri, item.size) for item in clients.store.list(uri)] == [(uri, 4)]
    assert (tmp_path / "offline" / "bucket").is_dir()
    assert clients.comprehend.list_endpoints()["EndpointPropertiesList"] == []


def test_options_of_the_twin_reach_the_client(tmp_path: Path) -> None:
    clients = open_clients(EngineSettings(), tmp_path, TwinOptions(throttle=1))
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        clients.comprehend.list_endpoints()


def test_progress_of_an_unknown_job_is_none(tmp_path: Path) -> None:
    progress = open_clients(EngineSettings(), tmp_path).progress
    assert progress("0" * 32) is None
    assert progress("arn:aws:comprehend:us-east-1:000000000000:document-classifier/x") is None
    assert progress("../../etc/passwd") is None


def test_options_of_the_twin_keep_their_stored_form() -> None:
    stored = (
        b'{"returned":"all","decimals":4,"shuffle":true,"queue_s":0.0,"endpoint_s":0.0,'
        b'"delete_s":0.0,"fail":null,"warn":null,"throttle":2,"active_trainings":10,'
        b'"active_jobs":10}'
    )
    options = TwinOptions(returned="all", throttle=2)
    assert msgspec.json.encode(options) == stored
    assert msgspec.json.decode(stored, type=TwinOptions) == options


@pytest.mark.parametrize("engine", ["offline", "aws"])
def test_opening_loads_no_amazon_library(engine: str) -> None:
    code = (
        "import sys; from pathlib import Path; "
        "from core.comprehend.clients import EngineSettings, open_clients; "
        f"open_clients(EngineSettings(name={engine!r}), Path('nowhere')); "
        "print([name for name in ('boto3', 'botocore', 's3transfer', 'sklearn', 'numpy', 'pandas') "
        "if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.strip() == "[]"
