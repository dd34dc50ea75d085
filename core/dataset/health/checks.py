"""The registry of checks, and running them."""

from core.dataset.health.balance import BALANCE_CHECKS, LIMIT_CHECKS
from core.dataset.health.findings import SEVERITIES, Check, DatasetFacts, Finding, HealthContext
from core.dataset.health.labels import LABEL_CHECKS, LABELLING_CHECKS
from core.dataset.health.parts import DUPLICATE_CHECKS, PART_CHECKS, near_duplicate_finding
from core.dataset.health.texts import TEXT_CHECKS
from core.progress import UNWATCHED, Watch

CHECKS: tuple[Check, ...] = (
    *LABELLING_CHECKS,
    *LABEL_CHECKS,
    *TEXT_CHECKS,
    *DUPLICATE_CHECKS,
    *LIMIT_CHECKS,
    *BALANCE_CHECKS,
)
"""Every check of a dataset, near duplicates and the checks of a split apart, in the order in which
their fixes are best applied: misspelt labels before rare ones."""
_TASK = "checking the dataset"


def run_checks(
    context: HealthContext, watch: Watch = UNWATCHED, near_duplicates: bool = True
) -> tuple[Finding, ...]:
    """Run every check and return one finding each, the most serious first.

    A check that finds nothing gives a finding of severity "passed". The checks of a split run only
    when `context` has parts, that for near duplicates only when asked for.

    Args:
        context: what is checked.
        watch: told how many checks are done.
        near_duplicates: whether to look for near duplicates, the slowest check.

    Raises:
        Interrupted: stopping was asked for.
    """
    facts = DatasetFacts(context, watch)
    checks = list(CHECKS)
    if near_duplicates:
        checks.append(
            Check(
                "near-duplicates",
                "No near duplicates",
                lambda facts: near_duplicate_finding(facts, watch),
            )
        )
    if context.parts is not None:
        checks += PART_CHECKS
    return _run(checks, facts, watch)


def run_part_checks(context: HealthContext, watch: Watch = UNWATCHED) -> tuple[Finding, ...]:
    """Run the checks of a split alone; `context` must have parts."""
    return _run(PART_CHECKS, DatasetFacts(context, watch), watch)


def _run(
    checks: list[Check] | tuple[Check, ...], facts: DatasetFacts, watch: Watch
) -> tuple[Finding, ...]:
    findings = []
    for done, check in enumerate(checks):
        watch.check()
        watch.report(_TASK, done, len(checks), "checks", check.id)
        finding = check.run(facts)
        findings.append(finding or Finding(id=check.id, severity="passed", title=check.passed))
    watch.report(_TASK, len(checks), len(checks), "checks")
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))
