"""The registry of checks, and running them."""

from core.dataset.health import balance, duplicates, labelling, labels, limits, parts, texts
from core.dataset.health.findings import SEVERITIES, Check, Facts, Finding, HealthContext
from core.progress import CancelToken, Progress, Reporter, silent

CHECKS: tuple[Check, ...] = (
    *labelling.CHECKS,
    *labels.CHECKS,
    *texts.CHECKS,
    *duplicates.CHECKS,
    *limits.CHECKS,
    *balance.CHECKS,
)
"""Every check of a dataset, near duplicates and the checks of a split apart, in the order in which
their fixes are best applied: misspelt labels before rare ones."""
PART_CHECKS: tuple[Check, ...] = parts.CHECKS
"""Every check of a split."""
_TASK = "checking the dataset"


def run_checks(
    context: HealthContext,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
    near_duplicates: bool = True,
) -> tuple[Finding, ...]:
    """Run every check and return one finding each, the most serious first.

    A check that finds nothing gives a finding of severity "passed". The checks of a split run only
    when `context` has parts, that for near duplicates only when asked for.

    Args:
        context: what is checked.
        reporter: told how many checks are done.
        cancel: stops between checks.
        near_duplicates: whether to look for near duplicates, the slowest check.

    Raises:
        Interrupted: `cancel` was set.
    """
    facts = Facts(context)
    checks = list(CHECKS)
    if near_duplicates:
        checks.append(
            Check(
                "near-duplicates",
                "No near duplicates",
                lambda facts: duplicates.near_duplicate_finding(facts, reporter, cancel),
            )
        )
    if context.parts is not None:
        checks += PART_CHECKS
    return _run(checks, facts, reporter, cancel)


def run_part_checks(context: HealthContext) -> tuple[Finding, ...]:
    """Run the checks of a split alone; `context` must have parts."""
    return _run(PART_CHECKS, Facts(context), silent, None)


def _run(
    checks: list[Check] | tuple[Check, ...],
    facts: Facts,
    reporter: Reporter,
    cancel: CancelToken | None,
) -> tuple[Finding, ...]:
    findings = []
    for done, check in enumerate(checks):
        if cancel is not None:
            cancel.check()
        reporter(Progress(_TASK, done, len(checks), "checks", check.id))
        finding = check.run(facts)
        findings.append(finding or Finding(id=check.id, severity="passed", title=check.passed))
    reporter(Progress(_TASK, len(checks), len(checks), "checks"))
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))
