"""The registry of checks, and running them so that none hides another."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.comprehend.preflight import bucket, identity, naming, role, service
from core.comprehend.preflight.lines import (
    DENIED,
    Facts,
    PreflightLine,
    PreflightSettings,
    ProbeNotes,
    Verdict,
    cannot_tell,
    failed,
)
from core.comprehend.roles import policy_text
from core.comprehend.service_errors import code_of
from core.defects import write_defect
from core.errors import Interrupted, TryAgain, TunerError
from core.progress import CancelToken, Progress, Reporter, silent

if TYPE_CHECKING:
    from core.comprehend.clients import Clients

_NO_NOTES = ProbeNotes()


@dataclass(frozen=True)
class Check:
    """One question about the account."""

    id: str
    title: str
    ask: Callable[[Facts], Verdict]
    needs: tuple[str, ...] = ()
    """Checks without whose success the question makes no sense."""


CHECKS: tuple[Check, ...] = (
    Check("identity", "Credentials and account", identity.check_identity),
    Check("region", "Region", identity.check_region),
    Check("comprehend", "Comprehend answers", service.check_answers, ("identity", "region")),
    Check("caller-rights", "Caller's rights in Comprehend", service.check_caller_rights,
          ("identity",)),
    Check("quota", "Room for a training and a scoring job", service.check_quota,
          ("identity", "region", "comprehend")),
    Check("bucket", "Bucket", bucket.check_bucket, ("identity",)),
    Check("encryption", "Encryption of the bucket", bucket.check_encryption, ("bucket",)),
    Check("put-object", "Caller writes to the bucket", bucket.check_put, ("bucket",)),
    Check("get-object", "Caller reads from the bucket", bucket.check_get, ("put-object",)),
    Check("list-objects", "Caller lists the bucket", bucket.check_list, ("put-object",)),
    Check("delete-object", "Caller deletes from the bucket", bucket.check_delete,
          ("put-object",)),
    Check("role", "Data access role", role.check_role_exists, ("identity",)),
    Check("trust", "Role trusts Comprehend", role.check_trust, ("role",)),
    Check("role-rights", "Role's rights on the files", role.check_role_rights, ("role", "bucket")),
    Check("pass-role", "Caller passes the role", role.check_pass_role, ("role",)),
    Check("role-name", "Name of the role", role.check_role_name),
    Check("names", "Names, addresses, delimiter", naming.check_names),
)  # fmt: skip
"""Every check, in the order in which they are asked and shown."""


@dataclass(frozen=True)
class Preflight:
    """What all checks found."""

    lines: tuple[PreflightLine, ...]
    leftovers: tuple[str, ...]
    """Addresses of objects that were written and could not be removed."""


def run_preflight(
    clients: "Clients",
    settings: PreflightSettings,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
    notes: ProbeNotes = _NO_NOTES,
) -> Preflight:
    """Ask every question about account, bucket, role and service; nothing paid is started.

    A check that depends on a failed one is not asked and says so. One small object is written below
    the prefix and removed again.

    Args:
        clients: Amazon's clients.
        settings: names, prefix and delimiter to check.
        notes: told of that object before it is written and after it is removed.

    Raises:
        Interrupted: `cancel` was set; the object was removed.
    """
    facts = Facts(clients, settings, notes)
    lines: list[PreflightLine] = []
    blocked: set[str] = set()
    try:
        for number, check in enumerate(CHECKS):
            reporter(Progress("checking the account", number, len(CHECKS), "checks", check.title))
            if cancel is not None:
                cancel.check()
            verdict = _blocked_verdict(check, blocked) or _asked(check, facts)
            is_unasked = any(need in blocked for need in check.needs)
            if verdict.outcome == "failed" or is_unasked or _is_unwritten(check, facts):
                blocked.add(check.id)
            lines.append(_line(check, verdict))
    finally:
        leftovers = _left_over(facts)
    reporter(Progress("checking the account", len(CHECKS), len(CHECKS), "checks"))
    return Preflight(tuple(lines), leftovers)


def _left_over(facts: Facts) -> tuple[str, ...]:
    """Remove the probe object where no check has; name it when that fails."""
    try:
        bucket.remove_probe(facts)
    except TunerError:
        return (facts.probe_uri,)
    return ()


def _is_unwritten(check: Check, facts: Facts) -> bool:
    return check.id == "put-object" and not facts.probe_uri


def _blocked_verdict(check: Check, blocked: set[str]) -> Verdict | None:
    cause = next((need for need in check.needs if need in blocked), None)
    if cause is None:
        return None
    title = next(other.title for other in CHECKS if other.id == cause)
    return cannot_tell(f"not asked, because of: {title}")


def _asked(check: Check, facts: Facts) -> Verdict:
    """Ask one question; a fault becomes its verdict, so that the others are still asked."""
    try:
        return check.ask(facts)
    except Interrupted:
        raise
    except TunerError as error:
        found = f"{error.title}: {error.message}"
        if isinstance(error, TryAgain) or code_of(error) in DENIED:
            return cannot_tell(found, error.hint)
        return failed(found, error.hint)
    except Exception as error:
        return cannot_tell(write_defect(error))


def _line(check: Check, verdict: Verdict) -> PreflightLine:
    return PreflightLine(
        id=check.id,
        title=check.title,
        outcome=verdict.outcome,
        found=verdict.found,
        remedy=verdict.remedy,
        policy=policy_text(verdict.policy) if verdict.policy else "",
    )
