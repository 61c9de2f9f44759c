"""Rows with identity: what flows along the line from the source file to the served prediction."""

from .codec import Codec, Column
from .dataset import Dataset
from .encoded import Encoded, Ragged, Rows, States
from .prediction import Metric, Prediction

__all__ = ["Codec", "Column", "Dataset", "Encoded", "Metric", "Prediction", "Ragged", "Rows", "States"]
