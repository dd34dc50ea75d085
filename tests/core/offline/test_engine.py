"""The twin's models: what they rank, what their scores mean, and what they do at the edges."""

import csv
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest

from core.errors import InvalidInput
from core.offline.model import TrainedModel, score, term_contributions, train

BoolMatrix = npt.NDArray[np.bool_]
_MODES: tuple[Literal["multi-label", "multi-class"], ...] = ("multi-label", "multi-class")
LABELS = ("billing", "login", "other")
_WORDS = {
    "billing": "invoice refund charged payment receipt overcharged".split(),
    "login": "password locked signin account reset authenticator".split(),
}
_COMMON = "please the my is today help me with this again since yesterday thanks".split()


def tickets(count: int, seed: int) -> tuple[list[str], BoolMatrix]:
    """Tickets whose words hint at their labels without giving them away."""
    generator = np.random.default_rng(seed)
    texts, rows = [], []
    for _ in range(count):
        billing, login = (generator.random(2) < (0.3, 0.08)).tolist()
        words = generator.choice(_COMMON, 8).tolist()
        for name, is_member in (("billing", billing), ("login", login)):
            if generator.random() < (0.85 if is_member else 0.1):
                words += generator.choice(_WORDS[name], 2).tolist()
        generator.shuffle(words)
        texts.append(" ".join(words))
        rows.append([billing, login, not (billing or login)])
    return texts, np.array(rows, np.bool_)


@pytest.fixture(scope="module")
def trained() -> TrainedModel:
    texts, membership = tickets(1_500, seed=1)
    return train(texts, membership, LABELS, "multi-label")


def _auc(scores: npt.NDArray[np.float32], truth: npt.NDArray[np.bool_]) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, scores))


def test_scores_rank_documents_that_training_did_not_see(trained: TrainedModel) -> None:
    texts, truth = tickets(800, seed=2)
    scores = score(trained, texts)
    assert scores.dtype == np.float32
    assert scores.shape == (800, 3)
    for column in range(3):
        assert _auc(scores[:, column], truth[:, column]) > 0.85


def test_scores_are_probabilities_of_new_documents(trained: TrainedModel) -> None:
    texts, truth = tickets(4_000, seed=3)
    scores = score(trained, texts)
    for column in range(3):
        assert scores[:, column].mean() == pytest.approx(truth[:, column].mean(), abs=0.02)
        for low, high in ((0.0, 0.2), (0.2, 0.6), (0.6, 1.0)):
            inside = (scores[:, column] >= low) & (scores[:, column] < high)
            if inside.sum() >= 200:
                gap = scores[inside, column].mean() - truth[inside, column].mean()
                assert abs(gap) < 0.1


def test_the_same_documents_give_the_same_scores() -> None:
    texts, membership = tickets(300, seed=4)
    first, second = (train(texts, membership, LABELS, "multi-label") for _ in range(2))
    assert np.array_equal(score(first, texts), score(second, texts))


def test_a_score_does_not_depend_on_the_other_documents(trained: TrainedModel) -> None:
    texts, _ = tickets(40, seed=6)
    together = score(trained, texts)
    alone = np.concatenate([score(trained, [text]) for text in texts])
    assert np.allclose(together, alone, atol=1e-6)


def test_scores_are_free_of_artificial_ties(trained: TrainedModel) -> None:
    texts, _ = tickets(1_000, seed=7)
    scores = score(trained, texts)
    for column in range(3):
        assert len(np.unique(scores[:, column])) > 0.9 * len(set(texts))


@pytest.mark.parametrize("positives", [1, 2, 3])
def test_a_label_with_few_positives_gets_a_score_and_ranks_them_first(positives: int) -> None:
    texts, membership = tickets(400, seed=8)
    rare = np.zeros((400, 1), np.bool_)
    rare[:positives] = True
    texts[:positives] = [f"kangaroo escaped from zoo number {n}" for n in range(positives)]
    model = train(
        texts, np.concatenate([membership, rare], axis=1), (*LABELS, "zoo"), "multi-label"
    )
    scores = score(model, ["the kangaroo escaped from the zoo again", *texts[positives:]])[:, 3]
    assert scores[0] > scores[1:].max()
    assert 0 < scores[1:].mean() < 0.03


