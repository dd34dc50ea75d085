"""Checks of account, bucket, role and rights before anything is paid; none hides another."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.comprehend.engine import entries
from core.comprehend.jobs import new_token
from core.comprehend.requests import scoring_request, training_request
from core.comprehend.rights import (
    AccountFacts,
    CheckVerdict,
    PreflightLine,
    PreflightSettings,
    ProbeNotes,
    Question,
    cannot_tell,
    check_bucket,
    check_delete,
    check_encryption,
    check_get,
    check_list,
    check_pass_role,
    check_put,
    check_role_exists,
    check_role_name,
    check_role_rights,
    check_trust,
    denials,
    failed,
    passed,
    remove_probe,
    warning,
)
from core.comprehend.roles import (
    ACTIONS_ON_CLASSIFIERS,
    ACTIONS_ON_ENDPOINTS,
    ACTIONS_ON_JOBS,
    comprehend_statements,
    document,
    find_role,
    policy_text,
)
from core.comprehend.service_errors import DENIED_CODES, code_of, explained, tolerating
from core.errors import Interrupted, InvalidInput, TryAgain, TunerError
from core.files import write_atomic, write_defect
from core.progress import UNWATCHED, Watch
from core.text import plural, printable

if TYPE_CHECKING:
    from core.comprehend.engine import Clients


_PACKAGES = ("boto3", "numpy", "pandas", "scikit-learn", "plotext", "textual", "msgspec")
_ENOUGH_BYTES = 500_000_000
"""Free space below which a warning is due: prepared files, scores and the twin's models."""
_LITTLE_BYTES = 50_000_000
"""Free space below which the next step is likely to fail."""


def folder_lines(folder: Path) -> tuple[PreflightLine, ...]:
    """The session's folder can be written, and the disk has room."""
    return (
        _local_line("folder", "Session folder", lambda: _check_folder(folder)),
        _local_line("disk", "Free disk space", lambda: _check_disk(folder)),
    )


def offline_lines(clients: "Clients") -> tuple[PreflightLine, ...]:
    """The offline twin answers, and the packages that it needs are there."""
    return (
        _local_line("twin", "Offline twin answers", lambda: _check_twin(clients)),
        _local_line("packages", "Packages", _check_packages),
    )


def _check_folder(folder: Path) -> CheckVerdict:
    probe = folder / ".preflight"
    try:
        write_atomic(probe, b"")
        probe.unlink()
    except (TunerError, OSError) as error:
        return failed(
            f"{printable(str(folder), 200)} cannot be written: {printable(str(error), 200)}",
            "check its permissions and the free space, or copy the session elsewhere",
        )
    return passed(f"{printable(str(folder), 200)} can be written")


def _check_disk(folder: Path) -> CheckVerdict:
    free = shutil.disk_usage(folder).free
    shown = f"{free / 1e9:,.1f} GB free"
    if free < _LITTLE_BYTES:
        return failed(shown, "free some space: prepared files and scores would not fit")
    if free < _ENOUGH_BYTES:
        return warning(shown, "prepared files and scores of a large dataset may not fit")
    return passed(shown)


def _check_twin(clients: "Clients") -> CheckVerdict:
    with explained():
        answer = clients.comprehend.list_document_classifiers(MaxResults=1)
    count = len(answer["DocumentClassifierPropertiesList"])
    return passed("it answers" if count == 0 else "it answers, and holds trained classifiers")


def _check_packages() -> CheckVerdict:
    missing, present = [], []
    for package in _PACKAGES:
        try:
            present.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    if missing:
        return failed(
            f"{plural(len(missing), 'package is', 'packages are')} missing: {', '.join(missing)}",
            "install comprehend-tuner anew into an environment of its own",
        )
    return passed(", ".join(present))


def _local_line(check_id: str, title: str, ask: Callable[[], CheckVerdict]) -> PreflightLine:
    try:
        verdict = ask()
    except TunerError as error:
        verdict = failed(f"{error.title}: {error.message}", error.hint)
    except OSError as error:
        verdict = failed(printable(str(error), 200), "check the session's folder")
    return PreflightLine(
        id=check_id,
        title=title,
        outcome=verdict.outcome,
        found=verdict.found,
        remedy=verdict.remedy,
    )


_ASSUMED = re.compile(r"arn:(aws[^:]*):sts::(\d{12}):assumed-role/([^/]+)/.+")


