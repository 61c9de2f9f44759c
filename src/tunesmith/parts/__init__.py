"""The replaceable pieces: one folder a question, one file an answer."""
