"""SQL: the rows of a query, from any database that SQLAlchemy knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Self

import polars as pl
from pydantic import Field, field_serializer

from ...core.errors import DataError, MissingDependencyError
from ...core.need import need
from ..dataset import Dataset
from . import Note, Source, silent
from ._bytes import refuse_absent
from ._columns import without_missing
from ._exact import column_names
from ._secrets import VARIABLE, filled, hidden, scrubbed
from ._stream import numbered
from ._values import column, in_types, joined, joined_types

BLOCK_ROWS = 50_000  # rows held as Python values at a time
READ_ONLY = {"sqlite": "PRAGMA query_only = ON", "postgresql": "SET TRANSACTION READ ONLY"}


class Sql(Source):
    """Rows of a query. Numbers stay numbers; dates become ISO texts; arrays of texts stay lists.

    The query can change nothing in SQLite and PostgreSQL, and nothing is committed in any other database. A password
    in the address is neither shown nor stored.
    """

    url: str = Field(min_length=1, repr=False)
    """The address, as `sqlite:///shop.db` (relative to the recipe) or `postgresql+psycopg://ann:${PASSWORD}@host/shop`;
    `${VARIABLE}` is taken from the environment."""
    query: str = Field(min_length=1)
    """The query; its columns are the rows' columns. Give it an ORDER BY, so that the rows keep their numbers."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return instances for the contract kit."""
        return [cls(url="sqlite:///rows.db", query="SELECT * FROM rows ORDER BY id")]

    @field_serializer("url")
    def _without_secrets(self, value: str) -> str:
        return hidden(value)

    def title(self) -> str:
        """Return the name of the database."""
        path = PurePosixPath(re.split(r"[?#]", VARIABLE.sub("", hidden(self.url)), maxsplit=1)[0].partition("://")[2])
        return path.name.partition(".")[0] if path.parent.name or path.is_absolute() else ""

    def rows(self, base: Path, note: Note = silent) -> Dataset:
        """Return the query's rows in its order. Raises DataError where it fails or gives none."""
        source = self.title() or "query"
        with self._told():
            frame = joined(list(self._blocks(base, source)), source)
        self._remark(frame.height, source, note)
        return Dataset.of(without_missing(frame, self.missing), source)

    def blocks(self, base: Path, note: Note = silent) -> Iterator[Dataset]:
        """Yield the same rows in blocks. The query runs once; its rows wait in files until their types are known."""
        source = self.title() or "query"
        with TemporaryDirectory(prefix="tunesmith-") as folder:
            schemas, height = [], 0
            with self._told():
                for at, block in enumerate(self._blocks(base, source)):
                    block.write_ipc(Path(folder, str(at)), compression="zstd")
                    schemas.append(block.schema)
                    height += block.height
            types = joined_types(schemas, source)
            self._remark(height, source, note)
            waiting = (pl.read_ipc(Path(folder, str(at))) for at in range(len(schemas)))
            frames = (without_missing(in_types(block, types), self.missing) for block in waiting)
            yield from numbered(frames, source, None)

    def _remark(self, height: int, source: str, note: Note) -> None:
        if not height:
            raise DataError(f"{source}: the query gives no rows; change it")
        if not re.search(r"(?i)\border\s+by\b", self.query):
            note(f"{source}: the query has no ORDER BY, so the rows' numbers may differ from one reading to the next")

    def _blocks(self, base: Path, source: str) -> Iterator[pl.DataFrame]:
        engine = need("sqlalchemy", extra="sql").create_engine(self._address(base))
        try:
            with engine.connect() as connection:
                if engine.dialect.name in READ_ONLY:
                    connection.exec_driver_sql(READ_ONLY[engine.dialect.name])
                # Without parameters, so that a % or : of the query is no placeholder. What is begun is rolled back.
                options = {"stream_results": True, "no_parameters": True}
                result = connection.exec_driver_sql(self.query, execution_options=options)
                if not result.returns_rows:
                    raise DataError(f"{source}: the query gives no rows, for it is no SELECT; write one")
                names = column_names(list(result.keys()), f"{source} query")
                yield pl.DataFrame(schema=dict.fromkeys(names, pl.Null))
                for number, block in enumerate(result.partitions(BLOCK_ROWS)):
                    yield _frame(block, names, source, number * BLOCK_ROWS)
        finally:
            engine.dispose()

    def _address(self, base: Path) -> Any:
        """Return the address with variables filled in, a SQLite file as one that starts at `base`."""
        address = need("sqlalchemy", extra="sql").make_url(filled(self.url))
        name = address.database
        if address.get_backend_name() != "sqlite" or not name or name == ":memory:" or name.startswith("file:"):
            return address
        path = Path(base, name)
        refuse_absent(path)
        return address.set(database=str(path))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn the errors of the database and its driver into ours, without secrets."""
        exc = need("sqlalchemy", extra="sql").exc
        shown = hidden(self.url)
        try:
            yield
        except ModuleNotFoundError as error:
            if isinstance(error, MissingDependencyError):
                raise
            raise MissingDependencyError(
                f"{error.name} is not installed, {shown} needs it: pip install '{error.name}'"
            ) from error
        except exc.SQLAlchemyError as error:
            fact = scrubbed(str(getattr(error, "orig", None) or error).strip().partition("\n")[0], self.url)
            raise DataError(f"{shown}: the query failed ({fact}); mend the query, or the address") from None


def _frame(block: Any, names: list[str], source: str, before: int) -> pl.DataFrame:
    def place(at: int) -> str:
        return f"{source} row {before + at + 1}"

    values = zip(*block, strict=True)
    return pl.DataFrame([column(name, list(one), place) for name, one in zip(names, values, strict=True)])
