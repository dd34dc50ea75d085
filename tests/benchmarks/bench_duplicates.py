"""Exact and near duplicates against their targets: ``python -m tests.benchmarks.bench_duplicates``.

The corpus is generated: 159,571 documents with word frequencies after Zipf's law and lengths after
a log-normal law, about 69 MB, with planted exact and near duplicates.
"""

import itertools
import time
from collections.abc import Callable

import numpy as np

from core.dataset.documents import Dataset
from core.dataset.duplicates import near_duplicates, text_keys
from core.dataset.health.checks import run_checks
from core.dataset.health.findings import HealthContext

_N_DOCUMENTS = 159_571
_N_PLANTED = 2_000
_N_WORDS = 120_000


def corpus(n_documents: int, seed: int = 0) -> list[str]:
    """Texts of about 430 characters with the word and length statistics of web comments."""
    rng = np.random.default_rng(seed)
    letters = np.array(list("etaoinshrdlucmfwypvbgk"))
    lengths = rng.integers(2, 12, _N_WORDS)
    words = np.array(["".join(rng.choice(letters, length)) for length in lengths], dtype=object)
    weights = 1 / (np.arange(_N_WORDS) + 2.7)
    n_words = np.clip(rng.lognormal(3.6, 1.05, n_documents), 1, 1_500).astype(int)
    drawn = words[rng.choice(_N_WORDS, int(n_words.sum()), p=weights / weights.sum())].tolist()
    texts = []
    position = 0
    for count in n_words.tolist():
        piece = drawn[position : position + count]
        texts.append(" ".join(piece).capitalize() + (".\n" if count % 2 else "!"))
        position += count
    return texts


def edited(text: str, rng: np.random.Generator) -> str:
    """The text with one word in 25, at least one, replaced, dropped or inserted."""
    words = text.split()
    for _ in range(max(1, len(words) // 25)):
        place = int(rng.integers(len(words)))
        match int(rng.integers(3)):
            case 0:
                words[place] = f"edited{rng.integers(10_000)}"
            case 1:
                del words[place]
            case _:
                words.insert(place, f"added{rng.integers(10_000)}")
    return " ".join(words).upper()


def plant(texts: list[str], count: int, seed: int = 1) -> list[tuple[int, int]]:
    """Append edited copies of texts of 20 words and more; return the pairs."""
    rng = np.random.default_rng(seed)
    long_enough = [row for row, text in enumerate(texts) if len(text.split()) >= 20]
    chosen = rng.choice(long_enough, count, replace=False).tolist()
    pairs = [(row, len(texts) + number) for number, row in enumerate(chosen)]
    texts += [edited(texts[row], rng) for row in chosen]
    return pairs


def _pandas_duplicates(texts: list[str]) -> int:
    import pandas as pd

    series = pd.Series(texts)
    words = series.str.casefold().str.replace(r"[\W_]+", " ", regex=True).str.strip()
    return int(words.duplicated().sum())


def _our_duplicates(texts: list[str]) -> int:
    return len(texts) - len(np.unique(text_keys(texts)))


def _best_of(call: Callable[[], object], repeats: int) -> tuple[float, object]:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - start)
    return min(times), result


def main() -> None:
    """Print the figures and the targets."""
    texts = corpus(_N_DOCUMENTS - _N_PLANTED)
    pairs = plant(texts, _N_PLANTED)
    size = sum(map(len, texts)) / 1e6
    print(f"{len(texts):,} documents, {size:.1f} MB")
    peer_s, peer_count = _best_of(lambda: _pandas_duplicates(texts), 2)
    own_s, own_count = _best_of(lambda: _our_duplicates(texts), 3)
    print(
        f"exact duplicates: pandas chain {peer_s:.2f} s ({peer_count}), ours {own_s:.2f} s "
        f"({own_count}): {own_s / peer_s:.2f} x, target <= 0.60 x"
    )
    near_s, found = _best_of(lambda: set(near_duplicates(texts)), 2)
    assert isinstance(found, set)
    recall = sum(pair in found for pair in pairs) / len(pairs)
    print(
        f"near duplicates: {near_s:.2f} s with keys, {near_s / peer_s:.2f} x the pandas chain; "
        f"{recall:.1%} of {len(pairs):,} planted pairs found, target >= 95.0%"
    )
    small = texts[:18_114]
    small_s, _ = _best_of(lambda: near_duplicates(small), 3)
    print(f"near duplicates in {len(small):,} documents: {small_s:.2f} s")
    dataset = _with_labels(texts)
    health_s, _ = _best_of(lambda: run_checks(HealthContext(dataset=dataset)), 1)
    print(f"all health checks: {health_s:.2f} s, {health_s / peer_s:.2f} x the pandas chain")
    _compare_with_datasketch(texts[:4_000])


def _with_labels(texts: list[str]) -> Dataset:
    """The texts with random labels of the frequencies of the Toxic Comment data."""
    names = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate", "clean")
    shares = (0.096, 0.010, 0.053, 0.003, 0.049, 0.009)
    named = np.random.default_rng(2).random((len(texts), 6)) < shares
    return Dataset(
        ids=[str(row) for row in range(len(texts))],
        texts=texts,
        labels=names,
        membership=np.column_stack((named, ~named.any(axis=1))),
        mode="multi-label",
        none_label="clean",
    )


def _compare_with_datasketch(texts: list[str]) -> None:
    """Signatures alone, on a sample, when that package happens to be installed."""
    try:
        from datasketch import MinHash
    except ImportError:
        print("datasketch is not installed: signatures not compared (target >= 10 x)")
        return
    start = time.perf_counter()
    for text in texts:
        words = text.casefold().split()
        MinHash(num_perm=32).update_batch(
            [f"{left} {right}".encode() for left, right in itertools.pairwise(words)]
        )
    peer_s = time.perf_counter() - start
    own_s, _ = _best_of(lambda: near_duplicates(texts), 3)
    print(
        f"datasketch signatures of {len(texts):,}: {peer_s:.2f} s, ours with search and check "
        f"{own_s:.2f} s: {peer_s / own_s:.1f} x, target >= 10 x"
    )


if __name__ == "__main__":
    main()
