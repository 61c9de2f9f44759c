"""What the store gives back is what was put there, whole, or nothing at all."""

import errno
import gc
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays_of
from safetensors import safe_open

from tunesmith.core.errors import StoreError, StoreFullError, TunesmithError
from tunesmith.data import store as module
from tunesmith.data.array_file import CODES, Layout
from tunesmith.data.store import ArrayStore, Spec, content_key

KEY, OTHER, THIRD = (content_key(name) for name in ("one", "two", "three"))
ROOMY = 10_000_000


@pytest.fixture(autouse=True)
def _nearly_full_disks_are_fine(monkeypatch):
    monkeypatch.setattr(module, "SPARE_BYTES", 0)


@pytest.fixture
def store(tmp_path):
    return ArrayStore(tmp_path / "cache", ROOMY)


def file_of(store, key=KEY):
    return store.folder / "entries" / f"{key}.safetensors"


def drafts(store):
    return list((store.folder / "drafts").iterdir())


def aged(store, key, seconds):
    stamp = file_of(store, key).stat().st_mtime - seconds
    os.utime(file_of(store, key), (stamp, stamp))


def test_arrays_come_back_read_only_and_mapped(store):
    states = np.arange(12, dtype=np.float32).reshape(4, 3)
    states[1, 1] = np.nan
    store.put(KEY, {"states": states, "offsets": np.array([0, 4])})
    found = store.get(KEY)
    assert set(found) == {"states", "offsets"}
    np.testing.assert_array_equal(found["states"], states)
    assert found["states"].dtype == np.float32
    assert not found["states"].flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        found["states"][0, 0] = 1


dtypes = some.sampled_from([np.dtype(numpy) for _, numpy in CODES.values()])
shapes = arrays_of.array_shapes(min_dims=0, min_side=0, max_side=4)


@given(some.dictionaries(some.text(max_size=8), dtypes.flatmap(lambda one: arrays_of.arrays(one, shapes)), max_size=5))
def test_every_dtype_shape_and_name_comes_back_bit_for_bit(tmp_path_factory, arrays):
    store = ArrayStore(tmp_path_factory.mktemp("store"), ROOMY)
    store.put(KEY, arrays)
    found = store.get(KEY, verify=True)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()
        assert found[name].flags.aligned


def test_rows_are_filled_in_any_order_and_start_at_zero(store):
    with store.create(KEY, {"states": Spec("bfloat16", (4, 2))}) as arrays:
        assert arrays["states"].dtype == np.uint16
        arrays["states"][2:] = 7
        arrays["states"][:1] = 5
    assert store.get(KEY, verify=True)["states"].tolist() == [[5, 5], [0, 0], [7, 7], [7, 7]]


def test_other_tools_can_read_the_file(store):
    with store.create(KEY, {"states": Spec("bfloat16", (2,)), "empty": Spec("int64", (0, 3))}) as arrays:
        arrays["states"][:] = 0x3F80
    with safe_open(file_of(store), framework="pt") as file:
        assert file.get_tensor("states").float().tolist() == [1.0, 1.0]
        assert file.get_tensor("empty").shape == (0, 3)
        assert file.metadata()["key"] == KEY


def test_the_size_is_known_before(store):
    specs = {"a": Spec("float32", (100, 3)), "b": Spec("bool", (7,))}
    with store.create(KEY, specs):
        assert store.used_bytes() == store.size_of(specs)
    assert file_of(store).stat().st_size == store.used_bytes() == store.size_of(specs)


def test_what_is_not_there_is_none_and_leaves_no_trace(store):
    assert store.get(KEY) is None
    assert store.used_bytes() == 0
    assert not store.folder.exists()


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "a" * 63, "A" * 64, KEY + "\n"])
def test_only_digests_are_keys(store, key):
    with pytest.raises(ValueError, match="content_key"):
        store.get(key)
    with pytest.raises(ValueError, match="content_key"), store.create(key, {}):
        pass


