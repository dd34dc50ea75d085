"""One table from what the service or its client library reports to what a user can do.

A code that the table does not know keeps the service's own message.
"""

from core.comprehend.service_errors.explaining import (
    code_of,
    explain,
    explain_job_message,
    explained,
    is_expired,
)
from core.comprehend.service_errors.table import EXPIRED_CODES

__all__ = [
    "EXPIRED_CODES",
    "code_of",
    "explain",
    "explain_job_message",
    "explained",
    "is_expired",
]
