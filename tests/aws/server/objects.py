"""S3's objects seen by the twin: inputs copied in before a job, outputs copied out once."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.files import write_atomic
from core.offline.records import RECORD, ScoringRecord, TrainingRecord, load_record
from core.offline.store import FolderStore, split_address
from tests.aws.server.identity import ACCOUNT

_FINISHED = ("TRAINED", "TRAINED_WITH_WARNING", "COMPLETED")
_NO_READ = (
    "NO_READ_ACCESS_TO_INPUT: The provided data access role does not have proper access to the "
    "input data."
)
_NO_WRITE = (
    "NO_WRITE_ACCESS_TO_OUTPUT: The provided data access role does not have write access to the "
    "output S3 URI or it does not have access to the output S3 KMS Key."
)


class SharedObjects:
    """The bucket as S3 has it and as the twin reads it.

    Args:
        root: the twin's folder.
        rewrite: what becomes of an output archive on its way to S3.
    """

    def __init__(self, root: Path, rewrite: Callable[[bytes], bytes]) -> None:
        self._root = root
        self._store = FolderStore(root / "bucket")
        self._rewrite = rewrite
        self._delivered: set[str] = set()
        self._lock = threading.Lock()

    def fetch(self, request: dict[str, Any], role_denied: set[str]) -> str | None:
        """Copy the inputs of a job to the twin; return why the job will fail, if it will.

        Args:
            request: a request to train or to score.
            role_denied: IAM actions that the data access role may not do.
        """
        role = request.get("DataAccessRoleArn", "")
        output = request.get("OutputDataConfig", {}).get("S3Uri")
        if not role_exists(role) or role_denied & {"s3:GetObject", "s3:ListBucket"}:
            return _NO_READ
        for uri in _inputs(request.get("InputDataConfig", {})):
            if not self._mirror(uri):
                return _NO_READ
        if output is not None and (
            "s3:PutObject" in role_denied or _bucket(split_address(output)[0]) is None
        ):
            return _NO_WRITE
        return None

    def _mirror(self, uri: str) -> bool:
        """Make the twin's objects under an address those of S3; return whether there are any."""
        name, prefix = split_address(uri)
        bucket = _bucket(name)
        keys = [key for key in list(bucket.keys) if key.startswith(prefix)] if bucket else []
        found = {f"s3://{name}/{key}": bucket.keys[key] for key in keys}
        for stored in self._store.list(uri):
            if stored.uri not in found:
                self._store.delete(stored.uri)
        for address, held in found.items():
            write_atomic(self._store.path_of(address), held.value)
        return bool(found)

    def deliver(self) -> None:
        """Copy every finished output to S3, once; what is deleted there stays deleted."""
        with self._lock:
            for path in self._root.glob(f"*/*/*/{RECORD}"):
                record = load_record(path.parent)
                if isinstance(record, TrainingRecord | ScoringRecord):
                    self._deliver(record)

    def _deliver(self, record: TrainingRecord | ScoringRecord) -> None:
        uri = record.output_uri
        if uri is None or uri in self._delivered or record.status not in _FINISHED:
            return
        name, key = split_address(uri)
        archive = self._store.path_of(uri).read_bytes()
        if isinstance(record, ScoringRecord):
            archive = self._rewrite(archive)
        if _bucket(name) is not None:
            _backend().put_object(bucket_name=name, key_name=key, value=archive)
            self._delivered.add(uri)


def role_exists(arn: str) -> bool:
    """Return whether moto's IAM has a role."""
    from moto.iam.models import iam_backends

    roles = iam_backends[ACCOUNT]["aws"].roles.values()
    return any(role.arn == arn for role in roles)


def user_exists(arn: str) -> bool:
    """Return whether moto's IAM has a user."""
    from moto.iam.models import iam_backends

    return any(user.arn == arn for user in iam_backends[ACCOUNT]["aws"].users.values())


def _inputs(source: dict[str, Any]) -> list[str]:
    named = [source[name] for name in ("S3Uri", "TestS3Uri") if name in source]
    return named + [manifest["S3Uri"] for manifest in source.get("AugmentedManifests", ())]


def _backend() -> Any:
    from moto.s3.models import s3_backends

    return s3_backends[ACCOUNT]["aws"]


def _bucket(name: str) -> Any:
    return _backend().buckets.get(name)