def check_identity(facts: AccountFacts) -> CheckVerdict:
    """The credentials work, and belong to the account of the data access role."""
    with explained():
        answer = facts.clients.service("sts").get_caller_identity()
    facts.account, arn = str(answer["Account"]), str(answer["Arn"])
    facts.caller = policy_source(facts, arn)
    who = f"{printable(arn, 200)}, account {printable(facts.account, 20)}"
    owner = facts.role_arn.split(":")[4] if facts.role_arn.count(":") >= 5 else ""
    if owner and owner != facts.account:
        return failed(
            f"{who}; the data access role is of account {printable(owner, 20)}",
            "use credentials of the role's account (--profile), or a role of this one (--role-arn):"
            " a role cannot be passed to a service in another account",
        )
    if arn.endswith(":root"):
        return warning(
            f"{who}: the account's root user", "use a user or role that has only the needed rights"
        )
    return passed(who)


def policy_source(facts: AccountFacts, arn: str) -> str:
    """The ARN of the user or role whose policies apply to the caller.

    An assumed role shows itself as a session of Security Token Service, whose ARN lacks the role's
    path; IAM is asked for the full ARN, and the path is left out when it does not answer.
    """
    session = _ASSUMED.fullmatch(arn)
    if session is None:
        return arn
    partition, account, name = session.groups()
    try:
        role = find_role(facts.clients, name)
    except TunerError:
        role = None
    return str(role["Arn"]) if role else f"arn:{partition}:iam::{account}:role/{name}"


def check_region(facts: AccountFacts) -> CheckVerdict:
    """The Region offers custom classification."""
    import botocore.session

    region = facts.clients.info.region
    session = botocore.session.get_session()
    regions = [
        name
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("comprehend", partition)
    ]
    if region in regions:
        return passed(f"{region} offers Amazon Comprehend")
    return failed(
        f"Amazon Comprehend is not offered in {printable(region, 40)}",
        f"choose another with --region: {', '.join(regions)}",
    )


# Names, addresses and the delimiter: rules of the service that its client does not check.


def check_requests(facts: AccountFacts) -> CheckVerdict:
    """Build the requests that a run would send, and send none of them."""
    settings, scope = facts.settings, facts.scope
    base = f"s3://{facts.bucket or 'unnamed-bucket'}/{settings.prefix}run/c1"
    role = facts.role_arn or f"arn:{scope.partition}:iam::{'0' * 12}:role/ComprehendTuner"
    tags = dict(settings.tags)
    arn = f"arn:{scope.partition}:comprehend:{scope.region}:{scope.account or '0' * 12}"
    try:
        for name in settings.classifier_names:
            training_request(
                name=name,
                version="v1",
                train_uri=f"{base}/train-data/train.csv",
                test_uri=f"{base}/test-data/test.csv",
                output_uri=f"{base}/training-output/",
                role_arn=role,
                mode=settings.mode,
                delimiter=settings.delimiter,
                language=settings.language,
                token=new_token(),
                tags=tags,
            )
            scoring_request(
                job_name=name,
                classifier_arn=f"{arn}:document-classifier/{name}/version/v1",
                input_uri=f"{base}/scoring-data/test.txt",
                output_uri=f"{base}/scoring-output/",
                role_arn=role,
                token=new_token(),
                tags=tags,
            )
    except InvalidInput as error:
        return failed(error.message, error.hint)
    count = plural(len(settings.classifier_names), "classifier name")
    return passed(f"{count}, addresses, tags and delimiter follow the service's rules")


# Comprehend: it answers, the caller may use it, and there is room for another job.


_QUOTAS = (
    (
        "training",
        "L-94042C4D",
        "list_document_classifiers",
        "DocumentClassifierPropertiesList",
        "Status",
        ("SUBMITTED", "TRAINING"),
    ),
    (
        "scoring job",
        "L-E65FE76A",
        "list_document_classification_jobs",
        "DocumentClassificationJobPropertiesList",
        "JobStatus",
        ("SUBMITTED", "IN_PROGRESS"),
    ),
)
"""What is limited, its code in Service Quotas, and how the active ones are counted."""
_ONLY_FOR_ENDPOINTS = frozenset(
    action for action in ACTIONS_ON_ENDPOINTS if action.endswith(("Endpoint", "ClassifyDocument"))
)
"""What only trying documents on a live endpoint needs."""
_DEFAULT_QUOTA = 10
"""Active trainings and active scoring jobs per account and Region, unless raised."""


