"""Datasets: read every source, check, split, oversample, write Comprehend's files."""
