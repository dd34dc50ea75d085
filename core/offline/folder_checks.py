"""A twin's folder comes with its session from anywhere: it holds files and folders, nothing else.

The twin writes no link, so one that is there was put there by somebody: through it a job would
read, write or delete outside the session's folder. A pipe would make a reader wait for ever.
"""

import os
import stat
from pathlib import Path

from core.errors import InvalidInput
from core.text import printable

_DEEPEST = 600
"""Folders below one another; a key of 1,024 bytes makes no more than 512."""


def check_folder(root: Path) -> None:
    """Refuse a twin's folder with anything in it that no twin makes; one that is absent is fine.

    Raises:
        InvalidInput: there is a link, a pipe, a device or the like, or folders too deep to read.
    """
    if root.is_symlink():
        raise _refused(str(root), "a link")
    folders = [(str(root), 0)]
    while folders:
        folder, depth = folders.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    kind = _unexpected(entry)
                    if kind:
                        raise _refused(entry.path, kind)
                    if entry.is_dir(follow_symlinks=False):
                        folders.append((entry.path, depth + 1))
        except (FileNotFoundError, NotADirectoryError):  # a job that ends removes files meanwhile
            continue
        except OSError as error:
            raise _refused(folder, error.strerror or str(error)) from error
        if depth > _DEEPEST:
            raise _refused(folder, f"more than {_DEEPEST} folders below one another")


def _unexpected(entry: "os.DirEntry[str]") -> str:
    """What an entry is that no twin makes; empty for a file or a folder."""
    if entry.is_symlink():
        return "a link"
    if entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False):
        return ""
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except FileNotFoundError:
        return ""
    return "a pipe" if stat.S_ISFIFO(mode) else "no file"


def _refused(path: str, what: str) -> InvalidInput:
    return InvalidInput(
        "Offline twin not to be trusted",
        f"{printable(path, 300)}: {what}",
        "remove it, or put the file itself in its place; nothing was read or written",
    )
