"""Tunesmith: supervised fine-tuning from a labelled file to a verified, predicting version."""

__version__ = "0.1.0"
