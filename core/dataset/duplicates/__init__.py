"""Find documents that say the same thing.

Two documents are *exact duplicates* when their normalised texts are equal, and *near duplicates*
when most of their word pairs are. Neither depends on the machine, the run or the order of rows.
"""

from core.dataset.duplicates.clusters import duplicate_clusters
from core.dataset.duplicates.keys import normalised, text_keys
from core.dataset.duplicates.near import near_duplicates

__all__ = ["duplicate_clusters", "near_duplicates", "normalised", "text_keys"]
