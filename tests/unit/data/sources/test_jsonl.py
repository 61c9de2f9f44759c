"""JSON lines and arrays: ragged keys, kept types, and every fault named by its line."""

import json
import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.core.errors import DataError, NotFoundError
from tunesmith.data.sources import jsonl
from tunesmith.data.sources._json import objects
from tunesmith.data.sources.jsonl import Jsonl


def read(tmp_path, content, name="rows.jsonl", **fields):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return Jsonl(path=name, **fields).read(tmp_path).frame


def column(tmp_path, *values, **fields):
    return read(tmp_path, "\n".join(json.dumps({"x": value}) for value in values), **fields)["x"]


def test_keys_may_be_ragged(tmp_path):
    frame = read(tmp_path, '{"a": 1}\n\n{"b": "é", "a": 2}\r\n{"b": null}\n')
    assert frame.rows(named=True) == [{"a": 1, "b": None}, {"a": 2, "b": "é"}, {"a": None, "b": None}]


@pytest.mark.parametrize("content", ['[{"a": 1},{"a": 2}]', ' [\n {"a": 1}\n,\n {"a": 2}\n]\n\n', '{"a": 1}\n{"a": 2}'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_lines_and_arrays_are_the_same_rows(tmp_path, content, encoding):
    assert read(tmp_path, content.encode(encoding), "rows.json")["a"].to_list() == [1, 2]


@pytest.mark.parametrize(
    ("values", "kind", "held"),
    [
        ([1, 2], pl.Int64, [1, 2]),
        ([1, 2.5], pl.Float64, [1.0, 2.5]),
        ([True, False, None], pl.String, ["true", "false", None]),
        (["007", ""], pl.String, ["007", ""]),
        ([1, "one", True, 2.5], pl.String, ["1", "one", "true", "2.5"]),
        ([2**63, 1], pl.String, [str(2**63), "1"]),
        ([["a", "b"], [], None], pl.List(pl.String), [["a", "b"], [], None]),
        ([[0, 3], ["x"]], pl.List(pl.String), [["0", "3"], ["x"]]),
        ([None, None], pl.String, [None, None]),
    ],
)
@pytest.mark.parametrize("block", [1, 50_000])
def test_types_are_kept(tmp_path, monkeypatch, values, kind, held, block):
    monkeypatch.setattr(jsonl, "BLOCK_ROWS", block)
    found = column(tmp_path, *values)
    assert found.dtype == kind
    assert found.to_list() == held


def test_numbers_that_are_not_finite_are_kept_for_the_checks(tmp_path):
    found = column(tmp_path, 1, math.nan, math.inf, -math.inf)
    assert math.isnan(found[1])
    assert found.to_list()[2:] == [math.inf, -math.inf]


def test_missing_texts_are_null_before_types_are_found(tmp_path):
    assert column(tmp_path, 1, "n/a", 3, missing=("n/a",)).to_list() == [1, None, 3]
    assert column(tmp_path, "n/a", " ", "", missing=("n/a",)).to_list() == [None, " ", ""]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "rows.jsonl: the file is empty"),
        ("\n \n", "rows.jsonl: no objects"),
        ("[]", "rows.jsonl: no objects"),
        ('{"a": 1}\n{"a": }\n', "rows.jsonl line 2: not JSON: Expecting value"),
        ('{"a": 1} {"a": 2}\n', "rows.jsonl line 1: more after the first value"),
        ('{"a": 1}\n3\n', "rows.jsonl line 2: a number, not an object"),
        ("text,label\n", "rows.jsonl line 1: not JSON"),
        ('{\n "a": 1\n}', "rows.jsonl line 1: not JSON"),
        ("{}\n", "rows.jsonl line 1: an object without keys"),
        ('{"a": 1}\n{"a": 1, "b": 2, "a": 3}', "rows.jsonl line 2: the key 'a' appears twice"),
        ('[{"a": 1},\n[2]]', "rows.jsonl line 2: a list, not an object"),
        ('[{"a": 1},\n{"a": 1,\n"b" 2}]', "rows.jsonl line 3: not JSON: Expecting ':' delimiter"),
        ('[{"a": 1}\n{"a": 2}]', "rows.jsonl line 2: not JSON: ',' or the array's closing ']'"),
        ('[{"a": 1}\n', "rows.jsonl line 2: not JSON: ',' or the array's closing ']'"),
        ('[{"a": 1},]', "rows.jsonl line 1: not JSON"),
        ('[{"a": 1}] 3', "rows.jsonl line 1: not JSON"),
        ("[] 3", "rows.jsonl line 1: not JSON"),
        ('{"a": 1}\n{"a": {"b": 1}}', "rows.jsonl line 2, column 'a': an object"),
        ('{"a": ["x"]}\n\n{"a": "y"}', "rows.jsonl line 3, column 'a': a text beside lists"),
        ('{"a": ["x"]}\n{"a": ["y", null]}', "rows.jsonl line 2, column 'a': a list that holds null"),
        ('{"a": [1.5]}', "rows.jsonl line 1, column 'a': a list that holds a number"),
        ('{"a": [["x"]]}', "rows.jsonl line 1, column 'a': a list that holds a list"),
        ('{"a": "x"}\n{"a": "\\ud83d"}', "rows.jsonl line 2: '\\ud83d' is half a character"),
        ('{"a": 1}\n{"\\udc00": 1}', "rows.jsonl line 2: '\\udc00' is half a character"),
        ('{"a": ' + "[" * 100_000, "rows.jsonl line 1: lists nested too deeply"),
        (b'{"a": 1}\n{"a": "\xe9"}', "rows.jsonl line 2: byte 0xe9 is not UTF-8"),
        (b"\x00\x01", "rows.jsonl line 1: a zero byte"),
    ],
)
def test_faults_are_named_by_line(tmp_path, content, said):
    with pytest.raises(DataError) as caught:
        read(tmp_path, content)
    assert said in str(caught.value)


