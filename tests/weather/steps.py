"""The steps of the workflow on a small dataset, each with the session that it begins on."""

import shutil
from pathlib import Path

from tests.aws.experiments import write_rare_source
from tests.weather.cells import Running, Step, measured

_ORDER: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("health", ("health",)),
    ("split", ("split", "--ratios", "60/20/20", "--seed", "3")),
    ("train", ("train", "--yes")),
    ("score", ("score", "--yes")),
    ("thresholds", ("thresholds",)),
    ("oversample", ("oversample", "--labels", "d", "--arms", "8,40", "--yes")),
    ("cleanup", ("cleanup", "--yes")),
)
EVERY = ("new", *(name for name, _ in _ORDER))


def prepared(place: Path, names: tuple[str, ...] = EVERY) -> dict[str, Step]:
    """The steps called `names`, each measured undisturbed.

    Args:
        place: an empty folder for the sessions that they begin on.
    """
    place.mkdir(parents=True, exist_ok=True)
    source = write_rare_source(place / "rare.csv")
    steps: dict[str, Step] = {}
    new = ("new", "./s", str(source))
    if "new" in names:
        steps["new"] = measured("new", None, new, place)
    at_work = place / "at-work"
    at_work.mkdir()
    _succeed(new, at_work)
    for name, arguments in _ORDER:
        before = Path(shutil.copytree(at_work / "s", place / f"before-{name}"))
        if name in names:
            steps[name] = measured(name, before, arguments, place)
        if name != "oversample":
            _succeed(("--session", "./s", *arguments), at_work)
    return steps


def _succeed(arguments: tuple[str, ...], folder: Path) -> None:
    ended = Running(arguments, folder).wait()
    if ended.code:
        raise AssertionError(f"{arguments} fails undisturbed: {ended.err}")
