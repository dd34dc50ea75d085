"""Opening an engine is cheap, offline by default, and refuses what this version cannot reach."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from botocore.exceptions import ClientError

from core.comprehend.clients import Clients, EngineSettings, TwinOptions, open_clients
from core.errors import InvalidInput
from core.offline.behaviour import Behaviour


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


def test_the_aws_engine_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="runs offline only") as error:
        open_clients(EngineSettings(name="aws"), tmp_path)
    assert error.value.exit_code == 2


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


def test_both_rooms_mean_the_same_options() -> None:
    ours, twins = (
        [(field.name, field.default) for field in msgspec.structs.fields(kind)]
        for kind in (TwinOptions, Behaviour)
    )
    assert ours == twins


def test_opening_loads_no_amazon_library() -> None:
    code = (
        "import sys; from pathlib import Path; "
        "from core.comprehend.clients import EngineSettings, open_clients; "
        "open_clients(EngineSettings(), Path('nowhere')); "
        "print([name for name in ('boto3', 'botocore', 'sklearn', 'numpy', 'pandas') "
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
