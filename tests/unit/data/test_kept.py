"""Encoded rows come back from the store as they went in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tunesmith.data import Encoded, Ragged
from tunesmith.data import store as module
from tunesmith.data.kept import load_encoded, save_encoded
from tunesmith.data.store import ArrayStore, content_key

KEY = content_key("rows")


@pytest.fixture(autouse=True)
def _nearly_full_disks_are_fine(monkeypatch):
    monkeypatch.setattr(module, "SPARE_BYTES", 0)


@pytest.fixture
def store(tmp_path):
    return ArrayStore(tmp_path, 10_000_000)


def same(one, other):
    if isinstance(one, Ragged):
        return same(one.values, other.values) and same(one.offsets, other.offsets)
    if one is None or other is None:
        return one is other
    is_alike = one.dtype == other.dtype and one.shape == other.shape
    return is_alike and (one.tolist() == other.tolist() if one.dtype == object else one.tobytes() == other.tobytes())


def check(found, encoded):
    assert found.ids == encoded.ids
    assert list(found.inputs) == list(encoded.inputs), "in the order of the forms, too"
    for form, array in encoded.inputs.items():
        assert same(array, found.inputs[form]), form
    assert same(encoded.targets, found.targets)
    assert same(encoded.weights, found.weights)


def texts_of(rows):
    texts = np.empty((len(rows), 2), object)
    texts[:] = rows if rows else np.empty((0, 2), object)
    return texts


def rows_of(rows):
    """Return encoded rows of every form, from (id, texts, tokens)."""
    numbers = np.linspace(-1, 1, len(rows) * 3, dtype=np.float32).reshape(len(rows), 3)
    numbers[::2, 1] = np.nan
    return Encoded(
        tuple(one[0] for one in rows),
        {
            "text": texts_of([one[1] for one in rows]),
            "tokens": Ragged.of([one[2] for one in rows]),
            "numbers": numbers,
            "categories": np.arange(len(rows)).reshape(-1, 1),
        },
        np.arange(len(rows) * 2, dtype=np.float64).reshape(-1, 2),
        np.ones(len(rows), np.float32),
    )


letters = some.text(some.characters(exclude_categories=()), max_size=6)
ragged = some.lists(some.integers(0, 2**31 - 1), max_size=4)


@given(some.lists(some.tuples(letters, some.tuples(letters, letters), ragged), max_size=6))
def test_rows_come_back_bit_for_bit(tmp_path_factory, rows):
    """Empty texts, no rows at all, NaN, and even lone surrogates."""
    store = ArrayStore(tmp_path_factory.mktemp("store"), 10_000_000)
    encoded = rows_of(rows)
    save_encoded(store, KEY, encoded)
    check(load_encoded(store, KEY), encoded)


def test_rows_without_inputs_labels_or_weights(store):
    for place, ids in enumerate([(), ("a", "b")]):
        save_encoded(store, content_key(place), Encoded(ids, {}))
        check(load_encoded(store, content_key(place)), Encoded(ids, {}))


def test_more_than_ten_forms_keep_their_order_and_names(store):
    forms = {f"a/{place}": np.full((1, 1), place) for place in reversed(range(12))}
    save_encoded(store, KEY, Encoded(("a",), forms))
    check(load_encoded(store, KEY), Encoded(("a",), forms))


def test_texts_can_be_left_out_when_saving_or_loading(store):
    encoded = rows_of([("a", ("x", "y"), [1, 2])])
    rest = Encoded(
        encoded.ids,
        {form: array for form, array in encoded.inputs.items() if form != "text"},
        encoded.targets,
        encoded.weights,
    )
    save_encoded(store, KEY, encoded)
    check(load_encoded(store, KEY, omit=["text"]), rest)
    save_encoded(store, content_key("small"), encoded, omit=["text"])
    check(load_encoded(store, content_key("small")), rest)


def test_rows_are_mapped_and_taken_as_before(store):
    encoded = rows_of([(str(at), (f"t{at}", ""), [at] * at) for at in range(5)])
    save_encoded(store, KEY, encoded)
    found = load_encoded(store, KEY)
    assert not found.inputs["tokens"].values.flags.writeable
    order = np.array([3, 0, 3])
    check(found.take(order), encoded.take(order))
    tokens, mask = found.inputs["tokens"].padded(order, 9)
    assert tokens.tolist() == [[3, 3, 3], [9, 9, 9], [3, 3, 3]]
    assert mask.sum() == 6


def test_a_damaged_or_absent_entry_is_none(store):
    assert load_encoded(store, KEY) is None
    encoded = rows_of([("a", ("only", "texts"), [])])
    save_encoded(store, KEY, encoded)
    path = store.folder / "entries" / f"{KEY}.safetensors"
    path.write_bytes(path.read_bytes().replace(b"only", b"\xff\xffly"))
    assert load_encoded(store, KEY) is None
    assert not path.exists()


def test_arrays_that_are_no_encoded_rows_are_none(store):
    store.put(KEY, {"states": np.zeros(3)})
    assert load_encoded(store, KEY) is None


def test_objects_that_are_no_texts_are_refused(store):
    with pytest.raises(TypeError):
        save_encoded(store, KEY, Encoded(("a",), {"text": np.array([[None]], object)}))
    with pytest.raises(ValueError, match="cannot be stored"):
        save_encoded(store, KEY, Encoded(("a",), {}, np.array(["label"])))
    assert load_encoded(store, KEY) is None