def test_b3_b4_a_label_without_positives_or_without_negatives_keeps_its_base_rate() -> None:
    texts, membership = tickets(200, seed=11)
    never, always = np.zeros((200, 1), np.bool_), np.ones((200, 1), np.bool_)
    labels = (*LABELS, "never", "always")
    model = train(texts, np.concatenate([membership, never, always], axis=1), labels, "multi-label")
    scores = score(model, ["refund my invoice", ""])
    assert scores[:, 3].tolist() == [0.0, 0.0]
    assert scores[:, 4].tolist() == [1.0, 1.0]
    assert 0 < scores[0, 0] < 1


def test_multi_class_scores_sum_to_one_and_choose_the_class() -> None:
    texts, membership = tickets(1_200, seed=12)
    membership[:, 1] &= ~membership[:, 0]
    model = train(texts, membership, LABELS, "multi-class")
    fresh, truth = tickets(600, seed=13)
    truth[:, 1] &= ~truth[:, 0]
    scores = score(model, fresh)
    assert np.allclose(scores.sum(axis=1), 1, atol=1e-5)
    right = truth[np.arange(600), scores.argmax(axis=1)].mean()
    assert right > max(truth.mean(axis=0)) + 0.1
    assert scores.max(axis=1).mean() == pytest.approx(right, abs=0.08)


def test_multi_class_with_an_absent_class_still_sums_to_one() -> None:
    membership = np.zeros((40, 3), np.bool_)
    membership[::2, 0] = True
    membership[1::2, 1] = True
    texts = ["good fine nice" if row % 2 else "bad poor awful" for row in range(40)]
    texts = [f"{text} {row}" for row, text in enumerate(texts)]
    scores = score(train(texts, membership, ("a", "b", "c"), "multi-class"), ["bad", "nice", "?"])
    assert np.allclose(scores.sum(axis=1), 1)
    assert scores[:, 2].tolist() == [0.0, 0.0, 0.0]
    assert scores[0, 0] > 0.5 > scores[1, 0]


def test_a_misspelt_word_keeps_a_part_of_its_meaning(trained: TrainedModel) -> None:
    scores = score(trained, ["help with my overchargedd paymentt", "help with my xylophone"])
    assert scores[0, 0] > scores[1, 0] + 0.1


@pytest.mark.parametrize(
    "text",
    ["", " \t\n", "\x00\x1b[31m", "\ud800 lone", "日本語のテキスト", "!" * 10_000, "a" * 100_000],
    ids=["empty", "blank", "control", "surrogate", "unspaced", "marks", "one long word"],
)
def test_any_text_gets_scores(trained: TrainedModel, text: str) -> None:
    scores = score(trained, [text])
    assert np.isfinite(scores).all()
    assert ((scores >= 0) & (scores <= 1)).all()


def test_texts_without_words_give_base_rates() -> None:
    membership = np.array([[True], [False], [False], [False]])
    model = train(["", " ", "\n", "\t"], membership, ("a",), "multi-label")
    assert score(model, ["anything"]).tolist() == [[0.25]]


def test_documents_that_share_nothing_give_base_rates() -> None:
    texts = [chr(0x4E00 + number) for number in range(300)]
    membership = np.arange(300)[:, None] % 3 == (0, 1, 2)
    for mode in _MODES:
        model = train(texts, membership, LABELS, mode)
        assert model.gram_weights.shape == (0, 3)
        assert np.allclose(score(model, ["anything", texts[0], ""]), 1 / 3, atol=1e-3)


