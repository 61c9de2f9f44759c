"""The benchmark of data preparation: what is planted is there, what is measured is judged, and a page comes out."""

import importlib
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
ROWS = 4_000


@pytest.fixture(autouse=True)
def _path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.syspath_prepend(str(BENCHMARKS / "peers"))


def module(name):
    return importlib.import_module(name)


@pytest.fixture
def rows(tmp_path):
    module("data_prep.rows").write(ROWS, 0, tmp_path)
    return tmp_path


def test_what_is_planted_is_in_the_rows(rows, tmp_path):
    frame, planted = pl.read_csv(rows / "rows.csv"), pl.read_parquet(rows / "planted.parquet")
    assert frame.height == ROWS
    assert 0.03 * ROWS < planted.height < 0.05 * ROWS
    assert (planted["first"] < planted["second"]).all()
    assert planted["first"].n_unique() == planted.height
    first, second = frame[planted["first"]], frame[planted["second"]]
    assert first.drop("text").equals(second.drop("text"))
    both = zip(first["text"], second["text"], strict=True)
    changed = [sum(a != b for a, b in zip(one, other, strict=True)) for one, other in both]
    assert changed == planted["edits"].to_list()
    assert set(changed) == {0, 1, 2, 3, 4, 5}
    again = tmp_path / "again"
    module("data_prep.rows").write(ROWS, 0, again)
    assert (again / "rows.csv").read_bytes() == (rows / "rows.csv").read_bytes()


def test_found_pairs_are_judged(rows, tmp_path):
    planted = pl.read_parquet(rows / "planted.parquet").filter(pl.col("edits") > 0)["first", "second"]
    judge = module("data_prep.judge").judge
    planted.write_parquet(tmp_path / "all")
    perfect = judge(rows, tmp_path / "all")
    assert perfect["recall"] == 1.0
    assert perfect["planted"] > 0.7 * planted.height
    half = planted[: planted.height // 2].select(pl.col("second"), pl.col("first"))
    wrong = pl.DataFrame({"second": np.arange(half.height), "first": np.arange(half.height) + 1})
    pl.concat([half, wrong]).write_parquet(tmp_path / "half")
    found = judge(rows, tmp_path / "half")
    assert 0.3 < found["recall"] < 0.7
    assert 0.3 < found["precision"] < 0.51


def test_a_run_is_measured_kept_and_shown(tmp_path, capsys):
    data = module("data")
    arguments = ["peers", str(tmp_path), "--rows", str(ROWS), "--batch", "1500", "--rounds", "1"]
    data.main([*arguments, "--kept", str(tmp_path / "kept")])
    content = json.loads((tmp_path / "kept" / "data-peers.json").read_text())
    (own,) = [one for one in content["runs"] if one["what"]["who"] == "Tunesmith"]
    result = own["result"]
    assert result["recall"] > 0.97
    assert result["precision"] == 1.0
    assert [stage["stage"] for stage in result["stages"]] == ["read", "copies", "near", "split", "write"]
    assert result["rows"] == ROWS == result["copies"] + sum(result["splits"].values())
    page = (tmp_path / "kept" / "benchmarks-data.md").read_text()
    assert "| Tunesmith |" in page
    assert "no --peers-python was given" in page
    assert str(tmp_path) not in page
    capsys.readouterr()
    data.main([*arguments, "--kept", str(tmp_path / "kept")])
    assert "Tunesmith, 0:" not in capsys.readouterr().out  # it was there


def test_a_missing_folder_and_part_are_asked_for():
    with pytest.raises(SystemExit, match="OUT is missing"):
        module("data").main(["scale"])
    with pytest.raises(SystemExit, match="name a part"):
        module("data").main([])


def test_the_peers_divide_near_rows_to_one_side():
    peer = module("run_data")
    hashes = np.array([0, 2**63, 2**64 - 1], np.uint64)
    assert peer.divided(hashes, []).tolist() == ["test", "train", "train"]
    assert peer.divided(hashes, [(1, 2), (0, 1)]).tolist() == ["test", "test", "test"]
    assert set(peer.shingles("Ａbc  DE")) == {b"abc d", b"bc de"}