def test_lists_and_single_values_do_not_mix_across_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "BLOCK_ROWS", 1)
    with pytest.raises(DataError, match="column 'x': lists in some rows"):
        column(tmp_path, ["a"], None, "b")


def test_a_missing_file_names_its_neighbour(tmp_path):
    (tmp_path / "rows.jsonl").write_text("{}")
    with pytest.raises(NotFoundError, match=r"did you mean 'rows\.jsonl'"):
        Jsonl(path="row.jsonl").read(tmp_path)


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(st.text(max_size=8), min_size=1), ascii_only=st.booleans(), array=st.booleans())
def test_texts_are_read_back(tmp_path_factory, texts, ascii_only, array):
    path = tmp_path_factory.mktemp("json") / "rows.json"
    rows = [json.dumps({"x": text}, ensure_ascii=ascii_only) for text in texts]
    path.write_text(f"[{', '.join(rows)}]" if array else "\n".join(rows), encoding="utf-8")
    assert Jsonl(path=path.name).read(path.parent).frame["x"].to_list() == texts


def listed(blocks):
    """Return what is found in a text that comes in blocks: objects with their lines, then the fault if there is one."""
    found = []
    try:
        found.extend(objects(blocks, "rows.json"))
    except DataError as error:
        found.append(str(error))
    return found


PIECE = st.sampled_from(
    ['{"a": 1}', '{"a": "é\\n"}', "[", "]", ",", "\n", " ", "3", '{"b": [1, {"a": 2}]', '"', "}", "{}"]
)


@settings(max_examples=300, deadline=None)
@given(
    text=st.one_of(
        st.lists(PIECE, max_size=12).map("".join),
        st.lists(PIECE, max_size=9).map(lambda one: f"[{','.join(one)}]"),
        st.lists(st.dictionaries(st.text(max_size=3), st.integers(), min_size=1), max_size=5).map(
            lambda one: json.dumps(one, indent=1, ensure_ascii=False)
        ),
    ),
    sizes=st.lists(st.integers(1, 9), min_size=1),
)
def test_a_text_in_blocks_is_the_same_text(text, sizes):
    data = text.encode("utf-8", "replace")
    blocks, start = [], 0
    while start < len(data):
        size = sizes[len(blocks) % len(sizes)]
        blocks.append(data[start : start + size])
        start += size
    assert listed(blocks) == listed([data])


def test_a_fault_far_within_an_array_is_named_by_its_place():
    text = '[{"a": 1},\n {"a": 2}, {"a": x}]'
    for size in (1, 3, 1000):
        blocks = [text.encode()[start : start + size] for start in range(0, len(text), size)]
        assert listed(blocks)[-1].startswith("rows.json line 2: not JSON: Expecting value (column 18)")
        assert listed(blocks)[:2] == [(1, {"a": 1}), (2, {"a": 2})]
