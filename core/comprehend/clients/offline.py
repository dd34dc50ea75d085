"""Opening the offline twin."""

from pathlib import Path
from typing import cast

from core.comprehend.clients.engine import Clients, EngineInfo, JobProgress
from core.comprehend.clients.protocols import Store
from core.comprehend.clients.settings import EngineSettings, TwinOptions

OFFLINE_ACCOUNT = "000000000000"
"""Account of everything the twin makes; no real account has it."""
OFFLINE_BUCKET = "offline-comprehend-tuner"
"""Bucket of the twin when the settings name none."""
OFFLINE_ROLE = f"arn:aws:iam::{OFFLINE_ACCOUNT}:role/OfflineComprehendRole"
"""Data access role of the twin when the settings name none."""


def open_offline(settings: EngineSettings, session_folder: Path, twin: TwinOptions) -> Clients:
    """Open the twin; its jobs, models and bucket live in the session's ``offline/``."""
    from core.offline.client import OfflineComprehend
    from core.offline.store import FolderStore

    root = session_folder / "offline"
    bucket = settings.bucket or OFFLINE_BUCKET
    client = OfflineComprehend(root, twin, region=settings.region, account=OFFLINE_ACCOUNT)

    def progress(job: str) -> JobProgress | None:
        state = client.progress(job)
        return None if state is None else JobProgress(state.done, state.total, state.stage)

    return Clients(
        comprehend=client,
        store=cast(Store, FolderStore(root / "bucket")),
        info=EngineInfo(
            name="offline",
            is_paid=False,
            account=OFFLINE_ACCOUNT,
            region=settings.region,
            bucket=bucket,
            role_arn=settings.role_arn or OFFLINE_ROLE,
            label="OFFLINE",
        ),
        progress=progress,
        poll_s=settings.poll_s or 0.2,
        longest_poll_s=max(1.0, settings.poll_s or 0.0),
    )
