"""Error codes that decide what a clean-up does."""

GONE = frozenset(
    {
        "ResourceNotFoundException",
        "JobNotFoundException",
        "NoSuchUpload",
        "NoSuchEntity",
        "NoSuchBucket",
    }
)
"""Codes that say that something does not exist."""
DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "403"}
)
"""Codes that say that the caller lacks a right."""
