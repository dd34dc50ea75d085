"""The offline twin's models: TF-IDF words backed by character sequences, and logistic regression.

Scores are probabilities as the regression gives them. The same texts and labels always give the
same model.
"""

from core.offline.engine.model import TrainedModel, score, term_contributions, train
from core.offline.engine.saving import load_model, save_model

__all__ = [
    "TrainedModel",
    "load_model",
    "save_model",
    "score",
    "term_contributions",
    "train",
]
