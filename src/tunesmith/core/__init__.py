"""The floor everything stands on: parts, errors, identities, seeds, events. It knows no machine learning."""
