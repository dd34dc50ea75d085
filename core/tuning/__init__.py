"""Threshold tuning: exact curves, objectives, evidence, evaluation, the thresholds file, charts."""
