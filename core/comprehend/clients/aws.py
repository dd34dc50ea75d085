"""Opening Amazon's engine: boto3 clients that are made when they are first used."""

import threading
from functools import cache
from typing import Any, cast

from core.comprehend.clients.checking import account_of, engine_label
from core.comprehend.clients.credentials import renew_when_expired
from core.comprehend.clients.engine import Clients, EngineInfo
from core.comprehend.clients.protocols import ComprehendClient
from core.comprehend.clients.s3_store import S3Store
from core.comprehend.clients.settings import EngineSettings
from core.comprehend.clients.whole_answers import retry_cut_answers
from core.comprehend.service_errors import explained

CONNECT_TIMEOUT_S = 10
"""Seconds until an address that does not answer counts as not to be reached."""
READ_TIMEOUT_S = 60
"""Seconds without a byte until an answer counts as lost."""
ACTIVE_JOBS = 10
"""Active trainings that a Region allows, and active classification jobs (Amazon's quotas)."""
POLL_S = 15.0
"""Seconds between the first two looks at a running job."""
POLL_GROWTH = 4.0
"""How many times longer the interval between two looks becomes."""


def open_aws(settings: EngineSettings) -> Clients:
    """Open Amazon's engine; boto3 is loaded at the first use of a client, and nothing is sent."""
    access = AwsAccess(settings)
    role_arn = settings.role_arn or ""
    account = account_of(role_arn)
    poll_s = settings.poll_s or POLL_S
    return Clients(
        comprehend=cast(ComprehendClient, LazyClient(access, "comprehend")),
        store=S3Store(lambda: access.client("s3")),
        info=EngineInfo(
            name="aws",
            is_paid=True,
            account=account,
            region=settings.region,
            bucket=settings.bucket or "",
            role_arn=role_arn,
            label=engine_label(settings),
        ),
        progress=lambda job: None,
        service=access.client,
        at_once=ACTIVE_JOBS,
        accepted=ACTIVE_JOBS,
        poll_s=poll_s,
        longest_poll_s=poll_s * POLL_GROWTH,
    )


class AwsAccess:
    """The boto3 clients of one identity, one per service; safe for threads."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._session: Any = None
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Boto3's client of a service, made at its first use.

        Raises:
            InvalidInput: there is no such profile, or the configuration is unusable.
        """
        with self._lock, explained():
            if service not in self._clients:
                self._clients[service] = self._made(service)
            return self._clients[service]

    def _made(self, service: str) -> Any:
        from importlib.metadata import version

        from botocore.config import Config

        if self._session is None:
            self._session = self._signed_in()
        url = self._settings.endpoint_url
        client = self._session.client(
            service,
            region_name=self._settings.region,
            endpoint_url=url,
            config=Config(
                connect_timeout=CONNECT_TIMEOUT_S,
                read_timeout=READ_TIMEOUT_S,
                user_agent_extra=f"comprehend-tuner/{version('comprehend-tuner')}",
                s3={"addressing_style": "path"} if url else None,
            ),
        )
        if service != "s3":
            retry_cut_answers(client, service)
        return client

    def _signed_in(self) -> Any:
        from boto3.session import Session
        from botocore.session import Session as CoreSession

        session = CoreSession(profile=self._settings.profile)
        session.register_component(
            "data_loader", _service_models(session.get_config_variable("data_path"))
        )
        renew_when_expired(session, self._settings.profile)
        return Session(botocore_session=session, region_name=self._settings.region)


@cache
def _service_models(data_path: str | None) -> Any:
    """The loader of service models, which keeps what it has read for every later session."""
    from botocore.loaders import create_loader

    return create_loader(data_path)


class LazyClient:
    """Answers every name that boto3's client of a service answers, and makes it only then."""

    def __init__(self, access: AwsAccess, service: str) -> None:
        self._access = access
        self._service = service

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._access.client(self._service), name)
