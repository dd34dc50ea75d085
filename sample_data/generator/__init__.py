"""The seeded generator of the sample datasets: hand-written phrases, composition and defects."""
