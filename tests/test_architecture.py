"""Rules of the house that a test can hold: no near-copies, no lone heirs, one home for each name.

What still breaks a rule stands in the sets at the top; mend it and take it out, and add nothing.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FILE = 1_000
FEWEST_FIELDS = 4
"""Smaller data classes share names by chance."""
NEAR = 0.8
"""Share of the larger one's fields at which two data classes say the same."""
BY_CONVENTION = {"command", "main", "create", "describe", "delete", "properties"}
"""Names that every module of a kind has: a command of the terminal, an entry point, an operation of
the offline twin, which is called through its module."""

STILL_NEAR: set[frozenset[str]] = {
    frozenset(pair)
    for pair in (
        ("core.comprehend.engine.EngineSettings", "core.workflow.app_request.GivenEngine"),
        ("core.comprehend.ledger.LedgerEntry", "core.workflow.cleanup.InventoryRow"),
        ("core.tuning.thresholds.Prediction", "core.tuning.thresholds._Result"),
    )
}
STILL_SINGLE: set[str] = set()
STILL_LONG: set[str] = set()
STILL_DOUBLE = set(
    """
    Cells FORMAT Floats GRACE_S Key Line
    MOST_ROWS Match Points Provenance Result SIGNS Stage T Terms VERSION Verdict
    Wanted Wish Work cell_width escaped figure job_facts name names
    percent plan_text positives_text report_text shown signed start sweep table
    wilson
    """.split()
)


@dataclass(frozen=True)
class Home:
    """A module of the product, parsed."""

    name: str
    tree: ast.Module
    lines: int


@dataclass(frozen=True)
class Kind:
    """A class of the product."""

    name: str
    module: str
    bases: tuple[str, ...]
    fields: frozenset[str]
    is_data: bool


def homes() -> Iterator[Home]:
    """Every module of `core` and `tui`."""
    for room in ("core", "tui"):
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield Home(name.removesuffix(".__init__"), ast.parse(text), len(text.splitlines()))


def kinds() -> Iterator[Kind]:
    """Every class, nested ones too."""
    for home in homes():
        for node in ast.walk(home.tree):
            if isinstance(node, ast.ClassDef):
                bases = tuple(ast.unparse(base).split("[")[0] for base in node.bases)
                marks = [ast.unparse(mark) for mark in node.decorator_list]
                fields = frozenset(
                    item.target.id
                    for item in node.body
                    if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
                )
                is_data = any("dataclass" in mark for mark in marks) or "msgspec.Struct" in bases
                yield Kind(node.name, home.name, bases, fields, is_data)


def names_defined(node: ast.stmt) -> list[str]:
    """The names that a statement at the top of a module defines."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.name]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []


def test_no_two_data_classes_say_the_same() -> None:
    data = [kind for kind in kinds() if kind.is_data]
    near = {
        frozenset((f"{one.module}.{one.name}", f"{other.module}.{other.name}"))
        for one, other in combinations(data, 2)
        if (most := max(len(one.fields), len(other.fields))) >= FEWEST_FIELDS
        and len(one.fields & other.fields) >= NEAR * most
    }
    assert not [sorted(pair) for pair in near - STILL_NEAR]


def test_no_base_class_has_a_single_heir() -> None:
    everything = list(kinds())
    heirs: dict[str, list[str]] = defaultdict(list)
    for kind in everything:
        for base in kind.bases:
            heirs[base].append(kind.name)
    is_error = {"TunerError", *heirs["TunerError"]}  # told apart where they are caught
    ours = {kind.name for kind in everything} - is_error
    single = {base for base, names in heirs.items() if base in ours and len(names) == 1}
    assert not single - STILL_SINGLE


def test_a_public_name_has_one_home() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for home in homes():
        for node in home.tree.body:
            for name in names_defined(node):
                if not name.startswith("_"):
                    found[name].add(home.name)
    double = {name for name, modules in found.items() if len(modules) > 1}
    unexpected = double - STILL_DOUBLE - BY_CONVENTION
    assert not {name: sorted(found[name]) for name in unexpected}


def test_only_the_terminal_and_the_entry_point_import_the_command_line() -> None:
    importers = set()
    for home in homes():
        for node in ast.walk(home.tree):
            if isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            elif isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            else:
                continue
            if any(module.startswith("core.cli") for module in modules):
                importers.add(home.name)
    importers = {name for name in importers if not name.startswith("core.cli")}
    assert importers <= {"tui.__main__"}


def test_no_product_file_outgrows_a_reader() -> None:
    assert not {home.name for home in homes() if home.lines > LONGEST_FILE} - STILL_LONG


def test_rooms_import_nothing_by_themselves() -> None:
    loud = {
        str(path.relative_to(ROOT))
        for room in ("core", "tui")
        for path in (ROOT / room).rglob("__init__.py")
        if any(
            isinstance(node, ast.Import | ast.ImportFrom)
            for node in ast.parse(path.read_text(encoding="utf-8")).body
        )
    }
    assert not loud - {"tui/screens/__init__.py"}
