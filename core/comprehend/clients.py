"""Choosing the engine that the settings name."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from core.comprehend.aws import open_aws
from core.comprehend.engine import (
    SERVICE_LIKE,
    Clients,
    ComprehendClient,
    EngineInfo,
    EngineSettings,
    Terms,
    TwinOptions,
    check_patterns,
)

if TYPE_CHECKING:
    from core.offline.model import TrainedModel


OFFLINE_ACCOUNT = "000000000000"
"""Account of everything the twin makes; no real account has it."""
OFFLINE_BUCKET = "offline-comprehend-tuner"
"""Bucket of the twin when the settings name none."""
OFFLINE_ROLE = f"arn:aws:iam::{OFFLINE_ACCOUNT}:role/OfflineComprehendRole"
"""Data access role of the twin when the settings name none."""


def open_offline(settings: EngineSettings, session_folder: Path, twin: TwinOptions) -> Clients:
    """Open the twin; its jobs, models and bucket live in the session's ``offline/``.

    Raises:
        InvalidInput: that folder holds a link or the like, which no twin makes.
    """
    from core.offline.client import OfflineComprehend
    from core.offline.folder_checks import check_folder
    from core.offline.store import FolderStore

    root = session_folder / "offline"
    check_folder(root)
    bucket = settings.bucket or OFFLINE_BUCKET
    client = OfflineComprehend(root, twin, region=settings.region, account=OFFLINE_ACCOUNT)

    return Clients(
        comprehend=cast(ComprehendClient, client),
        store=FolderStore(root / "bucket"),
        info=EngineInfo(
            name="offline",
            is_paid=False,
            account=OFFLINE_ACCOUNT,
            region=settings.region,
            bucket=bucket,
            role_arn=settings.role_arn or OFFLINE_ROLE,
            label="OFFLINE",
        ),
        progress=client.progress,
        explain_score=_explainer(root, settings.region),
        at_once=os.cpu_count() or 1,
        accepted=2 * (os.cpu_count() or 1),
        poll_s=settings.poll_s or 0.2,
        longest_poll_s=max(1.0, settings.poll_s or 0.0),
    )


def _explainer(root: Path, region: str) -> Callable[[str, str, str], Terms | None]:
    """What explains the scores of the twin below `root`; a model is read once, when first asked."""
    models: dict[str, TrainedModel | None] = {}

    def explain(arn: str, text: str, label: str) -> Terms | None:
        from core.offline.model import term_contributions

        if arn not in models:
            models[arn] = _model_of(root, region, arn)
        model = models[arn]
        if model is None or label not in model.labels:
            return None
        return tuple(term_contributions(model, text, label))

    return explain


def _model_of(root: Path, region: str, arn: str) -> "TrainedModel | None":
    """The twin's model of a classifier; None when it is deleted or not the twin's."""
    from core.errors import TunerError
    from core.offline.answers import folder_of_classifier
    from core.offline.model import load_model
    from core.offline.records import MODEL, Twin

    twin = Twin(root.resolve(), region, OFFLINE_ACCOUNT, SERVICE_LIKE)
    folder = folder_of_classifier(twin, arn)
    if folder is None or not (folder / MODEL).exists():
        return None
    try:
        return load_model(folder / MODEL)
    except TunerError:
        return None


def open_clients(
    settings: EngineSettings,
    session_folder: Path,
    twin: TwinOptions = SERVICE_LIKE,
    allow: Callable[[], None] = lambda: None,
) -> Clients:
    """Open the engine that the settings name; nothing is loaded or sent before the first request.

    Amazon's engine opens without bucket and role; `require_bucket` and `require_role` say what is
    missing before a step needs them.

    Args:
        settings: which engine, under which identity.
        session_folder: the session; the twin keeps everything in its ``offline/``.
        twin: behaviour of the offline twin; no effect on Amazon's engine.
        allow: called before the first request to Amazon's engine; raises when none may be sent.

    Raises:
        InvalidInput: Region, bucket, role or address break their pattern.
    """
    check_patterns(settings)
    if settings.name == "aws":
        return open_aws(settings, allow)
    return open_offline(settings, session_folder, twin)
