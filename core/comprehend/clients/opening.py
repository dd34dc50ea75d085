"""Choosing the engine that the settings name."""

from pathlib import Path

from core.comprehend.clients.aws import open_aws
from core.comprehend.clients.checking import check_patterns
from core.comprehend.clients.engine import Clients
from core.comprehend.clients.offline import open_offline
from core.comprehend.clients.settings import SERVICE_LIKE, EngineSettings, TwinOptions


def open_clients(
    settings: EngineSettings, session_folder: Path, twin: TwinOptions = SERVICE_LIKE
) -> Clients:
    """Open the engine that the settings name; nothing is loaded or sent before the first request.

    Amazon's engine opens without bucket and role; `require_bucket` and `require_role` say what is
    missing before a step needs them.

    Args:
        settings: which engine, under which identity.
        session_folder: the session; the twin keeps everything in its ``offline/``.
        twin: behaviour of the offline twin; no effect on Amazon's engine.

    Raises:
        InvalidInput: Region, bucket, role or address break their pattern.
    """
    check_patterns(settings)
    if settings.name == "aws":
        return open_aws(settings)
    return open_offline(settings, session_folder, twin)
