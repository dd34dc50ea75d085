"""What ``oversample`` makes of its options, and what it refuses to guess."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from core.cli.main import cli
from core.cli.oversample_command import ArmOptions, arms_request
from core.dataset.arms import DEFAULT_POSITIVES, ArmsRequest
from core.errors import InvalidInput

KNOWN = ("threat", "insult", "a,b")


def test_labels_alone_get_the_default_arms() -> None:
    request = arms_request(ArmOptions(labels=("threat,insult",)), KNOWN)
    assert request == ArmsRequest(labels=("threat", "insult"), positives=DEFAULT_POSITIVES)


def test_a_label_with_a_comma_is_not_taken_apart() -> None:
    assert arms_request(ArmOptions(labels=("a,b", "threat")), KNOWN).labels == ("a,b", "threat")


def test_each_strategy_is_read_in_its_unit() -> None:
    labels = ("threat",)
    arms = ArmOptions(labels=labels, arms="10, 25,", repeat_from=10, replicates=2, seed=4)
    assert arms_request(arms, KNOWN) == ArmsRequest(
        labels=labels, positives=(10, 25), repeat_from=10, replicates=2, seed=4
    )
    assert arms_request(ArmOptions(labels=labels, factors="2,2.5"), KNOWN).factors == (2.0, 2.5)
    assert arms_request(ArmOptions(labels=labels, ratios=".01,.05"), KNOWN).ratios == (0.01, 0.05)
    ros = arms_request(ArmOptions(ml_ros="10,25%"), KNOWN)
    assert (ros.labels, ros.positives, ros.growths) == ((), (), (0.1, 0.25))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"arms": "10,many"}, ("--arms", "'many'", "--arms 10,25,50")),
        ({"arms": "10,0"}, ("--arms", "'0'")),
        ({"arms": "1e3"}, ("--arms", "'1e3'")),
        ({"arms": "-5"}, ("--arms", "'-5'")),
        ({"arms": " , "}, ("--arms", "no number")),
        ({"factors": "2x"}, ("--factors", "'2x'", "--factors 2,5,10")),
        ({"factors": "nan"}, ("--factors", "'nan'")),
        ({"ratios": "1/20"}, ("--ratios", "'1/20'", "--ratios .01,.05")),
        ({"ratios": "inf"}, ("--ratios", "'inf'")),
        ({"arms": "10", "factors": "2"}, ("--arms and --factors",)),
        ({"arms": "10\x1b[2J"}, ("--arms", "'10'")),
    ],
)
def test_an_unreadable_number_is_named_with_its_option_and_an_example(
    given: dict[str, str], words: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        arms_request(ArmOptions(labels=("threat",), **given), KNOWN)  # type: ignore[arg-type]
    said = f"{caught.value.title} {caught.value.message} {caught.value.hint}"
    assert all(word in said for word in words), said
    assert "\x1b" not in said


def test_ml_ros_chooses_its_labels_itself() -> None:
    with pytest.raises(InvalidInput, match="--ml-ros"):
        arms_request(ArmOptions(labels=("threat",), ml_ros="10"), KNOWN)
    with pytest.raises(InvalidInput, match="'lots'"):
        arms_request(ArmOptions(ml_ros="lots"), KNOWN)


MODES: dict[str, tuple[list[str], str]] = {
    "nothing": ([], "--labels threat"),
    "arms without labels": (["--arms", "10"], "--arms alone"),
    "two things at once": (["--labels", "bug", "--clear"], "--labels or --ml-ros and --clear"),
    "one file and a sweep": (["--to", "bug=99", "--ml-ros", "10"], "--ml-ros"),
    "labels of a resumed one": (["--experiment", "e1", "--labels", "bug"], "--experiment"),
    "arms of a resumed one": (["--resume", "--arms", "10"], "--arms does not go with"),
    "adopt and history": (["--adopt", "n50", "--history"], "--adopt and --history"),
    "patience of one file": (["--to", "bug=99", "--patience", "2"], "--patience"),
    "seed of adopting": (["--adopt", "n50", "--seed", "4"], "--seed"),
    "no experiment to resume": (["--resume"], "No experiment yet"),
    "no such experiment": (["--experiment", "e7"], "No experiment yet"),
    "unknown label": (["--labels", "nolabel"], "'nolabel'"),
    "unknown objective": (["--labels", "bug", "--objective", "best"], "best"),
    "adopt what is not there": (["--adopt", "n50"], "n50"),
}


@pytest.mark.parametrize("name", MODES)
def test_what_cannot_be_meant_is_refused(
    name: str, tickets_session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments, words = MODES[name]
    monkeypatch.chdir(tickets_session.parents[1])
    before = (tickets_session / "session.json").read_bytes()
    error = CliRunner().invoke(cli, ["oversample", *arguments]).exception
    assert isinstance(error, InvalidInput)
    assert words in f"{error.title} {error.message} {error.hint}"
    assert (tickets_session / "session.json").read_bytes() == before
