"""Settings of an engine, checked before anything is sent or saved.

The patterns are those of botocore's service model of Comprehend, which boto3 does not check, and
those of S3.
"""

import re
from urllib.parse import urlsplit

from core.comprehend.clients.engine import EngineInfo
from core.comprehend.clients.settings import EngineSettings
from core.errors import InvalidInput
from core.text import printable

_BUCKET = re.compile(r"[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9]")
_ROLE = re.compile(r"arn:aws(-[^:]+)?:iam::([0-9]{12}):role/.+")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")
_LONGEST_ROLE = 2048


def check_settings(settings: EngineSettings) -> None:
    """Make sure that an engine can be reached under these settings, as far as can be told here.

    Nothing is sent: the Regions and profiles are those that the AWS libraries know on this machine.

    Raises:
        InvalidInput: a name breaks its pattern, Comprehend is not in the Region, or there is no
            such profile.
    """
    check_patterns(settings)
    if settings.name == "aws":
        _check_known(settings)


def check_patterns(settings: EngineSettings) -> None:
    """Make sure that Region, bucket, role and address can be what they claim; loads nothing.

    Raises:
        InvalidInput: a name breaks its pattern.
    """
    if not _REGION.fullmatch(settings.region):
        raise _unusable("Region", settings.region, "write it as in --region eu-west-1")
    if settings.bucket is not None and not _BUCKET.fullmatch(settings.bucket):
        raise _unusable(
            "bucket name",
            settings.bucket,
            "a name has 3 to 63 lower-case letters, digits, '-' and '.'; give it without s3://",
        )
    role = settings.role_arn
    if role is not None and (len(role) > _LONGEST_ROLE or not _ROLE.fullmatch(role)):
        raise _unusable("role", role, "write it as arn:aws:iam::ACCOUNT:role/NAME")
    if settings.endpoint_url is not None and not _is_address(settings.endpoint_url):
        raise _unusable(
            "address of the service", settings.endpoint_url, "write it as https://host:port"
        )


def engine_label(settings: EngineSettings) -> str:
    """The badge that stands beside every number: ``OFFLINE`` or ``AWS 1234… eu-west-1``."""
    if settings.name == "offline":
        return "OFFLINE"
    account = account_of(settings.role_arn or "")
    return f"AWS {account[:4]}… {settings.region}" if account else f"AWS {settings.region}"


def account_of(role_arn: str) -> str:
    """The account of a role's ARN; empty when it is none."""
    match = _ROLE.fullmatch(role_arn)
    return match[2] if match else ""


def require_bucket(info: EngineInfo) -> str:
    """The bucket of an opened engine.

    Raises:
        InvalidInput: none was chosen.
    """
    if not info.bucket:
        raise InvalidInput(
            "No bucket",
            f"{printable(info.label)} has no bucket for training files and output",
            "give one in the same Region: comprehend-tuner --bucket NAME …",
        )
    return info.bucket


def require_role(info: EngineInfo) -> str:
    """The ARN of an opened engine's data access role.

    Raises:
        InvalidInput: none was chosen.
    """
    if not info.role_arn:
        raise InvalidInput(
            "No data access role",
            f"{printable(info.label)} has no role that lets the service read and write the bucket",
            "give --role-arn ARN, or make one with: comprehend-tuner setup-role",
        )
    return info.role_arn


def configured_region(profile: str | None) -> str | None:
    """The Region that the AWS configuration of this machine names; None for none.

    Raises:
        InvalidInput: there is no such profile.
    """
    from botocore.session import Session

    from core.comprehend.service_errors import explained

    with explained():
        found = Session(profile=profile).get_config_variable("region")
    return found if isinstance(found, str) else None


def _check_known(settings: EngineSettings) -> None:
    from botocore.session import Session

    from core.comprehend.service_errors import explained

    with explained():
        session = Session(profile=settings.profile)
        session.get_scoped_config()
        known = [
            region
            for partition in session.get_available_partitions()
            for region in session.get_available_regions("comprehend", partition)
        ]
    if settings.endpoint_url is None and settings.region not in known:
        raise InvalidInput(
            "Comprehend is not in this Region",
            f"{printable(settings.region, 40)} is none of its Regions",
            f"use one of {', '.join(sorted(known))}",
        )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        return is_web and parts.username is None
    except ValueError:
        return False


def _unusable(what: str, value: str, hint: str) -> InvalidInput:
    return InvalidInput(f"Unusable {what}", repr(printable(value, 120)), hint)
