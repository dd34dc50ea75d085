"""The preflight's checks of bucket and data access role, and the lines that checks tell."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from core.comprehend.roles import (
    SERVICE_PRINCIPAL,
    Policy,
    PolicyScope,
    caller_policy,
    document,
    find_role,
    key_statement,
    object_address,
    partition_of,
    pass_role_statement,
    role_name_of,
    role_policy,
    store_statements,
    trust_policy,
)
from core.comprehend.service_errors import DENIED_CODES, code_of, explained, tolerating
from core.errors import TunerError
from core.text import printable

if TYPE_CHECKING:
    from core.comprehend.engine import Clients


CheckOutcome = Literal["passed", "failed", "warning", "cannot tell"]


class PreflightLine(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one check; every text is printable."""

    id: str
    """The check, such as ``pass-role``."""
    title: str
    """What was checked."""
    outcome: CheckOutcome
    """``cannot tell`` when the question could not be put."""
    found: str
    """What is the case."""
    remedy: str = ""
    """What to do; empty when there is nothing to do."""
    policy: str = ""
    """A policy document to paste, as JSON; empty when none helps."""


@dataclass(frozen=True)
class CheckVerdict:
    """What one check says."""

    outcome: CheckOutcome
    found: str
    remedy: str = ""
    policy: Policy | None = None


def passed(found: str) -> CheckVerdict:
    """All is well."""
    return CheckVerdict("passed", found)


def failed(found: str, remedy: str, policy: Policy | None = None) -> CheckVerdict:
    """A paid step would fail; `remedy` says what to do."""
    return CheckVerdict("failed", found, remedy, policy)


def warning(found: str, remedy: str, policy: Policy | None = None) -> CheckVerdict:
    """A paid step can succeed, and something about it should be known."""
    return CheckVerdict("warning", found, remedy, policy)


def cannot_tell(found: str, remedy: str = "", policy: Policy | None = None) -> CheckVerdict:
    """The question could not be put."""
    return CheckVerdict("cannot tell", found, remedy, policy)


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
class AccountFacts:
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
    def scope(self) -> PolicyScope:
        """What policies are narrowed to."""
        info = self.clients.info
        account = self.account or info.account
        role = self.role_arn or (
            f"arn:{partition_of(info.region)}:iam::{account}:role/ComprehendTuner*"
        )
        return PolicyScope(account, info.region, self.bucket, self.settings.prefix, role)


# The bucket: there, in the Region, and open to the caller below the session's prefix.
#
# The caller's rights are not simulated but used: one small object is written, read, listed and
# removed. Whatever happens in between, the object is removed, or named as left over.


_ABSENT = frozenset({"404", "NoSuchBucket"})
_BODY = b"comprehend-tuner writes this object to check its rights, and removes it.\n"
_DEFAULT_REGION = "us-east-1"
"""Region of a bucket whose location is answered as nothing."""


def check_bucket(facts: AccountFacts) -> CheckVerdict:
    """The bucket exists, may be seen, and lies in the Region."""
    region = facts.clients.info.region
    if not facts.bucket:
        return failed("no bucket was chosen", f"name one in {printable(region, 40)} with --bucket")
    name = printable(facts.bucket, 80)
    try:
        bucket_region = _region_of(facts)
    except TunerError as error:
        if code_of(error) in _ABSENT:
            return failed(
                f"bucket {name} does not exist",
                f"check --bucket, or make it: aws s3 mb s3://{name} --region {region}",
            )
        if code_of(error) in DENIED_CODES:
            return failed(
                f"the caller may not see bucket {name}",
                "check that it is the account's own, and allow the caller this",
                document(*store_statements(facts.scope)),
            )
        raise
    if bucket_region != region:
        return failed(
            f"bucket {name} lies in {printable(bucket_region, 40)}, the work is done in {region}",
            f"name a bucket in {region} with --bucket, or work in its Region with --region"
            f" {printable(bucket_region, 40)}",
        )
    return passed(f"{name} lies in {region}")


