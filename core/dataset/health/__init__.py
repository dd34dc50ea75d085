"""Dataset health: a registry of small checks that each give one finding, and fixes for some."""
