"""The one seam: a Comprehend client and a store, Amazon's or the offline twin's.

Whoever holds the result of `open_clients` need not ask which one it has: both answer boto3's method
names and shapes, and `EngineInfo.is_paid` says whether a call costs money.
"""

from core.comprehend.clients.checking import (
    account_of,
    check_settings,
    configured_region,
    engine_label,
    require_bucket,
    require_role,
)
from core.comprehend.clients.engine import Clients, EngineInfo, JobProgress
from core.comprehend.clients.offline import OFFLINE_ACCOUNT, OFFLINE_BUCKET, OFFLINE_ROLE
from core.comprehend.clients.opening import open_clients
from core.comprehend.clients.protocols import Answer, ComprehendClient, Store, StoredObject
from core.comprehend.clients.settings import EngineSettings, TwinOptions

__all__ = [
    "OFFLINE_ACCOUNT",
    "OFFLINE_BUCKET",
    "OFFLINE_ROLE",
    "Answer",
    "Clients",
    "ComprehendClient",
    "EngineInfo",
    "EngineSettings",
    "JobProgress",
    "Store",
    "StoredObject",
    "TwinOptions",
    "account_of",
    "check_settings",
    "configured_region",
    "engine_label",
    "open_clients",
    "require_bucket",
    "require_role",
]
