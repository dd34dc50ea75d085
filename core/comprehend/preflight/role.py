"""The data access role: there, trusted, able to reach the files, and passable."""

from core.comprehend.preflight.lines import (
    Facts,
    Verdict,
    cannot_tell,
    failed,
    passed,
    warning,
)
from core.comprehend.preflight.simulation import Denial, Question, denials
from core.comprehend.preflight.trust import trust_problem
from core.comprehend.roles import (
    SERVICE_PRINCIPAL,
    caller_policy,
    document,
    find_role,
    key_statement,
    object_address,
    pass_role_statement,
    role_name_of,
    role_policy,
    trust_policy,
)
from core.comprehend.service_errors import explained
from core.errors import TunerError
from core.text import printable

_MAKE_ONE = "make one with: comprehend-tuner setup-role, or name another with --role-arn"


def check_role_exists(facts: Facts) -> Verdict:
    """The data access role exists."""
    if not facts.role_arn:
        return failed("no data access role was chosen", _MAKE_ONE, _own_policy(facts))
    name = role_name_of(facts.role_arn)
    role = find_role(facts.clients, name)
    if role is None:
        return failed(
            f"role {printable(name, 64)} does not exist in this account", _MAKE_ONE,
            _own_policy(facts),
        )  # fmt: skip
    if role["Arn"] != facts.role_arn:
        return failed(
            f"role {printable(name, 64)} has the ARN {printable(str(role['Arn']), 200)}",
            f"give --role-arn {printable(str(role['Arn']), 200)}",
        )
    facts.role = role
    return passed(printable(facts.role_arn, 200))


def check_trust(facts: Facts) -> Verdict:
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


def check_role_rights(facts: Facts) -> Verdict:
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
    found = f"its policies do not allow {_named(denied)}"
    remedy = "add this to the role as an inline policy"
    if not any(denial.is_explicit for denial in denied) and _bucket_names_role(facts):
        return warning(f"{found}; the bucket's own policy names the role", remedy, policy)
    return failed(found, remedy, policy)


def check_pass_role(facts: Facts) -> Verdict:
    """The caller may hand the role to Comprehend."""
    if not facts.role_arn:
        return cannot_tell("no data access role was chosen")
    if facts.caller.endswith(":root"):
        return passed("the root user may pass every role")
    question = Question(("iam:PassRole",), facts.role_arn,
                        {"iam:PassedToService": SERVICE_PRINCIPAL})  # fmt: skip
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


def check_role_name(facts: Facts) -> Verdict:
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


def _own_policy(facts: Facts) -> dict[str, object]:
    scope = facts.scope
    return role_policy(scope.bucket or "BUCKET", scope.prefix, scope.partition)


def _named(denied: tuple[Denial, ...]) -> str:
    names = sorted({denial.action for denial in denied})
    explicit = " (explicitly denied)" if any(denial.is_explicit for denial in denied) else ""
    return printable(", ".join(names) + explicit, 300)


def _no_simulation(facts: Facts, error: TunerError) -> Verdict:
    scope = facts.scope
    policy = caller_policy(scope.account, scope.region, scope.bucket, scope.prefix, scope.role_arn)
    statements = [s for s in policy["Statement"] if s["Sid"] == "Preflight"]
    return cannot_tell(
        f"the policies cannot be simulated: {error.message}",
        "allow iam:SimulatePrincipalPolicy to have this checked; the step itself does not need it",
        document(*statements),
    )


def _bucket_names_role(facts: Facts) -> bool:
    """Whether the bucket has a policy that speaks of the role or of the whole account."""
    try:
        with explained():
            answer = facts.clients.service("s3").get_bucket_policy(Bucket=facts.bucket)
    except TunerError:
        return False
    account = facts.scope.account
    return any(name in answer["Policy"] for name in (facts.role_arn, f"{account}:root"))
