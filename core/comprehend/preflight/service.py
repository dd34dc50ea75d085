"""Comprehend: it answers, the caller may use it, and there is room for another job."""

from collections.abc import Callable
from typing import Any

from core.comprehend.preflight.lines import (
    DENIED,
    Facts,
    Verdict,
    cannot_tell,
    failed,
    passed,
    warning,
)
from core.comprehend.preflight.simulation import Question, denials
from core.comprehend.roles import (
    ACTIONS_ON_CLASSIFIERS,
    ACTIONS_ON_ENDPOINTS,
    ACTIONS_ON_JOBS,
    comprehend_statements,
    document,
)
from core.comprehend.service_errors import code_of, explained
from core.errors import TunerError
from core.text import plural, printable

_QUOTAS = (
    ("training", "L-94042C4D", "list_document_classifiers", "DocumentClassifierPropertiesList",
     "Status", ("SUBMITTED", "TRAINING")),
    ("scoring job", "L-E65FE76A", "list_document_classification_jobs",
     "DocumentClassificationJobPropertiesList", "JobStatus", ("SUBMITTED", "IN_PROGRESS")),
)  # fmt: skip
"""What is limited, its code in Service Quotas, and how the active ones are counted."""
_ONLY_FOR_ENDPOINTS = frozenset(
    action for action in ACTIONS_ON_ENDPOINTS if action.endswith(("Endpoint", "ClassifyDocument"))
)
"""What only trying documents on a live endpoint needs."""
_DEFAULT_QUOTA = 10
"""Active trainings and active scoring jobs per account and Region, unless raised."""


def check_answers(facts: Facts) -> Verdict:
    """Comprehend answers the caller's list calls."""
    client = facts.clients.comprehend
    calls: tuple[tuple[str, Callable[..., Any]], ...] = (
        ("comprehend:ListDocumentClassifiers", client.list_document_classifiers),
        ("comprehend:ListDocumentClassificationJobs", client.list_document_classification_jobs),
        ("comprehend:ListEndpoints", client.list_endpoints),
    )
    denied = []
    for action, call in calls:
        try:
            with explained():
                call(MaxResults=1)
        except TunerError as error:
            if code_of(error) not in DENIED:
                raise
            denied.append(action)
    if denied:
        return _missing(facts, denied)
    return passed(f"Comprehend in {printable(facts.clients.info.region, 40)} answers the caller")


def check_caller_rights(facts: Facts) -> Verdict:
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


def check_quota(facts: Facts) -> Verdict:
    """There is room for one more training and one more scoring job."""
    counts, full, nearly = [], [], []
    for noun, code, operation, key, status, states in _QUOTAS:
        limit, is_known = _limit(facts, code)
        active = sum(
            _count(getattr(facts.clients.comprehend, operation), key, {status: state})
            for state in states
        )
        basis = "" if is_known else " by default"
        counts.append(f"{plural(active, noun)} of {limit}{basis}")
        if active >= limit:
            full.append(noun)
        elif active == limit - 1:
            nearly.append(noun)
    found = f"active in this account and Region: {', '.join(counts)}"
    if full:
        return failed(
            found,
            f"wait until a {full[0]} ends, or ask for a higher quota in the Service Quotas console",
        )
    if nearly:
        return warning(found, f"only one more {nearly[0]} can start until another one ends")
    return passed(found)


def _missing(facts: Facts, actions: list[str]) -> Verdict:
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


def _limit(facts: Facts, code: str) -> tuple[int, bool]:
    """The quota of the account, and whether it is known; otherwise the documented default."""
    try:
        with explained():
            answer = facts.clients.service("service-quotas").get_service_quota(
                ServiceCode="comprehend", QuotaCode=code
            )
        return int(answer["Quota"]["Value"]), True
    except TunerError:
        return _DEFAULT_QUOTA, False


def _count(list_page: Callable[..., Any], key: str, wanted: dict[str, str]) -> int:
    """How many entries a filtered list has, over all its pages."""
    count = 0
    more: dict[str, str] = {}
    while True:
        with explained():
            page = list_page(Filter=wanted, MaxResults=500, **more)
        count += len(page[key])
        if not page.get("NextToken"):
            return count
        more = {"NextToken": page["NextToken"]}