@pytest.mark.parametrize("texts", [["one"], ["one", "two"], ["same"] * 5], ids=str)
def test_tiny_training_sets_work(texts: list[str]) -> None:
    membership = np.zeros((len(texts), 2), np.bool_)
    membership[0, 0] = True
    membership[1:, 1] = True
    for mode in _MODES:
        scores = score(train(texts, membership, ("a", "b"), mode), texts)
        assert np.isfinite(scores).all()


def test_no_document_or_no_label_is_refused() -> None:
    with pytest.raises(InvalidInput):
        train([], np.zeros((0, 1), np.bool_), ("a",), "multi-label")
    with pytest.raises(InvalidInput):
        train(["text"], np.zeros((1, 0), np.bool_), (), "multi-label")


def test_no_texts_give_no_scores(trained: TrainedModel) -> None:
    assert score(trained, []).shape == (0, 3)


def test_more_labels_than_are_fitted_at_once_keep_their_order() -> None:
    texts, membership = tickets(300, seed=14)
    many = np.tile(membership, (1, 6))
    labels = tuple(f"{name}{copy}" for copy in range(6) for name in LABELS)
    scores = score(train(texts, many, labels, "multi-label"), texts)
    for copy in range(1, 6):
        assert np.allclose(scores[:, :3], scores[:, 3 * copy : 3 * copy + 3], atol=1e-3)


def test_progress_names_stages_and_ends_complete() -> None:
    events: list[tuple[str, int, int]] = []
    texts, membership = tickets(100, seed=15)
    model = train(texts, membership, LABELS, "multi-label", lambda *event: events.append(event))
    score(model, texts, lambda *event: events.append(event))
    stages = list(dict.fromkeys(stage for stage, _, _ in events))
    assert stages == ["reading words", "fitting labels", "scoring"]
    for stage in stages:
        done = [(done, total) for name, done, total in events if name == stage]
        assert done == sorted(done)
        assert done[-1][0] == done[-1][1]


def test_contributions_name_the_words_that_move_a_score(trained: TrainedModel) -> None:
    terms = term_contributions(trained, "please refund the invoice today", "billing", n=2)
    assert {term for term, _ in terms} == {"refund", "invoice"}
    assert all(move > 0 for _, move in terms)
    assert abs(terms[0][1]) >= abs(terms[1][1])


def test_contributions_add_up_to_the_change_of_log_odds(trained: TrainedModel) -> None:
    text = "please refund the unseenword invoice"
    with_words, without = score(trained, [text, ""])[:, 0].astype(np.float64)
    total = sum(move for _, move in term_contributions(trained, text, "billing", n=100))
    change = np.log(with_words / (1 - with_words)) - np.log(without / (1 - without))
    assert total == pytest.approx(change, rel=1e-3)


def test_contributions_of_an_unknown_label_are_refused(trained: TrainedModel) -> None:
    with pytest.raises(InvalidInput, match="not a label"):
        term_contributions(trained, "text", "nonsense")


def test_real_comments_reach_the_promised_ranking(shared_data: Path) -> None:
    path = shared_data / "jigsaw" / "comments.csv"
    if not path.is_file():
        pytest.skip("the comments are not on this machine")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    labels = [name for name in rows[0] if name not in ("id", "comment_text")]
    texts = [row["comment_text"] for row in rows]
    truth = np.array([[row[name] == "1" for name in labels] for row in rows])
    is_train = np.random.default_rng(0).random(len(rows)) < 0.7
    fit_on = [text for text, chosen in zip(texts, is_train, strict=True) if chosen]
    held_out = [text for text, chosen in zip(texts, is_train, strict=True) if not chosen]
    scores = score(train(fit_on, truth[is_train], labels, "multi-label"), held_out)
    areas = [_auc(scores[:, column], truth[~is_train, column]) for column in range(len(labels))]
    assert np.mean(areas) >= 0.95
    assert np.abs(scores.mean(axis=0) / truth[~is_train].mean(axis=0) - 1).max() < 0.5
