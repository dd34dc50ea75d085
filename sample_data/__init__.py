"""Sample datasets written by the seeded generator in ``sample_data.generate``."""
