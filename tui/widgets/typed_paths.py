"""Files and folders that begin with what was typed."""

import itertools
import os
from dataclasses import dataclass
from pathlib import Path

from core.text import printable
from core.views.numbers import size

SOURCE_ENDINGS = (".csv", ".tsv", ".jsonl", ".json", ".manifest", ".txt", ".gz")
_MOST_ENTRIES = 5_000


@dataclass(frozen=True)
class Match:
    """A file or folder that the typed path may become."""

    value: str
    """The path with this name, as it would stand in the input; a folder ends in a slash."""
    name: str
    is_folder: bool
    size: int

    @property
    def text(self) -> str:
        """Name and size, for the list."""
        return self.name if self.is_folder else f"{self.name}  {size(self.size)}"


@dataclass(frozen=True)
class Matches:
    """What the typed path may become."""

    found: tuple[Match, ...]
    """Files that look like sources first, then folders, then other files."""
    left_out: int
    """Names with characters that a terminal must not get."""


def typed_path(text: str, directory: Path) -> Path:
    """The path that was typed, ``~`` expanded, relative ones below `directory`."""
    try:
        return directory / Path(text).expanduser()
    except RuntimeError:
        return directory / text


def is_file(path: Path) -> bool:
    """Whether there is a file; False for paths that no system call accepts."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def matches_of(text: str, directory: Path) -> Matches:
    """What `text` may become; nothing when its folder cannot be read."""
    head, slash, prefix = text.rpartition("/")
    folder = typed_path(head + slash, directory)
    found: list[Match] = []
    left_out = 0
    try:
        with os.scandir(folder) as entries:
            for entry in itertools.islice(entries, _MOST_ENTRIES):
                if not _begins(entry.name, prefix):
                    continue
                if printable(entry.name) != entry.name:
                    left_out += 1
                    continue
                found.append(_match(entry, head + slash))
    except (OSError, ValueError):
        return Matches((), 0)
    return Matches(tuple(sorted(found, key=_rank)), left_out)


def completed(text: str, matches: tuple[Match, ...]) -> str:
    """`text` with what all matches have in common."""
    columns = zip(*(match.value for match in matches), strict=False)
    same = itertools.takewhile(lambda characters: len(set(characters)) == 1, columns)
    common = "".join(characters[0] for characters in same)
    return common if len(common) > len(text) else text


def _begins(name: str, prefix: str) -> bool:
    if name.startswith(".") and not prefix.startswith("."):
        return False
    return name.casefold().startswith(prefix.casefold())


def _match(entry: os.DirEntry[str], before: str) -> Match:
    is_folder, size = False, 0
    try:
        is_folder = entry.is_dir()
        size = 0 if is_folder else entry.stat().st_size
    except OSError:
        pass
    name = f"{entry.name}/" if is_folder else entry.name
    return Match(before + name, name, is_folder, size)


def _rank(match: Match) -> tuple[int, str]:
    is_source = match.name.casefold().endswith(SOURCE_ENDINGS)
    return (1 if match.is_folder else 0 if is_source else 2, match.name.casefold())
