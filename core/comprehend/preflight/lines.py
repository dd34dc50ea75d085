"""What a check found, and what the checks share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from core.comprehend.roles import Policy, Scope, partition_of

if TYPE_CHECKING:
    from core.comprehend.clients import Clients

DENIED = frozenset({"403", "AccessDenied", "AccessDeniedException", "AllAccessDisabled"})
"""Codes that say that the caller may not."""

Outcome = Literal["passed", "failed", "warning", "cannot tell"]


class PreflightLine(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one check; every text is printable."""

    id: str
    """The check, such as ``pass-role``."""
    title: str
    """What was checked."""
    outcome: Outcome
    """``cannot tell`` when the question could not be put."""
    found: str
    """What is the case."""
    remedy: str = ""
    """What to do; empty when there is nothing to do."""
    policy: str = ""
    """A policy document to paste, as JSON; empty when none helps."""


@dataclass(frozen=True)
class Verdict:
    """What one check says."""

    outcome: Outcome
    found: str
    remedy: str = ""
    policy: Policy | None = None


def passed(found: str) -> Verdict:
    """All is well."""
    return Verdict("passed", found)


def failed(found: str, remedy: str, policy: Policy | None = None) -> Verdict:
    """A paid step would fail; `remedy` says what to do."""
    return Verdict("failed", found, remedy, policy)


def warning(found: str, remedy: str, policy: Policy | None = None) -> Verdict:
    """A paid step can succeed, and something about it should be known."""
    return Verdict("warning", found, remedy, policy)


def cannot_tell(found: str, remedy: str = "", policy: Policy | None = None) -> Verdict:
    """The question could not be put."""
    return Verdict("cannot tell", found, remedy, policy)


@dataclass(frozen=True)
class PreflightSettings:
    """What the checks are about."""

    prefix: str
    """Beginning of the session's keys, with the final slash."""
    classifier_names: tuple[str, ...]
    """Names that trainings will give; the first stands for all in simulations."""
    mode: Literal["multi-label", "multi-class"] = "multi-label"
    """Kind of labels."""
    delimiter: str = "|"
    """Character between labels."""
    language: str = "en"
    """Language of the classifier."""
    tags: tuple[tuple[str, str], ...] = ()
    """Tags of everything that is made."""
    may_write: bool = True
    """Whether a probe object may be written and removed."""


def ignore_probe(uri: str) -> None:
    """Note nothing about a probe object."""


@dataclass(frozen=True)
class ProbeNotes:
    """How the address of the probe object is kept, so that a kill leaves nothing unknown."""

    before_writing: Callable[[str], None] = ignore_probe
    """Called with the object's address before it is written."""
    after_removing: Callable[[str], None] = ignore_probe
    """Called once the object is known to be absent."""


@dataclass
class Facts:
    """What the checks have learnt so far; a check reads what the ones before it found."""

    clients: "Clients"
    settings: PreflightSettings
    notes: ProbeNotes
    """Where the probe's address is kept."""
    account: str = ""
    """Account of the caller."""
    caller: str = ""
    """ARN of the identity whose policies count: a user or role, not its session."""
    role: dict[str, Any] | None = None
    """The data access role as IAM describes it."""
    key_arn: str = ""
    """Encryption key of the bucket; empty for S3's own."""
    probe_uri: str = ""
    """Address of the probe object while it may be there."""

    @property
    def bucket(self) -> str:
        """Bucket name; empty when none was chosen."""
        return self.clients.info.bucket

    @property
    def role_arn(self) -> str:
        """Data access role; empty when none was chosen."""
        return self.clients.info.role_arn

    @property
    def scope(self) -> Scope:
        """What policies are narrowed to."""
        info = self.clients.info
        account = self.account or info.account
        role = self.role_arn or (
            f"arn:{partition_of(info.region)}:iam::{account}:role/ComprehendTuner*"
        )
        return Scope(account, info.region, self.bucket, self.settings.prefix, role)
