"""The whole of ``session.json``."""

import msgspec

from core.comprehend.clients import EngineSettings, TwinOptions
from core.comprehend.pricing import DEFAULT_PRICES, PriceList
from core.comprehend.resources import LedgerEntry
from core.dataset.formats import ImportReport, SourceSettings
from core.workflow.state.dataset import HealthState, OversamplingState, Revision, SplitState
from core.workflow.state.experiments import ExperimentState
from core.workflow.state.jobs import EndpointState
from core.workflow.state.runs import RunState

SCHEMA_VERSION = 1


class SessionState(msgspec.Struct, kw_only=True):
    """The whole of ``session.json``."""

    schema_version: int = SCHEMA_VERSION
    name: str
    uid: str
    """Eight random hexadecimal digits: keeps equal session names apart in one bucket."""
    created_at: str
    engine: EngineSettings
    twin: TwinOptions
    source: SourceSettings
    imported: ImportReport
    revisions: list[Revision]
    health: HealthState | None = None
    splits: list[SplitState] = []
    oversampling: OversamplingState | None = None
    runs: list[RunState] = []
    experiments: list[ExperimentState] = []
    adopted: str = ""
    """The arm's run that the user adopted; empty when the newest run of its own is meant."""
    ledger: list[LedgerEntry] = []
    endpoints: list[EndpointState] = []
    prices: PriceList = DEFAULT_PRICES
    """The prices that estimates use; the user may replace them."""
    budget_usd: float | None = None
    """Most that the session may cost; a launch that could exceed it is refused."""
    test_looks: int = 0
    """How often thresholds were measured on the test part."""

    @property
    def dataset(self) -> Revision:
        """The newest revision of the dataset."""
        return self.revisions[-1]

    @property
    def split(self) -> SplitState | None:
        """The newest split."""
        return self.splits[-1] if self.splits else None

    def revision_of(self, split: SplitState) -> Revision:
        """The revision of the dataset that was split."""
        return next(revision for revision in self.revisions if revision.id == split.revision)

    @property
    def run(self) -> RunState | None:
        """The run that the session is about: the adopted arm, or the newest run that is no arm."""
        own = [run for run in self.runs if not run.experiment]
        adopted = [run for run in self.runs if run.name == self.adopted]
        runs = adopted or own
        return runs[-1] if runs else None