def check_answers(facts: AccountFacts) -> CheckVerdict:
    """Comprehend answers the caller's list calls."""
    client = facts.clients.comprehend
    calls: tuple[tuple[str, Callable[..., Any]], ...] = (
        ("comprehend:ListDocumentClassifiers", client.list_document_classifiers),
        ("comprehend:ListDocumentClassificationJobs", client.list_document_classification_jobs),
        ("comprehend:ListEndpoints", client.list_endpoints),
    )
    denied = [action for action, _ in calls]
    for action, call in calls:
        with tolerating(*DENIED_CODES), explained():
            call(MaxResults=1)
            denied.remove(action)
    if denied:
        return _missing(facts, denied)
    return passed(f"Comprehend in {printable(facts.clients.info.region, 40)} answers the caller")


def check_caller_rights(facts: AccountFacts) -> CheckVerdict:
    """The caller may start, watch and delete what the product makes."""
    if facts.caller.endswith(":root"):
        return passed("the root user may do everything")
    scope = facts.scope
    base = f"arn:{scope.partition}:comprehend:{scope.region}:{scope.account}"
    name = facts.settings.classifier_names[0]
    endpoint = f"document-classifier-endpoint/{name[:40].rstrip('-')}"
    questions = [
        Question(ACTIONS_ON_CLASSIFIERS, f"{base}:document-classifier/{name}/version/v1", {}),
        Question(ACTIONS_ON_JOBS, f"{base}:document-classification-job/{'0' * 32}", {}),
        Question(ACTIONS_ON_ENDPOINTS, f"{base}:{endpoint}", {}),
    ]
    try:
        denied = denials(facts.clients, facts.caller, questions)
    except TunerError as error:
        return cannot_tell(f"the policies cannot be simulated: {error.message}")
    actions = sorted({denial.action for denial in denied})
    if actions and all(action in _ONLY_FOR_ENDPOINTS for action in actions):
        missing = _missing(facts, actions)
        return warning(
            f"{missing.found}: training and scoring work, endpoints do not",
            missing.remedy,
            missing.policy,
        )
    if actions:
        return _missing(facts, actions)
    return passed("its policies allow training, scoring, endpoints, tagging and deleting")


def check_quota(facts: AccountFacts) -> CheckVerdict:
    """There is room for one more training and one more scoring job."""
    counts, full, nearly = [], [], []
    for noun, code, operation, key, status, states in _QUOTAS:
        limit, is_known = _limit(facts, code)
        call = getattr(facts.clients.comprehend, operation)
        active = sum(
            1
            for state in states
            for _ in entries(call, key, Filter={status: state}, MaxResults=500)
        )
        basis = "" if is_known else " by default"
        counts.append(f"{plural(active, noun)} of {limit}{basis}")
        if active >= limit:
            full.append(noun)
        elif active == limit - 1:
            nearly.append(noun)
    shown = f"active in this account and Region: {', '.join(counts)}"
    if full:
        return failed(
            shown,
            f"wait until a {full[0]} ends, or ask for a higher quota in the Service Quotas console",
        )
    if nearly:
        return warning(shown, f"only one more {nearly[0]} can start until another one ends")
    return passed(shown)


def _missing(facts: AccountFacts, actions: list[str]) -> CheckVerdict:
    return failed(
        f"the caller may not {printable(', '.join(actions), 400)}",
        f"add this to the policies of {printable(facts.caller, 200)}",
        document(
            *(
                statement
                for statement in comprehend_statements(facts.scope)
                if not set(actions).isdisjoint(statement["Action"])
            )
        ),
    )


def _limit(facts: AccountFacts, code: str) -> tuple[int, bool]:
    """The quota of the account, and whether it is known; otherwise the documented default."""
    try:
        with explained():
            answer = facts.clients.service("service-quotas").get_service_quota(
                ServiceCode="comprehend", QuotaCode=code
            )
        return int(answer["Quota"]["Value"]), True
    except TunerError:
        return _DEFAULT_QUOTA, False


_NO_NOTES = ProbeNotes()