def check_encryption(facts: AccountFacts) -> CheckVerdict:
    """How the bucket encrypts, and whether that asks for rights on a key."""
    try:
        with explained():
            answer = _s3(facts).get_bucket_encryption(Bucket=facts.bucket)
    except TunerError as error:
        if code_of(error) == "ServerSideEncryptionConfigurationNotFoundError":
            return passed("the bucket uses S3's own keys")
        if code_of(error) in DENIED_CODES:
            return cannot_tell("the caller may not read the bucket's encryption")
        raise
    rules = answer["ServerSideEncryptionConfiguration"].get("Rules", [])
    by_default = [rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in rules]
    if not any(rule.get("SSEAlgorithm", "").startswith("aws:kms") for rule in by_default):
        return passed("the bucket uses S3's own keys")
    key = next((str(r["KMSMasterKeyID"]) for r in by_default if r.get("KMSMasterKeyID")), "")
    if not key:
        return warning(
            "the bucket encrypts with the account's default key aws/s3",
            "the default key lets in whoever may use the bucket within the account; a key of your"
            " own needs kms:Decrypt and kms:GenerateDataKey for the role and the caller",
        )
    scope = facts.scope
    facts.key_arn = (
        key
        if key.startswith("arn:")
        else (f"arn:{scope.partition}:kms:{scope.region}:{scope.account}:key/{key}")
    )
    return warning(
        f"the bucket encrypts with key {printable(facts.key_arn, 120)}",
        "the role and the caller need this, unless the key's own policy lets them in",
        document(key_statement(facts.key_arn)),
    )


def check_put(facts: AccountFacts) -> CheckVerdict:
    """The caller may write below the prefix."""
    if not facts.settings.may_write:
        return cannot_tell("nothing is written in a read-only call")
    uri = f"s3://{facts.bucket}/{facts.settings.prefix}preflight/{uuid.uuid4().hex}.txt"
    facts.notes.before_writing(uri)
    facts.probe_uri = uri
    try:
        with explained():
            _s3(facts).put_object(**_at(uri), Body=_BODY, ContentType="text/plain")
    except TunerError as error:
        if code_of(error) in DENIED_CODES:
            _forget_probe(facts)
        return _refused(facts, error, "write", "s3:PutObject")
    return passed(f"an object was written below {printable(facts.settings.prefix, 120)}")


def check_get(facts: AccountFacts) -> CheckVerdict:
    """The caller may read what it wrote."""
    try:
        with explained():
            body = _s3(facts).get_object(**_at(facts.probe_uri))["Body"].read()
    except TunerError as error:
        return _refused(facts, error, "read", "s3:GetObject")
    if body != _BODY:
        return failed(
            "the object reads differently from what was written",
            "something else writes below the prefix, or changes what passes through: look for a"
            " proxy or an object Lambda",
        )
    return passed("it was read back unchanged")


def check_list(facts: AccountFacts) -> CheckVerdict:
    """The caller may list below the prefix, and finds what it wrote."""
    where = _at(facts.probe_uri)
    try:
        with explained():
            answer = _s3(facts).list_objects_v2(Bucket=where["Bucket"], Prefix=where["Key"])
    except TunerError as error:
        return _refused(facts, error, "list", "s3:ListBucket")
    if [entry["Key"] for entry in answer.get("Contents", [])] != [where["Key"]]:
        return failed(
            "the object that was written is not listed",
            "check --endpoint-url: the address does not answer as S3 does",
        )
    return passed("it was listed")


def check_delete(facts: AccountFacts) -> CheckVerdict:
    """The caller may remove what it wrote."""
    uri = facts.probe_uri
    try:
        remove_probe(facts)
    except TunerError as error:
        verdict = _refused(facts, error, "remove", "s3:DeleteObject")
        return failed(
            f"{verdict.found}; left over: {printable(uri, 200)}",
            f"{verdict.remedy}; then `cleanup` removes the object",
            verdict.policy,
        )
    return passed("it was removed")