@pytest.mark.parametrize(
    "array", [np.array(["a"]), np.array([None]), np.array([1j]), np.array(["2020-01-01"], "M8[D]")]
)
def test_arrays_without_a_form_are_refused(store, array):
    with pytest.raises(ValueError, match=r"cannot be stored; use one of bool, uint8"):
        store.put(KEY, {"a": array})
    assert not store.folder.exists()


def test_impossible_specs_are_refused(store):
    with pytest.raises(ValueError, match="lengths of 0 or more"):
        Spec("int64", (3, -1))
    with pytest.raises(ValueError, match="__metadata__"):
        store.put(KEY, {"__metadata__": np.zeros(1)})


def test_keys_differ_as_their_parts_do():
    several = [("a", "b"), ("ab",), ("a", b"b"), ("b", "a"), (1,), ("1",), (b"1",), (), ("",), (b"",), ("a", "b", "")]
    assert len({content_key(*parts) for parts in several}) == len(several)
    assert content_key("a", 1, b"x") == content_key("a", 1, b"x")


def cut(path):
    os.truncate(path, path.stat().st_size - 1)


def lengthen(path):
    with path.open("ab") as file:
        file.write(b"\0")


def empty(path):
    os.truncate(path, 0)


def overwrite(path):
    path.write_bytes(os.urandom(path.stat().st_size))


@pytest.mark.parametrize("harm", [cut, lengthen, empty, overwrite])
def test_a_file_of_another_length_or_kind_is_removed_and_never_used(store, harm):
    store.put(KEY, {"a": np.arange(5)})
    harm(file_of(store))
    assert store.get(KEY) is None
    assert not file_of(store).exists()
    store.put(KEY, {"a": np.arange(5)})
    assert store.get(KEY)["a"].tolist() == [0, 1, 2, 3, 4]


def test_no_altered_byte_goes_unseen(store):
    """Before the arrays it is seen at every look, inside them by a full check."""
    content = {"a": np.arange(2), "b": np.array([True])}
    store.put(KEY, content)
    intact = file_of(store).read_bytes()
    start = 8 + int.from_bytes(intact[:8], "little")
    assert start % 64 == 0
    for position in range(len(intact)):
        altered = bytearray(intact)
        altered[position] ^= 1
        file_of(store).write_bytes(altered)
        assert store.get(KEY, verify=position >= start) is None, position
        assert not file_of(store).exists()


@pytest.mark.parametrize(
    "header", [b"[]", b"{}", b"7", b'{"__metadata__": []}', b'{"__metadata__": {}, "a": 1}', b"\xff"]
)
def test_a_foreign_header_is_damage(store, header):
    store.put(KEY, {"a": np.arange(2)})
    file_of(store).write_bytes(len(header).to_bytes(8, "little") + header)
    assert store.get(KEY) is None
    assert not file_of(store).exists()


def test_an_entry_under_another_name_is_not_believed(store):
    store.put(KEY, {"a": np.arange(2)})
    file_of(store).rename(file_of(store, OTHER))
    assert store.get(OTHER) is None


def test_a_damaged_entry_is_replaced(store):
    store.put(KEY, {"a": np.arange(2)})
    cut(file_of(store))
    store.put(KEY, {"a": np.arange(2)})
    assert store.get(KEY)["a"].tolist() == [0, 1]


def test_an_error_in_the_block_passes_and_leaves_nothing(store):
    with pytest.raises(KeyboardInterrupt), store.create(KEY, {"a": Spec("int64", (4,))}):
        raise KeyboardInterrupt
    assert store.get(KEY) is None
    assert drafts(store) == []


def test_the_arrays_of_a_writer_are_gone_after_the_block(store):
    with store.create(KEY, {"a": Spec("int64", (4,))}) as arrays:
        pass
    assert dict(arrays) == {}


WRITER = """
import sys, time
from pathlib import Path
from tunesmith.data import store
store.SPARE_BYTES = 0
with store.ArrayStore(Path(sys.argv[1]), 10_000_000).create(sys.argv[2], {"a": store.Spec("int64", (1000,))}) as arrays:
    arrays["a"][:500] = 1
    sys.stdout.write("half\\n")
    sys.stdout.flush()
    time.sleep(60)
"""


