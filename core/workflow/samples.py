"""Where the sample datasets are, in a checkout and after installation."""

from importlib.util import find_spec
from pathlib import Path

from core.errors import OperationFailed

SAMPLE = "tickets.csv"
"""The sample that the demo runs on."""


def sample_folder() -> Path:
    """The folder of the sample datasets.

    Raises:
        OperationFailed: the installation lacks it.
    """
    spec = find_spec("sample_data")
    if spec is None or not spec.submodule_search_locations:
        raise OperationFailed(
            "No sample data", "the package sample_data is not installed", "install it again"
        )
    return Path(next(iter(spec.submodule_search_locations)))
