"""Opening Amazon's engine: boto3 clients that are made when they are first used."""

import threading
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from core.comprehend.engine import (
    Clients,
    ComprehendClient,
    EngineInfo,
    EngineSettings,
    account_of,
    engine_label,
)
from core.comprehend.s3 import S3Store
from core.comprehend.service_errors import explained

if TYPE_CHECKING:
    from botocore.session import Session as CoreSession


# Credentials that are read anew from their source when they have expired.
#
# A session that is signed in again in another terminal (a new file, a new single sign-on token)
# thereby lets running work go on. Nothing is kept beyond the process.


_RENEWED = "comprehend_tuner_renewed"


class RenewableCredentials:
    """Stands for botocore's credentials; safe for threads."""

    def __init__(self, load: Callable[[], Any]) -> None:
        self._load = load
        self._loaded: Any = None
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._current(), name)

    def get_frozen_credentials(self) -> Any:
        """Key, secret and token at this moment, for signing one request.

        Raises:
            botocore.exceptions.BotoCoreError: there are none, or they cannot be refreshed.
        """
        from botocore.exceptions import BotoCoreError, NoCredentialsError

        current = self._current()
        if current is None:
            raise NoCredentialsError()
        try:
            return current.get_frozen_credentials()
        except BotoCoreError:
            self.forget()
            raise

    def get_deferred_property(self, property_name: str) -> Callable[[], Any]:
        """A function that looks up a property when it is called."""
        return lambda: getattr(self._current(), property_name, None)

    def forget(self) -> None:
        """Read the credentials from their source at the next use."""
        with self._lock:
            self._loaded = None

    def _current(self) -> Any:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded


def renew_when_expired(session: "CoreSession", profile: str | None) -> None:
    """Let every client of a botocore session repeat a call once after expired credentials.

    A request that is refused for its credentials was not carried out, so that repeating it is safe.

    Args:
        session: of which no client was made yet.
        profile: where fresh credentials come from; None for the default chain.
    """
    from botocore.session import Session as CoreSession

    credentials = RenewableCredentials(lambda: CoreSession(profile=profile).get_credentials())

    def renew(**event: Any) -> int | None:
        """Seconds to wait before the call is repeated; None leaves the answer as it is."""
        context = event["request_dict"]["context"]
        if context.get(_RENEWED) or not _may_have_expired(event["response"], event["operation"]):
            return None
        context[_RENEWED] = True
        credentials.forget()
        return 0

    session.register_component("credential_provider", _Provider(credentials))
    session.register("needs-retry", cast(Any, renew))


class _Provider:
    """Answers botocore's question for credentials."""

    def __init__(self, credentials: RenewableCredentials) -> None:
        self._credentials = credentials

    def load_credentials(self) -> RenewableCredentials:
        return self._credentials


def _may_have_expired(response: Any, operation: Any) -> bool:
    """Whether an answer says so; one to HEAD holds no code, only the status of a bad request."""
    from core.comprehend.service_errors import EXPIRED_CODES

    if response is None:
        return False
    http, answer = response
    if answer.get("Error", {}).get("Code") in EXPIRED_CODES:
        return True
    return bool(operation.http.get("method") == "HEAD" and http.status_code == 400)


# Answers that were cut short on the way, which botocore would take for empty ones.


def retry_cut_answers(client: Any, service: str) -> None:
    """Let a client repeat a request whose answer is shorter than its announced length.

    botocore reads a cut JSON answer as one without members. Here it becomes a fault of the service,
    so that the same request, with the same token, is sent again.

    Args:
        client: boto3's client of a service whose answers are read whole, not as a stream.
        service: its name, such as ``comprehend``.
    """
    client.meta.events.register(f"before-parse.{service}", _mark_cut)
    client.meta.events.register_first(f"needs-retry.{service}", _tell_retry)


def _mark_cut(response_dict: dict[str, Any], **_: Any) -> None:
    announced = str(response_dict["headers"].get("content-length", ""))
    if announced.isdigit() and len(response_dict["body"]) < int(announced):
        response_dict["status_code"] = 500


def _tell_retry(response: tuple[Any, dict[str, Any]] | None, **_: Any) -> None:
    """Let the retry rules see the status that the parsed answer has."""
    http, parsed = response or (None, None)
    status = (parsed or {}).get("ResponseMetadata", {}).get("HTTPStatusCode")
    if http is not None and status and http.status_code != status:
        http.status_code = status


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


def open_aws(settings: EngineSettings, allow: Callable[[], None] = lambda: None) -> Clients:
    """Open Amazon's engine; boto3 is loaded at the first use of a client, and nothing is sent."""
    access = AwsAccess(settings, allow)
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

    def __init__(self, settings: EngineSettings, allow: Callable[[], None]) -> None:
        self._settings = settings
        self._allow = allow
        self._lock = threading.Lock()
        self._session: Any = None
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Boto3's client of a service, made at its first use.

        Raises:
            InvalidInput: there is no such profile, or the configuration is unusable.
            TunerError: nothing may be sent.
        """
        if service not in self._clients:
            self._allow()
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
