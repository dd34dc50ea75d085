"""Damaged and hostile input, made from seeds, for everything that reads bytes: ``make fuzz``."""
