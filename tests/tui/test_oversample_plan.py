"""What is typed on the oversample screen, as a request, as a command, and as it is shown."""

import pytest

from core.dataset.arms import ArmsRequest
from core.errors import InvalidInput
from tui.screens.oversample_plan import ArmsDraft, amounts_text, read_arms, read_options, toggled

DRAFT = ArmsDraft(labels=("bug",))
NOTHING = {"replicates": "", "repeat from": "", "stop after": "", "seed": "", "groups": ""}


@pytest.mark.parametrize(
    ("line", "request_", "options"),
    [
        ("20 40", ArmsRequest(labels=("bug",), positives=(20, 40)), "--labels bug --arms 20,40"),
        (
            "x2, x3.5",
            ArmsRequest(labels=("bug",), factors=(2, 3.5)),
            "--labels bug --factors 2,3.5",
        ),
        (
            "ratio .05,.1",
            ArmsRequest(labels=("bug",), ratios=(0.05, 0.1)),
            "--labels bug --ratios 0.05,0.1",
        ),
        ("ml-ros 25%, 10%", ArmsRequest(growths=(0.1, 0.25)), "--ml-ros 10,25"),
    ],
)
def test_every_form_of_arms_has_its_request_and_its_command(
    line: str, request_: ArmsRequest, options: str
) -> None:
    draft = read_arms(DRAFT, line)
    assert draft.request() == request_
    assert draft.options() == options
    assert read_arms(DRAFT, amounts_text(draft)) == draft, "what is shown can be typed"


@pytest.mark.parametrize("line", ["", "lots", "1.5", "x", "ratio", "ml-ros a%", "10;20"])
def test_another_line_is_refused_with_the_forms(line: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_arms(DRAFT, line)
    assert "ml-ros" in refused.value.hint


def test_labels_are_quoted_for_a_shell_and_kept_whole() -> None:
    assert ArmsDraft(labels=("a", "b c")).options().startswith("--labels 'a,b c' --arms 10,")
    assert ArmsDraft(labels=("a,b", "c")).options().startswith("--labels a,b --labels c ")


def test_chosen_labels_keep_the_order_of_the_dataset() -> None:
    labels = ("a", "b", "c")
    draft = toggled(toggled(ArmsDraft(), "c", labels), "a", labels)
    assert draft.labels == ("a", "c")
    assert toggled(draft, "a", labels).labels == ("c",)


def test_options_reach_the_command_and_empty_fields_mean_none() -> None:
    typed = {
        "replicates": "3",
        "repeat from": "12",
        "stop after": "2",
        "seed": "7",
        "groups": "Rare",
    }
    draft = read_options(DRAFT, typed)
    assert draft.options().endswith(
        "--repeat-from 12 --replicates 3 --patience 2 --seed 7 --groups rare"
    )
    assert read_options(draft, NOTHING) == DRAFT


@pytest.mark.parametrize(
    ("name", "value"), [("replicates", "0"), ("seed", "-1"), ("groups", "all"), ("stop after", "x")]
)
def test_an_unreadable_option_is_named(name: str, value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_options(DRAFT, {**NOTHING, name: value})
    assert name in refused.value.message


def test_percent_of_ml_ros_needs_no_sign_as_in_the_command() -> None:
    assert read_arms(DRAFT, "ml-ros 10,25").request() == ArmsRequest(growths=(0.1, 0.25))


def test_a_number_too_long_to_be_read_is_refused() -> None:
    for name in ("replicates", "seed"):
        with pytest.raises(InvalidInput):
            read_options(DRAFT, {**NOTHING, name: "9" * 5000})
    with pytest.raises(InvalidInput):
        read_arms(DRAFT, "9" * 5000)
