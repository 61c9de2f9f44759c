"""What the label of a row is made of, by name: a task has one of these forms, or one of its own."""

from __future__ import annotations

Form = str
"""`class`: one class; `classes`: any number of them; `value`: a number; `tags`: a class per word; and others."""

PLAIN: frozenset[Form] = frozenset({"class", "classes", "value"})
"""Forms with one line of outputs per row, which all that knows no single task understands."""
