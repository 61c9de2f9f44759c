"""From an Arrow file or stream to a table whose buffers are checked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...core.errors import DataError
from ...core.need import lazy
from ._bytes import Local, unreadable

if TYPE_CHECKING:
    import pyarrow
    from pyarrow import ipc
else:
    pyarrow, ipc = lazy("pyarrow"), lazy("pyarrow.ipc")

MARK = b"ARROW1"


def read_table(file: Local) -> pyarrow.Table:
    """Return an IPC file or stream as a table, its buffers checked. Raises DataError where it is damaged."""
    with _opened(file) as reader:
        table = reader.read_all()
        table.validate(full=True)
    return table


def parts(file: Local) -> Iterator[pyarrow.Table]:
    """Yield an IPC file or stream as tables: one of no rows, then one for each of its batches, their buffers checked.

    Raises DataError where it is damaged.
    """
    with _opened(file) as reader:
        yield reader.schema.empty_table()
        is_file = hasattr(reader, "num_record_batches")
        batches = map(reader.get_batch, range(reader.num_record_batches)) if is_file else reader
        for batch in batches:
            batch.validate(full=True)
            yield pyarrow.Table.from_batches([batch])


@contextmanager
def _opened(file: Local) -> Iterator[Any]:
    """Open a file or stream, mapped into memory; what goes wrong there becomes an error that names it."""
    try:
        with pyarrow.memory_map(str(file.path)) as held:
            opened = ipc.open_file if held.read(len(MARK)) == MARK else ipc.open_stream
            held.seek(0)
            with opened(held) as reader:
                _refuse_repeated(reader.schema.names, file.name)
                yield reader
    except (pyarrow.ArrowException, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise unreadable(file.name, error) from error
        fact = str(error).partition("\n")[0] or "it is empty"
        raise DataError(
            f"{file.name}: not a whole Arrow file ({fact}); write it again, or copy it completely"
        ) from error


def _refuse_repeated(names: list[str], source: str) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(f"{source}: more than one column is named '{repeated[0]}'; rename all but one")