def remove_probe(facts: AccountFacts) -> None:
    """Remove the probe object, if it may be there.

    Raises:
        TunerError: it could not be removed; `Facts.probe_uri` still names it.
    """
    if not facts.probe_uri:
        return
    with explained():
        _s3(facts).delete_object(**_at(facts.probe_uri))
    _forget_probe(facts)


def _forget_probe(facts: AccountFacts) -> None:
    facts.notes.after_removing(facts.probe_uri)
    facts.probe_uri = ""


def _refused(facts: AccountFacts, error: TunerError, verb: str, action: str) -> CheckVerdict:
    """A failed line for a denied action; any other fault is the error itself."""
    if code_of(error) not in DENIED_CODES:
        raise error
    policy = document(*store_statements(facts.scope))
    remedy = f"allow {action} for {printable(facts.caller, 200)}"
    if facts.key_arn:
        policy["Statement"].append(key_statement(facts.key_arn))
        remedy += ", and the use of the bucket's key"
    return failed(f"the caller may not {verb} objects below the prefix", remedy, policy)


def _region_of(facts: AccountFacts) -> str:
    """Region of the bucket; asked in a second way where looking at the bucket is not allowed."""
    with tolerating(*DENIED_CODES), explained():
        region = _s3(facts).head_bucket(Bucket=facts.bucket).get("BucketRegion")
        if region:
            return str(region)
    with explained():
        location = _s3(facts).get_bucket_location(Bucket=facts.bucket)["LocationConstraint"]
    return "eu-west-1" if location == "EU" else str(location or _DEFAULT_REGION)


def _s3(facts: AccountFacts) -> Any:
    return facts.clients.service("s3")


def _at(uri: str) -> dict[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key}


@dataclass(frozen=True)
class Question:
    """Actions on one resource."""

    actions: Sequence[str]
    """IAM actions, such as ``s3:GetObject``."""
    resource: str
    """One ARN, or ``*``."""
    context: Mapping[str, str]
    """Values of condition keys, such as ``s3:prefix``."""


@dataclass(frozen=True)
class Denial:
    """An action that the policies do not allow."""

    action: str
    resource: str
    is_explicit: bool
    """Whether a statement forbids it; otherwise none allows it."""


def denials(
    clients: "Clients", principal_arn: str, questions: Sequence[Question]
) -> tuple[Denial, ...]:
    """What the principal's policies do not allow; each resource is asked about on its own.

    Resource policies, such as a bucket's, are not part of the simulation.

    Raises:
        TunerError: the caller may not simulate, or IAM cannot be reached.
    """
    denied = []
    for question in questions:
        for result in _results(clients, principal_arn, question):
            if result["EvalDecision"] != "allowed":
                is_explicit = result["EvalDecision"] == "explicitDeny"
                denied.append(Denial(result["EvalActionName"], question.resource, is_explicit))
    return tuple(denied)


