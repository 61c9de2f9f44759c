"""Columns of images: told from their values, measured, found beside the rows, and what they cannot be."""

import numpy as np
import polars as pl
import pytest

from tunesmith.core.errors import DataError, RecipeError
from tunesmith.core.part import find
from tunesmith.data import Dataset
from tunesmith.data.dataset import concatenate
from tunesmith.parts.bases import Base
from tunesmith.parts.modalities.image import Image
from tunesmith.parts.modalities.number import Number
from tunesmith.parts.modalities.text import Text
from tunesmith.parts.tasks.classification import Classification
from tunesmith.recipe import Recipe
from tunesmith.stages.build import check_inputs
from tunesmith.stages.encode import encode, fit_codec
from tunesmith.stages.inspect import Given, infer
from tunesmith.testing.images import ppm

pytest.importorskip("PIL.Image")


def photo(height=6, width=8, value=0):
    return ppm(np.full((height, width, 3), value, np.uint8))


@pytest.fixture
def rows(tmp_path):
    for at in range(8):
        (tmp_path / f"{at}.ppm").write_bytes(photo(value=at))
    frame = pl.DataFrame(
        {
            "photo": [f"{at}.ppm" for at in range(8)],
            "weight": [float(at) for at in range(8)],
            "note": ["a note of several words"] * 8,
            "other": [f"{at}.ppm" for at in range(8)],
            "label": ["a", "b"] * 4,
        }
    )
    data = Dataset.of(frame, "photos.csv").identified(["photo"])
    return Dataset(data.frame, data.index, tmp_path)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["a.jpg", "b.PNG", "c/d.webp", None], 0.95),
        (["a.jpg", "b.png", "no image", "words"], 0.0),
        ([b"\x89PNG", None], 0.95),
        ([1.5, 2.0], 0.0),
        ([], 0.0),
    ],
)
def test_a_column_of_images_is_known_by_its_values(values, expected):
    column = pl.Series("x", values) if values else pl.Series("x", [], dtype=pl.String)
    assert Image.suits(column) == expected


def test_paths_are_images_and_not_ids_or_texts(rows):
    meaning = infer(rows, Given(target="label"))
    assert meaning.kinds["photo"] == "image"
    assert "photo" not in meaning.left_out


def test_files_are_found_beside_the_rows_whatever_the_current_folder(rows, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    codec = fit_codec(rows, {"photo": Image()}, "label", Classification())
    assert codec.columns[0].state == {"height": 6, "width": 8}
    for some in (rows, rows.take([3, 1]), rows.where(pl.Series([True] * 8)), concatenate([rows, rows])):
        assert all(one.source.parent == tmp_path for one in encode(some, codec).inputs["image"].ravel())
    nowhere = Dataset(rows.frame, rows.index)
    lost = encode(nowhere, codec).inputs["image"][0, 0]
    assert isinstance(lost.source, str)
    assert lost.place == "photos.csv row 1, column 'photo'"


def test_rows_of_two_folders_are_not_joined(rows, tmp_path):
    with pytest.raises(DataError, match="paths of some rows start at"):
        concatenate([rows, Dataset(rows.frame, rows.index, tmp_path / "other")])


def test_the_usual_size_is_the_middle_one_and_broken_images_do_not_count(tmp_path):
    cells = [photo(10, 20), photo(10, 20), photo(30, 40), b"broken", None]
    assert Image().fit(pl.Series("x", cells)) == {"height": 10, "width": 20}
    assert Image().fit(pl.Series("x", [b"broken"])) == {"height": 224, "width": 224}


def test_what_is_neither_path_nor_bytes_is_refused(rows):
    assert Image().refuse(pl.Series("x", [1.5])) == (0, "1.5 is neither a path nor the bytes of an image")
    assert Image().refuse(pl.Series("x", [["a.png"]]))[0] == 0
    assert Image().refuse(pl.Series("x", ["a.png", None])) is None


def paired(rows, base, **inputs):
    check_inputs(Base.model_validate(base), fit_codec(rows, inputs, "label", Classification()))


def test_bases_and_inputs_that_fit(rows):
    paired(rows, "conv_net", photo=Image())
    paired(rows, "conv_net", photo=Image(), weight=Number())
    paired(rows, "tabular_net", photo=Image(), weight=Number())
    paired(rows, "minilm", photo=Image(), weight=Number(), note=Text())


@pytest.mark.parametrize(
    ("base", "inputs", "wanted"),
    [
        ("gbdt", {"photo": Image(), "weight": Number()}, "column 'photo' is an image; use `base: conv_net`"),
        ("conv_net", {"photo": Image(), "note": Text()}, "column 'note' is text; use `base: minilm`, beside which"),
        ("conv_net", {"weight": Number()}, "the inputs are numbers; use `base: gbdt`"),
        ("minilm", {"photo": Image()}, "use `base: conv_net`"),
        ("conv_net", {"photo": Image(), "other": Image()}, "a row has one image, and 'photo', 'other' are"),
    ],
)
def test_bases_and_inputs_that_do_not_fit_are_refused_with_what_would(rows, base, inputs, wanted):
    with pytest.raises(RecipeError) as caught:
        paired(rows, base, **inputs)
    assert wanted in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "base"),
    [(["photo"], "conv_net"), (["photo", "weight"], "conv_net"), (["photo", "note"], "minilm"), (["weight"], "gbdt")],
)
def test_the_base_is_inferred(rows, columns, base):
    recipe = Recipe.model_validate({"data": {"path": "photos.csv", "inputs": columns}, "target": "label"})
    assert recipe.filled(infer(rows, recipe.given())).body().kind == base


def test_mixing_images_mixes_labels_and_is_refused(rows):
    written = {"data": {"path": "photos.csv", "inputs": ["photo"]}, "target": "label", "augment": ["cutmix"]}
    recipe = Recipe.model_validate(written)
    with pytest.raises(RecipeError, match=r"augment\.0: cutmix mixes the labels of rows"):
        recipe.filled(infer(rows, recipe.given()))
    assert find("parts.augmentations", "cutmix").works_on == {"image"}
