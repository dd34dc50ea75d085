"""The product without a terminal library: datasets, Comprehend, tuning, and the workflow."""