def _results(clients: "Clients", principal_arn: str, question: Question) -> list[dict[str, Any]]:
    with explained():
        pages = (
            clients.service("iam")
            .get_paginator("simulate_principal_policy")
            .paginate(
                PolicySourceArn=principal_arn,
                ActionNames=list(question.actions),
                ResourceArns=[question.resource],
                ContextEntries=[
                    {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
                    for key, value in question.context.items()
                ],
            )
        )
        return [result for page in pages for result in page["EvaluationResults"]]


_ASSUME = "sts:AssumeRole"


def trust_problem(
    trust: Mapping[str, Any], account: str, source_arns: tuple[str, ...]
) -> tuple[bool, str]:
    """Whether the service may not assume a role, and why.

    Args:
        trust: the trust policy.
        account: account whose jobs the service runs.
        source_arns: resources in whose name the service will assume the role.

    Returns:
        Whether a statement lets Comprehend in, and what is wrong or uncertain; an empty text when
        nothing is.
    """
    statements = [s for s in _listed(trust.get("Statement")) if _concerns_service(s)]
    if any(s.get("Effect") == "Deny" and not s.get("Condition") for s in statements):
        return False, f"a statement denies {_ASSUME} to {SERVICE_PRINCIPAL}"
    allowing = [s for s in statements if s.get("Effect") == "Allow"]
    if not allowing:
        return False, f"it does not trust {SERVICE_PRINCIPAL}"
    problems = [
        _condition_problem(s.get("Condition") or {}, account, source_arns) for s in allowing
    ]
    return min(problems, key=lambda problem: (not problem[0], bool(problem[1])))


def _concerns_service(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal", {})
    if isinstance(principal, Mapping):
        services = [str(name) for name in _listed(principal.get("Service"))]
    else:
        services = [str(principal)]
    actions = [str(action) for action in _listed(statement.get("Action"))]
    return any(name in (SERVICE_PRINCIPAL, "*") for name in services) and any(
        fnmatchcase(_ASSUME.lower(), action.lower()) for action in actions
    )


def _condition_problem(
    conditions: Mapping[str, Any], account: str, source_arns: tuple[str, ...]
) -> tuple[bool, str]:
    uncertain = ""
    for operator, keys in conditions.items():
        for key, value in keys.items():
            values = [str(item) for item in _listed(value)]
            name = key.lower()
            if name == "aws:sourceaccount" and operator.startswith(("StringEquals", "StringLike")):
                if not _matches(account, values):
                    return False, (
                        f"its condition on aws:SourceAccount names {', '.join(values)},"
                        f" not {account}"
                    )
            elif name == "aws:sourcearn" and operator.startswith(
                ("ArnEquals", "ArnLike", "StringEquals", "StringLike")
            ):
                left_out = [arn for arn in source_arns if not _matches(arn, values)]
                if left_out:
                    return False, f"its condition on aws:SourceArn does not cover {left_out[0]}"
            else:
                uncertain = f"its condition {operator} on {key} is not judged here"
    return True, uncertain


def _matches(value: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(value, pattern.replace("[", "[[]")) for pattern in patterns)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


# The data access role: there, trusted, able to reach the files, and passable.


_MAKE_ONE = "make one with: comprehend-tuner setup-role, or name another with --role-arn"


def check_role_exists(facts: AccountFacts) -> CheckVerdict:
    """The data access role exists."""
    if not facts.role_arn:
        return failed("no data access role was chosen", _MAKE_ONE, _own_policy(facts))
    name = role_name_of(facts.role_arn)
    role = find_role(facts.clients, name)
    if role is None:
        return failed(
            f"role {printable(name, 64)} does not exist in this account",
            _MAKE_ONE,
            _own_policy(facts),
        )
    if role["Arn"] != facts.role_arn:
        return failed(
            f"role {printable(name, 64)} has the ARN {printable(str(role['Arn']), 200)}",
            f"give --role-arn {printable(str(role['Arn']), 200)}",
        )
    facts.role = role
    return passed(printable(facts.role_arn, 200))


def check_trust(facts: AccountFacts) -> CheckVerdict:
    """Comprehend may assume the role in this account's name."""
    if facts.role is None:
        return cannot_tell("the role cannot be read")
    scope = facts.scope
    base = f"arn:{scope.partition}:comprehend:{scope.region}:{scope.account}"
    sources = (
        *(f"{base}:document-classifier/{n}/version/v1" for n in facts.settings.classifier_names),
        f"{base}:document-classification-job/{'0' * 32}",
    )
    trusts, problem = trust_problem(facts.role["AssumeRolePolicyDocument"], scope.account, sources)
    remedy = "replace the role's trust policy (IAM, role, Trust relationships) by this one"
    if not trusts:
        return failed(printable(problem, 300), remedy, trust_policy(scope.account))
    if problem:
        return warning(printable(problem, 300), remedy, trust_policy(scope.account))
    return passed(f"it trusts {SERVICE_PRINCIPAL}")


def check_role_rights(facts: AccountFacts) -> CheckVerdict:
    """The role may read and write the session's files."""
    scope = facts.scope
    if not facts.bucket:
        return cannot_tell("no bucket was chosen")
    files = object_address(scope.bucket, f"{scope.prefix}preflight", scope.partition)
    bucket = f"arn:{scope.partition}:s3:::{scope.bucket}"
    questions = [
        Question(("s3:GetObject", "s3:PutObject"), files, {}),
        Question(("s3:ListBucket",), bucket, {"s3:prefix": f"{scope.prefix}preflight"}),
    ]
    policy = role_policy(scope.bucket, scope.prefix, scope.partition)
    if facts.key_arn:
        via = {"kms:ViaService": f"s3.{scope.region}.amazonaws.com"}
        questions.append(Question(("kms:Decrypt", "kms:GenerateDataKey"), facts.key_arn, via))
        policy["Statement"].append(key_statement(facts.key_arn))
    try:
        denied = denials(facts.clients, facts.role_arn, questions)
    except TunerError as error:
        return _no_simulation(facts, error)
    if not denied:
        return passed("its policies allow reading and writing below the prefix")
    lack = f"its policies do not allow {_named(denied)}"
    remedy = "add this to the role as an inline policy"
    if not any(denial.is_explicit for denial in denied) and _bucket_names_role(facts):
        return warning(f"{lack}; the bucket's own policy names the role", remedy, policy)
    return failed(lack, remedy, policy)


def check_pass_role(facts: AccountFacts) -> CheckVerdict:
    """The caller may hand the role to Comprehend."""
    if not facts.role_arn:
        return cannot_tell("no data access role was chosen")
    if facts.caller.endswith(":root"):
        return passed("the root user may pass every role")
    question = Question(
        ("iam:PassRole",), facts.role_arn, {"iam:PassedToService": SERVICE_PRINCIPAL}
    )
    try:
        denied = denials(facts.clients, facts.caller, [question])
    except TunerError as error:
        return _no_simulation(facts, error)
    if not denied:
        return passed("the caller may pass it to Comprehend")
    return failed(
        f"the caller may not pass it ({_named(denied)})",
        f"add this to the policies of {printable(facts.caller, 200)}",
        document(pass_role_statement(facts.scope)),
    )


def check_role_name(facts: AccountFacts) -> CheckVerdict:
    """The role's name holds the word that AWS's own policies look for."""
    if not facts.role_arn:
        return cannot_tell("no data access role was chosen")
    if "Comprehend" in facts.role_arn.partition(":role/")[2]:
        return passed("its name contains Comprehend")
    return warning(
        "its name does not contain Comprehend",
        "AWS's example policies allow iam:PassRole on *Comprehend* only, and the console lists only"
        " such roles; allow iam:PassRole on this one by name",
        document(pass_role_statement(facts.scope)),
    )


def _own_policy(facts: AccountFacts) -> dict[str, object]:
    scope = facts.scope
    return role_policy(scope.bucket or "BUCKET", scope.prefix, scope.partition)


def _named(denied: tuple[Denial, ...]) -> str:
    names = sorted({denial.action for denial in denied})
    explicit = " (explicitly denied)" if any(denial.is_explicit for denial in denied) else ""
    return printable(", ".join(names) + explicit, 300)


def _no_simulation(facts: AccountFacts, error: TunerError) -> CheckVerdict:
    scope = facts.scope
    policy = caller_policy(scope.account, scope.region, scope.bucket, scope.prefix, scope.role_arn)
    statements = [s for s in policy["Statement"] if s["Sid"] == "Preflight"]
    return cannot_tell(
        f"the policies cannot be simulated: {error.message}",
        "allow iam:SimulatePrincipalPolicy to have this checked; the step itself does not need it",
        document(*statements),
    )


def _bucket_names_role(facts: AccountFacts) -> bool:
    """Whether the bucket has a policy that speaks of the role or of the whole account."""
    try:
        with explained():
            answer = facts.clients.service("s3").get_bucket_policy(Bucket=facts.bucket)
    except TunerError:
        return False
    account = facts.scope.account
    return any(name in answer["Policy"] for name in (facts.role_arn, f"{account}:root"))