@dataclass(frozen=True)
class PreflightCheck:
    """One question about the account."""

    id: str
    title: str
    ask: Callable[[AccountFacts], CheckVerdict]
    needs: tuple[str, ...] = ()
    """Checks without whose success the question makes no sense."""


PREFLIGHT_CHECKS: tuple[PreflightCheck, ...] = (
    PreflightCheck("identity", "Credentials and account", check_identity),
    PreflightCheck("region", "Region", check_region),
    PreflightCheck("comprehend", "Comprehend answers", check_answers, ("identity", "region")),
    PreflightCheck(
        "caller-rights", "Caller's rights in Comprehend", check_caller_rights, ("identity",)
    ),
    PreflightCheck(
        "quota",
        "Room for a training and a scoring job",
        check_quota,
        ("identity", "region", "comprehend"),
    ),
    PreflightCheck("bucket", "Bucket", check_bucket, ("identity",)),
    PreflightCheck("encryption", "Encryption of the bucket", check_encryption, ("bucket",)),
    PreflightCheck("put-object", "Caller writes to the bucket", check_put, ("bucket",)),
    PreflightCheck("get-object", "Caller reads from the bucket", check_get, ("put-object",)),
    PreflightCheck("list-objects", "Caller lists the bucket", check_list, ("put-object",)),
    PreflightCheck(
        "delete-object", "Caller deletes from the bucket", check_delete, ("put-object",)
    ),
    PreflightCheck("role", "Data access role", check_role_exists, ("identity",)),
    PreflightCheck("trust", "Role trusts Comprehend", check_trust, ("role",)),
    PreflightCheck(
        "role-rights", "Role's rights on the files", check_role_rights, ("role", "bucket")
    ),
    PreflightCheck("pass-role", "Caller passes the role", check_pass_role, ("role",)),
    PreflightCheck("role-name", "Name of the role", check_role_name),
    PreflightCheck("names", "Names, addresses, delimiter", check_requests),
)
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
    watch: Watch = UNWATCHED,
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
        Interrupted: stopping was asked for; the object was removed.
    """
    facts = AccountFacts(clients, settings, notes)
    lines: list[PreflightLine] = []
    blocked: set[str] = set()
    try:
        for number, check in enumerate(PREFLIGHT_CHECKS):
            watch.report(
                "checking the account", number, len(PREFLIGHT_CHECKS), "checks", check.title
            )
            watch.check()
            verdict = _blocked_verdict(check, blocked) or _asked(check, facts)
            is_unasked = any(need in blocked for need in check.needs)
            is_unwritten = check.id == "put-object" and not facts.probe_uri
            if verdict.outcome == "failed" or is_unasked or is_unwritten:
                blocked.add(check.id)
            lines.append(_line(check, verdict))
    finally:
        leftovers = _left_over(facts)
    watch.report("checking the account", len(PREFLIGHT_CHECKS), len(PREFLIGHT_CHECKS), "checks")
    return Preflight(tuple(lines), leftovers)


def _left_over(facts: AccountFacts) -> tuple[str, ...]:
    """Remove the probe object where no check has; name it when that fails."""
    try:
        remove_probe(facts)
    except TunerError:
        return (facts.probe_uri,)
    return ()


def _blocked_verdict(check: PreflightCheck, blocked: set[str]) -> CheckVerdict | None:
    cause = next((need for need in check.needs if need in blocked), None)
    if cause is None:
        return None
    title = next(other.title for other in PREFLIGHT_CHECKS if other.id == cause)
    return cannot_tell(f"not asked, because of: {title}")


def _asked(check: PreflightCheck, facts: AccountFacts) -> CheckVerdict:
    """Ask one question; a fault becomes its verdict, so that the others are still asked."""
    try:
        return check.ask(facts)
    except Interrupted:
        raise
    except TunerError as error:
        reason = f"{error.title}: {error.message}"
        if isinstance(error, TryAgain) or code_of(error) in DENIED_CODES:
            return cannot_tell(reason, error.hint)
        return failed(reason, error.hint)
    except Exception as error:
        return cannot_tell(write_defect(error))


def _line(check: PreflightCheck, verdict: CheckVerdict) -> PreflightLine:
    return PreflightLine(
        id=check.id,
        title=check.title,
        outcome=verdict.outcome,
        found=verdict.found,
        remedy=verdict.remedy,
        policy=policy_text(verdict.policy) if verdict.policy else "",
    )
