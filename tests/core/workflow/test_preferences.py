"""Preferences: environment over file over default, and it says which one won."""

from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.workflow.preferences import (
    config_path,
    load_preferences,
    preference_sources,
    remember_theme,
    remembered_theme,
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = config_path()
    assert tmp_path in path.parents, "the test must not touch the user's configuration"
    path.parent.mkdir(parents=True)
    path.write_text('theme = "textual-light"\nbell = false\n')
    return path


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPREHEND_TUNER_THEME", "nord")
    preferences = load_preferences()
    assert (preferences.theme, preferences.bell, preferences.mouse) == ("nord", False, True)
    assert preference_sources() == {
        "theme": ("nord", "environment"),
        "mouse": (True, "default"),
        "ascii_only": (False, "default"),
        "bell": (False, str(config)),
    }


def test_an_unknown_key_names_the_file_and_the_known_ones(config: Path) -> None:
    config.write_text("colour = 3\n")
    with pytest.raises(InvalidInput, match="colour") as caught:
        load_preferences()
    assert str(config) in caught.value.message
    assert "theme" in caught.value.hint


def test_the_theme_is_remembered() -> None:
    assert remembered_theme() == ""
    remember_theme("nord")
    assert remembered_theme() == "nord"
