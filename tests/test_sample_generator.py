"""The parts of the sample generator."""

from sample_data.generator.bank import joined
from sample_data.generator.dice import Dice


def test_a_connector_lowers_the_next_word_unless_it_is_a_name() -> None:
    assert joined("Also,", "The app closes.") == "Also, the app closes."
    assert joined("Also,", "A friend has one.") == "Also, a friend has one."
    assert joined("Also,", "I'm locked out.") == "Also, I'm locked out."
    assert joined("Also,", "VAT was added.") == "Also, VAT was added."
    assert joined("PS:", "The app closes.") == "PS: The app closes."


def test_dice_shuffle_keeps_every_item_and_repeats_for_a_seed() -> None:
    items = list(range(50))
    shuffled = Dice(3).shuffled(items)
    assert shuffled != items
    assert sorted(shuffled) == items
    assert Dice(3).shuffled(items) == shuffled
    assert Dice(4).shuffled(items) != shuffled
