"""Queries: typed rows from SQLite and PostgreSQL, nothing changed, no secret shown or stored."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl
import pytest

from tunesmith.core.errors import DataError, MissingDependencyError, NotFoundError
from tunesmith.data.sources.sql import Sql
from tunesmith.recipe import Recipe

pytest.importorskip("sqlalchemy")


@pytest.fixture
def shop(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        database.execute("CREATE TABLE reviews (id INTEGER, text TEXT, stars REAL, big, mixed, blob BLOB, empty)")
        rows = [(1, "good", 4.5, 2**62, 1, None, None), (2, "it's 100% :ok", None, 5, "a", None, None)]
        database.executemany("INSERT INTO reviews VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        database.commit()
    return tmp_path


def read(base, query, **fields):
    return Sql(url="sqlite:///shop.db", query=query, **fields).read(base)


def test_rows_of_a_query(shop):
    data = read(shop, "SELECT id, text, stars, big, mixed, empty FROM reviews ORDER BY id")
    assert data.frame.schema == {
        "id": pl.Int64,
        "text": pl.String,
        "stars": pl.Float64,
        "big": pl.Int64,
        "mixed": pl.String,
        "empty": pl.String,
    }
    assert data.frame.rows() == [(1, "good", 4.5, 2**62, "1", None), (2, "it's 100% :ok", None, 5, "a", None)]
    assert data.place(1) == "shop row 2"


def test_a_query_in_a_recipe(shop):
    recipe = Recipe.model_validate(
        {"data": {"kind": "sql", "url": "sqlite:///shop.db", "query": "SELECT * FROM reviews"}}
    )
    assert isinstance(recipe.data, Sql)
    assert recipe.title() == "shop"


def test_nothing_of_a_query_is_a_placeholder(shop):
    query = "SELECT text FROM reviews WHERE text LIKE '%100%% :ok' OR text = ' :ok' ORDER BY id"
    assert read(shop, query).frame["text"].to_list() == ["it's 100% :ok"]


def test_an_order_is_asked_for(shop):
    said = []
    for query, notes in (("SELECT id FROM reviews", 1), ("SELECT id FROM reviews oRDER  BY id", 0)):
        said.clear()
        Sql(url="sqlite:///shop.db", query=query).read(shop, said.append)
        assert len(said) == notes
    assert read(shop, "SELECT text FROM reviews", missing=("good",)).frame["text"][0] is None


def test_blocks_are_one_table(shop, monkeypatch):
    monkeypatch.setattr("tunesmith.data.sources.sql.BLOCK_ROWS", 2)
    numbers = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5)"
    query = f"{numbers} SELECT CASE WHEN x = 3 THEN 2.5 ELSE x END AS x FROM n ORDER BY 1"
    assert read(shop, query).frame["x"].to_list() == [1.0, 2.0, 2.5, 4.0, 5.0]


def test_faults_are_named(shop):
    with pytest.raises(DataError, match=r"sqlite:///shop\.db: the query failed \(no such table: orders\)"):
        read(shop, "SELECT * FROM orders")
    with pytest.raises(DataError, match="shop: the query gives no rows; change it"):
        read(shop, "SELECT * FROM reviews WHERE id > 5")
    with pytest.raises(DataError, match="shop query: more than one column is named 'id'"):
        read(shop, "SELECT id, id FROM reviews")
    with pytest.raises(DataError, match=r"shop row 1, column 'blob': a value of the type bytes is neither"):
        read(shop, "SELECT x'00ff' AS blob")
    with pytest.raises(NotFoundError, match=r"shap\.db: there is no such file; did you mean 'shop\.db'\?"):
        Sql(url="sqlite:///shap.db", query="SELECT 1").read(shop)
    assert not (shop / "shap.db").exists()
    for url in ("nosuch://host/db", "no url"):
        with pytest.raises(DataError, match="mend the query, or the address"):
            Sql(url=url, query="SELECT 1").read(shop)


@pytest.mark.parametrize(
    "query", ["DELETE FROM reviews", "DROP TABLE reviews", "CREATE TABLE x (a)", "SELECT 1; DELETE FROM reviews"]
)
def test_a_query_changes_nothing(shop, query):
    before = (shop / "shop.db").read_bytes()
    with pytest.raises(DataError):
        read(shop, query)
    assert (shop / "shop.db").read_bytes() == before


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "shop.db").write_bytes(b"a,b\n1,2\n" * 500)
    with pytest.raises(DataError, match="file is not a database"):
        read(tmp_path, "SELECT 1 FROM sqlite_master")


def test_missing_libraries_are_install_commands(shop, monkeypatch):
    with pytest.raises(MissingDependencyError, match=r"pip install '(MySQLdb|mysqlclient)'"):
        Sql(url="mysql+mysqldb://host/db", query="SELECT 1").read(shop)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'tunesmith\[sql\]'"):
        read(shop, "SELECT 1")


@pytest.mark.parametrize("password", ["hunter", "p/hunter", "p@hunter", "p:hunter", "p%40hunter", "hunter?x=1"])
def test_a_password_is_neither_shown_nor_stored(tmp_path, password):
    source = Sql(url=f"postgresql+psycopg://ann:{password}@127.0.0.1:1/shop", query="SELECT 1")
    shown = json.dumps(Recipe(data=source).model_dump(mode="json")) + repr(source) + str(source) + source.title()
    assert "hunter" not in shown
    with pytest.raises(DataError) as caught:  # nothing listens there
        source.read(tmp_path)
    assert "hunter" not in str(caught.value)
    assert caught.value.__cause__ is None
    stored = Recipe.model_validate(Recipe(data=source).model_dump(mode="json"))
    with pytest.raises(DataError, match=r"its secret was not stored; write it as \$\{VARIABLE\}"):
        stored.data.read(tmp_path)


def test_the_address_may_come_from_the_environment(shop, monkeypatch):
    source = Sql(url="${SHOP_URL}", query="SELECT id FROM reviews ORDER BY id")
    with pytest.raises(DataError, match="the variable SHOP_URL is not set"):
        source.read(shop)
    monkeypatch.setenv("SHOP_URL", "sqlite:///shop.db")
    assert source.read(shop).frame["id"].to_list() == [1, 2]
    assert source.title() == ""
    assert source.model_dump()["url"] == "${SHOP_URL}"


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("sqlite:///data/shop.db", "shop"),
        ("postgresql+psycopg://ann:${P}@host:5432/orders?sslmode=require", "orders"),
        ("postgresql:///orders?host=/tmp", "orders"),
        ("postgresql://host", ""),
    ],
)
def test_versions_are_named_after_the_database(url, title):
    assert Sql(url=url, query="SELECT 1").title() == title


def program(name):
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(found[-1]) if found else None)


@pytest.fixture(scope="module")
def postgres():
    """A PostgreSQL server of its own in a temporary folder, reached by a socket in it alone."""
    pytest.importorskip("psycopg")
    if program("initdb") is None or program("pg_ctl") is None:
        pytest.skip("PostgreSQL is not installed (on Debian: apt-get install postgresql)")
    as_whom = {}
    if os.geteuid() == 0:  # the server refuses to run as the superuser
        pwd = pytest.importorskip("pwd")
        try:
            account = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL does not run as the superuser, and there is no user 'postgres'")
        as_whom = {"user": account.pw_uid, "group": account.pw_gid}
    folder = tempfile.mkdtemp(prefix="pg-")  # short, for the path of a socket may not be long
    if as_whom:
        os.chown(folder, as_whom["user"], as_whom["group"])

    def run(name, *options):
        subprocess.run(
            [program(name), "-D", f"{folder}/data", *options],
            check=True,
            capture_output=True,
            cwd=folder,
            timeout=60,
            **as_whom,
        )

    try:
        run("initdb", "-U", "ann", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C")
        settings = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run("pg_ctl", "start", "-w", "-o", settings, "-l", f"{folder}/log")
        yield f"postgresql+psycopg://ann:secret@/postgres?host={folder}"
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            run("pg_ctl", "stop", "-m", "immediate", "-w")
        shutil.rmtree(folder, ignore_errors=True)


def test_every_type_of_postgresql(postgres, tmp_path):
    query = """
        SELECT 1::smallint AS small, 9223372036854775807 AS big, 1.5::real AS real, 'NaN'::float8 AS nan,
            1.25::numeric AS price, 12345678901234567890::numeric AS id, true AS yes, 'é%s' AS text,
            '2024-02-29'::date AS day, '2024-02-29 12:00'::timestamp AS moment,
            '2024-02-29 12:00+02'::timestamptz AT TIME ZONE 'UTC' AS utc, '01:02:03'::time AS time,
            ARRAY['a', 'b'] AS tags, NULL AS nothing, '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid AS uuid
        ORDER BY 1"""
    (row,) = Sql(url=postgres, query=query).read(tmp_path).frame.to_dicts()
    assert row.pop("nan") != row.pop("nothing", 0)
    assert row == {
        "small": 1,
        "big": 2**63 - 1,
        "real": 1.5,
        "price": 1.25,
        "id": "12345678901234567890",
        "yes": "true",
        "text": "é%s",
        "day": "2024-02-29",
        "moment": "2024-02-29T12:00:00",
        "utc": "2024-02-29T10:00:00",
        "time": "01:02:03",
        "tags": ["a", "b"],
        "uuid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    }


def test_many_rows_of_postgresql_in_blocks(postgres, tmp_path):
    query = (
        "SELECT n, CASE WHEN n % 2 = 0 THEN 'even' ELSE 'odd' END AS label FROM generate_series(1, 120000) n ORDER BY n"
    )
    data = Sql(url=postgres, query=query).read(tmp_path)
    assert data.frame["n"].to_list() == data.rows
    assert len(data) == 120_000


def test_faults_and_changes_in_postgresql(postgres, tmp_path):
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(postgres.replace("+psycopg", "")) as connection:
        connection.execute("CREATE SEQUENCE counter")
    for query, fact in (
        ("SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
        ("CREATE TABLE made (a int)", "syntax error"),
        ("SELECT setval('counter', 5)", "read-only transaction"),
        ("SELECT '{\"a\": 1}'::jsonb AS x", "postgres row 1, column 'x': an object within an object"),
        ("SELECT 1/0 AS x", "division by zero"),
    ):
        with pytest.raises(DataError) as caught:
            Sql(url=postgres, query=query).read(tmp_path)
        assert fact in str(caught.value)
        assert "secret" not in str(caught.value)
