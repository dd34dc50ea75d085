"""A dataset that tries everything that outside text can try against a terminal."""

import csv
import json
from pathlib import Path

LABELS = (
    "[/foo]",
    "[link=https://x]y[/link]",
    "[@click=app.quit]quit[/]",
    "esc\x1b[2J\x1b]0;owned\x07",
    "日本語のラベル",
    "right\u202eleft",
    "x" * 300,
)
"""Markup, escape sequences, wide characters, direction marks, and a very long name."""

TEXTS = (
    "[/] closes nothing, [bold]is not bold",
    "clears \x1b[2J the screen and \x1b[31;5m blinks",
    "sets the clipboard \x1b]52;c;aGFja2Vk\x1b\\ and the title \x1b]0;owned\x07",
    "unterminated \x1b]8;;http://x and \x9b31m",
    "bidi \u202e reversed \u2066 isolate \u200b zero width",
    "wide 漢字かな交じり文 and emoji 👩‍👩‍👧‍👦 flags 🇩🇪",
    "many\nlines\r\nof\rtext\u2028here",
    "=cmd|' /C calc'!A0",
    "long " + "word " * 2000,
)


def write_hostile_source(path: Path, rows: int = 280) -> Path:
    """Write a CSV with hostile texts, ids and labels; every label has enough documents."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "labels"])
        for number in range(rows):
            label = LABELS[number % len(LABELS)]
            text = f"{TEXTS[number % len(TEXTS)]} about {label[:12]} number {number}"
            both = [label, LABELS[(number // 7) % len(LABELS)]]
            cell = json.dumps(sorted(set(both)), ensure_ascii=False)
            writer.writerow([f"[id]{number}\x1b[2J", text, cell])
    return path


def write_many_labels(path: Path, labels: int = 200) -> Path:
    """Write a CSV with more labels than the service takes."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "labels"])
        for number in range(labels * 3):
            names = [f"label [{number % labels}]", f"label [{(number + 1) % labels}]"]
            writer.writerow([str(number), f"text of document {number}", "|".join(names)])
    return path
