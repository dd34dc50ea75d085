"""The clean-up step: what the session created, its deletion in order, and the proof."""

from textual import on
from textual.app import ComposeResult
from textual.widgets import DataTable, Static

from core.comprehend.ledger import DELETE_ORDER
from core.text import plural, printable
from core.views.numbers import NONE, amount, usd
from core.workflow.cleanup import CleanedUp, Inventory, InventoryRow, clean_up, cleanup_inventory
from core.workflow.overview import Overview
from tui.render import glyph, lines, literal, plain
from tui.screens.base import StepScreen
from tui.widgets.tables import Column, Row, RowTable
from tui.windows import DestroyModal

_MOST_DOUBTS = 3
_COLUMNS = (
    Column("kind", 10),
    Column("name", 0),
    Column("created", 16),
    Column("$/month", 8, is_number=True),
)


class CleanupScreen(StepScreen):
    """Inventory, deletion and proof."""

    step_id = "cleanup"
    title_words = "clean up"
    nothing_runs = "nothing is being deleted"

    DEFAULT_CSS = """
    CleanupScreen #cleanup-lead { height: auto; }
    CleanupScreen #cleanup-resources { height: 1fr; }
    CleanupScreen #cleanup-name { height: auto; max-height: 3; color: $text-muted; }
    CleanupScreen #cleanup-proof { height: auto; max-height: 8; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._listed = ""
        self._inventory: Inventory | None = None
        self._done: CleanedUp | None = None

    def compose_body(self) -> ComposeResult:
        """Sums, resources, the whole name, proof."""
        yield Static("", id="cleanup-lead", markup=False)
        yield RowTable("cleanup-resources", keys="vertical")
        yield Static("", id="cleanup-name", markup=False)
        yield Static("", id="cleanup-proof", markup=False)

    def on_mount(self) -> None:
        """Fill the frame; the resources have the focus."""
        super().on_mount()
        self._table.focus()

    def show_session(self, overview: Overview) -> None:
        """List again when the ledger has changed."""
        status = overview.status_of("cleanup")
        if status.status == "blocked" and not overview.state.runs:
            self._lead([f"{status.detail}: press 4 (Train) to create a classifier"])
            return
        key = repr([(entry.name, entry.state) for entry in overview.state.ledger])
        if key != self._listed and not self.is_busy:
            self._listed = key
            self._list()

    def _take_inventory(self, inventory: Inventory) -> None:
        self._inventory = inventory
        if self._done is not None and inventory.rows:
            self._say_what_is_left(self._done)
        self._show()

    def _take_proof(self, done: CleanedUp) -> None:
        self._done = done
        self._say_what_is_left(done)
        self._show()

    def _say_what_is_left(self, done: CleanedUp) -> None:
        if not done.left:
            return
        first = next((item for item in done.left if item.is_refused), done.left[0])
        self.banner.show_note(
            f"{plural(len(done.left), 'resource')} can still be seen, "
            f"{usd(done.left_monthly_usd)} a month: D tries again\n"
            + ": ".join(filter(None, (f"{first.kind} {_last(first.name)}", first.reason)))
            + (f"\n{first.hint}" if first.is_refused else "")
        )

    def equivalent_command(self) -> str:
        """The command that deletes the same; without --yes it asks for the session's name."""
        return f"{super().equivalent_command()} --yes"

    def copied_value(self) -> str:
        """The highlighted resource's whole name."""
        row = self._highlighted
        return row.name if row else self.equivalent_command()

    def action_run_step(self) -> None:
        """List what is left."""
        if not self.is_busy and self.overview.state.runs:
            self._list()

    def action_delete(self) -> None:
        """Delete everything in the list, after the session's name was typed."""
        inventory = self._inventory
        if self.is_busy or inventory is None:
            return
        if self.refuses("deleting"):
            return
        if not inventory.rows:
            self.banner.show_note("nothing to delete")
            return
        title = f"Delete {plural(len(inventory.rows), 'resource')} for good?"
        self.app.push_screen(
            DestroyModal(title, self._facts(inventory), self.overview.name), self._delete
        )

    def _facts(self, inventory: Inventory) -> list[str]:
        kinds = [row.kind for row in inventory.rows]
        counts = [plural(kinds.count(kind), kind) for kind in DELETE_ORDER if kind in kinds]
        return [
            self._plain(f"{inventory.engine} · bucket {printable(inventory.bucket, 50)}"),
            ", ".join(counts),
            self._plain(self._price(inventory)),
            *(self._plain(text) for text in self._doubts(inventory)),
            "Cannot be undone. Scores, thresholds and reports stay in the session.",
        ]

    def _delete(self, is_agreed: bool | None) -> None:
        if not is_agreed:
            return
        session = self.session
        self._done = None
        self.run(lambda watch: clean_up(session, watch), self._take_proof)

    def _list(self) -> None:
        session = self.session
        self.run(lambda watch: cleanup_inventory(session), self._take_inventory)

    def _show(self) -> None:
        inventory = self._inventory
        if inventory is None:
            return
        if inventory.rows:
            self._lead(
                [
                    f"{plural(len(inventory.rows), 'resource')} on {inventory.engine} · "
                    f"{self._price(inventory)}",
                    "D deletes them in this order; results in the session stay",
                    *self._doubts(inventory),
                ]
            )
        else:
            self._lead([f"nothing to delete on {inventory.engine}", *self._doubts(inventory)])
        self._fill(inventory)
        proof = self._done.proof if self._done and not inventory.rows else ()
        sign = glyph("passed", self.tuner.settings.ascii_only)
        self.query_one("#cleanup-proof", Static).update(
            lines([self._plain(f"{sign} {line}") for line in proof])
        )

    def _fill(self, inventory: Inventory) -> None:
        table = self._table
        table.display = bool(inventory.rows)
        table.show(_COLUMNS, [_row(entry, inventory) for entry in inventory.rows])
        if inventory.rows:
            table.focus()
        self._show_name()

    @on(DataTable.RowHighlighted, "#cleanup-resources")
    def _show_name(self) -> None:
        row = self._highlighted
        self.query_one("#cleanup-name", Static).update(literal(row.name if row else ""))

    def _doubts(self, inventory: Inventory) -> list[str]:
        """What could not be found or looked at."""
        return [
            *(f"asked for and not found: {name}" for name in inventory.unresolved),
            *(f"cannot tell: {sentence}" for sentence in inventory.cannot_tell),
        ][:_MOST_DOUBTS]

    def _price(self, inventory: Inventory) -> str:
        price = f"{usd(inventory.monthly_usd)} a month"
        return f"keeping it: {price}" if inventory.is_paid else f"free offline (on AWS: {price})"

    @property
    def _table(self) -> RowTable:
        return self.query_one(RowTable)

    @property
    def _highlighted(self) -> InventoryRow | None:
        row = self._table.cursor_row
        rows = self._inventory.rows if self._inventory else ()
        return rows[row] if 0 <= row < len(rows) else None

    def _lead(self, texts: list[str]) -> None:
        lead = self.query_one("#cleanup-lead", Static)
        lead.update(lines([self._plain(text) for text in texts]))

    def _plain(self, text: str) -> str:
        return plain(text, self.tuner.settings.ascii_only)


def _row(entry: InventoryRow, inventory: Inventory) -> Row:
    has_price = entry.kind in ("endpoint", "classifier")
    return Row(
        f"{entry.kind} {entry.name}",
        (
            entry.kind,
            _short(entry, inventory),
            entry.created_at[:16].replace("T", " ") or entry.state,
            amount(entry.monthly_usd) if has_price else NONE,
        ),
    )


def _short(row: InventoryRow, inventory: Inventory) -> str:
    """A name without what all of them share."""
    if row.kind in ("object", "upload"):
        return row.name.removeprefix(inventory.prefix)
    return _last(row.name)


def _last(name: str) -> str:
    """An ARN without its account, an address without its bucket."""
    return name.removeprefix("s3://").partition("/")[2] or name
