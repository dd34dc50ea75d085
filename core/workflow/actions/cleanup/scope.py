"""Which things are a session's own, or one run's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.comprehend.clients import Clients
from core.comprehend.resources import CleanupItem, LedgerEntry, cleanup_plan
from core.workflow.actions.runs import object_base, pick_run, resource_tags
from core.workflow.state import RunState, SessionState

SESSION_TAG = "comprehend-tuner:session"
RUN_TAG = "comprehend-tuner:run"


@dataclass(frozen=True)
class Scope:
    """What one clean-up may touch."""

    run: str | None
    """The only run that is cleaned up; None for the whole session."""
    tags: Mapping[str, str]
    """What a resource must carry to be the session's."""
    session_prefix: str
    """Address below which only the session writes; empty without a bucket."""
    prefix: str
    """Address below which everything may go; empty without a bucket."""
    adopted: frozenset[str]
    """Addresses and ARNs of what was adopted from elsewhere; never touched."""

    def holds(self, run: str, name: str) -> bool:
        """Whether a thing of `run` may be deleted."""
        return (self.run is None or run == self.run) and name not in self.adopted


def scope_of(state: SessionState, clients: Clients, run: str | None) -> Scope:
    """The scope of a clean-up.

    Raises:
        InvalidInput: there is no such run.
    """
    whole = ""
    if clients.info.bucket:
        whole = object_base(state, clients, "", "").rstrip("/") + "/"
    if run is not None:
        pick_run(state, run)
    return Scope(
        run=run,
        tags={SESSION_TAG: resource_tags(state, "")[SESSION_TAG]},
        session_prefix=whole,
        prefix=f"{whole}{run}/" if run is not None and whole else whole,
        adopted=_adopted(state),
    )


def plan_of(entries: Iterable[LedgerEntry], scope: Scope) -> tuple[CleanupItem, ...]:
    """What the ledger says is left to delete within the scope."""
    return tuple(item for item in cleanup_plan(entries) if scope.holds(item.run, item.name))


def runs_of(state: SessionState, scope: Scope) -> list[RunState]:
    """The runs within the scope."""
    return [run for run in state.runs if scope.run in (None, run.name)]


def inference_units(state: SessionState) -> dict[str, int]:
    """Inference units of the session's endpoints by ARN."""
    return {endpoint.arn: endpoint.inference_units for endpoint in state.endpoints if endpoint.arn}


def _adopted(state: SessionState) -> frozenset[str]:
    names: set[str] = set()
    for job in (job for run in state.runs for job in (*run.jobs(), *run.replaced_jobs)):
        if job.is_adopted:
            status = job.status
            outside = (status.input_uri, status.output_uri) if status is not None else ()
            names.update(name for name in (job.arn, *outside) if name)
    return frozenset(names)
