"""Credentials that are read anew from their source when they have expired.

A session that is signed in again in another terminal (a new file, a new single sign-on token)
thereby lets running work go on. Nothing is kept beyond the process.
"""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from botocore.session import Session

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


def renew_when_expired(session: "Session", profile: str | None) -> None:
    """Let every client of a botocore session repeat a call once after expired credentials.

    A request that is refused for its credentials was not carried out, so that repeating it is safe.

    Args:
        session: of which no client was made yet.
        profile: where fresh credentials come from; None for the default chain.
    """
    from botocore.session import Session

    credentials = RenewableCredentials(lambda: Session(profile=profile).get_credentials())

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