@pytest.fixture
def writer(store):
    """A process in the midst of writing."""
    command = [sys.executable, "-c", WRITER, str(store.folder), KEY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "half\n"
        yield process
        process.kill()


@pytest.mark.skipif(os.name == "nt", reason="POSIX locks")
def test_a_killed_writer_leaves_nothing_visible_and_its_draft_is_swept(store, writer):
    assert store.get(KEY) is None
    with store.create(OTHER, {"a": Spec("int64", (1,))}):
        assert len(drafts(store)) == 2, "a living writer's draft stays"
    assert len(drafts(store)) == 1
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert store.get(KEY) is None
    assert len(drafts(store)) == 1
    store.put(THIRD, {"a": np.arange(1)})
    assert drafts(store) == []
    assert store.get(KEY) is None


@pytest.mark.skipif(os.name == "nt", reason="POSIX locks")
def test_clear_keeps_the_draft_of_a_living_writer(store, writer):
    store.put(OTHER, {"a": np.arange(1)})
    store.clear()
    assert store.get(OTHER) is None
    assert len(drafts(store)) == 1


def test_of_two_writers_the_first_wins_in_silence(store):
    specs = {"a": Spec("int64", (2,))}
    with store.create(KEY, specs) as late:
        late["a"][:] = 2
        with store.create(KEY, specs) as early:
            early["a"][:] = 1
        kept = file_of(store).stat().st_ino
    assert file_of(store).stat().st_ino == kept
    assert store.get(KEY)["a"].tolist() == [1, 1]
    assert drafts(store) == []


def filled(store, *keys):
    """Put entries of one size, the first read longest ago; return that size."""
    for key in keys:
        store.put(key, {"a": np.zeros(1000)})
    for age, key in enumerate(reversed(keys)):
        aged(store, key, 100 * (age + 1))
    return file_of(store, keys[0]).stat().st_size


def test_what_was_read_longest_ago_makes_room(store):
    store.limit_bytes = 2 * filled(store, KEY, OTHER)
    assert store.get(KEY) is not None  # which makes it the youngest
    store.put(THIRD, {"a": np.zeros(1000)})
    assert store.get(OTHER) is None
    assert store.get(KEY) is not None
    assert store.get(THIRD) is not None
    assert store.used_bytes() <= store.limit_bytes


@pytest.mark.skipif(os.name == "nt", reason="POSIX locks")
def test_entries_that_are_held_stay(store):
    store.limit_bytes = 2 * filled(store, KEY, OTHER)
    piece = store.get(KEY)["a"][5:9]  # even a view of one array holds the entry
    aged(store, KEY, 1000)
    gc.collect()
    store.put(THIRD, {"a": np.zeros(1000)})
    assert file_of(store, KEY).exists()
    assert store.get(OTHER) is None
    del piece
    aged(store, KEY, 1000)
    store.put(OTHER, {"a": np.zeros(1000)})
    assert not file_of(store, KEY).exists()


def test_where_nothing_can_make_room_nothing_is_removed(store):
    size = filled(store, KEY, OTHER)
    store.limit_bytes = 2 * size
    held = store.get(KEY)
    with pytest.raises(StoreFullError, match=rf"{size:,} of them could be given up.* raise the store's limit"):
        store.put(THIRD, {"a": np.zeros(2000)})
    assert held["a"].sum() == 0
    assert store.get(OTHER) is not None
    assert drafts(store) == []


def test_an_entry_above_the_limit_is_refused_at_once(tmp_path):
    store = ArrayStore(tmp_path, 1000)
    with pytest.raises(StoreFullError) as caught, store.create(KEY, {"a": Spec("int64", (1000,))}):
        pytest.fail("the block must not run")
    assert isinstance(caught.value, TunesmithError)
    assert isinstance(caught.value, OSError)
    assert "of 1,000 bytes" in str(caught.value)


def test_a_draft_counts_against_the_limit(store):
    specs = {"a": Spec("float64", (1000,))}
    store.limit_bytes = store.size_of(specs) + 1000
    with store.create(KEY, specs), pytest.raises(StoreFullError), store.create(OTHER, specs):
        pass


def test_the_disk_is_never_filled_up(store, monkeypatch):
    store.put(KEY, {"a": np.zeros(1000)})
    monkeypatch.setattr(module, "SPARE_BYTES", 1 << 60)
    with pytest.raises(StoreFullError, match="bytes free, of which the store leaves 1,152,921,504,606,846,976"):
        store.put(OTHER, {"a": np.zeros(1)})
    assert store.get(KEY) is not None


def refuse(number):
    def call(*arguments, **options):
        raise OSError(number, os.strerror(number))

    return call


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="no posix_fallocate")
def test_a_full_disk_shows_before_the_block_and_leaves_nothing(store, monkeypatch):
    monkeypatch.setattr(os, "posix_fallocate", refuse(errno.ENOSPC))
    with pytest.raises(StoreFullError, match=r"the disk is full .*; free some space there"):
        store.put(KEY, {"a": np.zeros(10)})
    assert drafts(store) == []
    assert store.get(KEY) is None


