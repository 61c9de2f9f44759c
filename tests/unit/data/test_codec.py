"""A codec names its columns of numbers: rows to answer for get the ids they had at training."""

import polars as pl

from tunesmith.data import Codec, Dataset
from tunesmith.data.codec import Column
from tunesmith.parts.modalities.category import Category
from tunesmith.parts.modalities.number import Number
from tunesmith.parts.modalities.text import Text
from tunesmith.parts.tasks.classification import Classification
from tunesmith.stages.inspect import Meaning
from tunesmith.version import as_dataset


def test_numbers_are_named_as_the_reading_of_the_columns_names_them():
    inputs = {"age": Number(), "city": Category(), "size": Number(), "note": Text()}
    codec = Codec(tuple(Column(*one) for one in inputs.items()), Classification(), "label", {}, "")
    assert codec.numeric == Meaning(inputs, "label", Classification()).numeric == ["age", "size"]


def test_a_number_written_in_another_way_keeps_its_id():
    columns = (Column("age", Number()), Column("note", Text()))
    codec = Codec(columns, Classification(), "label", {}, "")
    frames = [pl.DataFrame({"age": [value], "note": ["a"]}) for value in (7, 7.0)]
    one, other = (as_dataset(frame, codec).ids for frame in frames)
    assert one == other
    trained = Dataset.of(frames[0], "rows.csv").identified(["age", "note"], ["age"])
    assert one == trained.ids