def test_a_disk_that_fails_at_the_end_leaves_nothing(store, monkeypatch):
    monkeypatch.setattr(os, "fsync", refuse(errno.EIO))
    with pytest.raises(StoreError, match="cannot be written"):
        store.put(KEY, {"a": np.zeros(10)})
    assert drafts(store) == []
    assert store.get(KEY) is None


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.EINVAL, None])
def test_where_space_cannot_be_reserved_the_file_is_made_all_the_same(store, monkeypatch, number):
    if number is None:
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    else:
        monkeypatch.setattr(os, "posix_fallocate", refuse(number), raising=False)
    store.put(KEY, {"a": np.arange(3)})
    assert store.get(KEY, verify=True)["a"].tolist() == [0, 1, 2]


def test_a_place_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    store = ArrayStore(tmp_path / "file" / "cache", ROOMY)
    assert store.get(KEY) is None
    with pytest.raises(StoreError, match=r"file.*cannot be written .*; make it writable, or give the store another"):
        store.put(KEY, {"a": np.zeros(1)})


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="nothing is read-only for root")
def test_a_read_only_store_is_read_and_refuses_to_write(store):
    store.put(KEY, {"a": np.arange(2)})
    places = [store.folder / "entries", store.folder / "drafts", store.folder]
    for place in places:
        place.chmod(0o500)
    try:
        assert store.get(KEY)["a"].tolist() == [0, 1]
        with pytest.raises(StoreError, match=r"cannot be written \(Permission denied\); make it writable"):
            store.put(OTHER, {"a": np.arange(2)})
    finally:
        for place in places:
            place.chmod(0o700)


def test_a_refusal_to_write_is_named_even_for_root(store, monkeypatch):
    monkeypatch.setattr(module.tempfile, "mkstemp", refuse(errno.EROFS))
    with pytest.raises(StoreError, match=r"cache: the array store cannot be written \(Read-only file system\)"):
        store.put(KEY, {"a": np.arange(2)})


def test_clear_removes_everything_that_nobody_holds(store):
    filled(store, KEY, OTHER)
    held = store.get(KEY)
    store.clear()
    assert file_of(store, KEY).exists()
    assert not file_of(store, OTHER).exists()
    assert held["a"].shape == (1000,)


def test_other_files_in_the_folder_are_left_alone(store):
    store.put(KEY, {"a": np.arange(2)})
    stranger = Path(store.folder / "entries" / "README.txt")
    stranger.write_text("mine")
    store.clear()
    assert stranger.read_text() == "mine"


def test_the_header_is_as_long_as_the_layout_says():
    layout = Layout(KEY, {"é": Spec("float16", (3,)), "b": Spec("int64", (2, 2))})
    assert len(layout.header({"é": "f" * 64, "b": "0" * 64})) == layout.start
    assert layout.size == layout.start + 32 + 6
